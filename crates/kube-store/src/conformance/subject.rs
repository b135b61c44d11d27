//! What is judged.

use crate::storage::{Storage, StorageResult};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Moves the clock of a store on.
pub type Advance = dyn Fn(Duration) + Send + Sync;

/// Opens the store of a medium.
pub type Open = dyn Fn() -> StorageResult<Arc<dyn Storage>> + Send + Sync;

/// A place that a store can be opened at again: a directory, a file, a server.
pub struct Medium(Box<Open>);

impl Medium {
    /// A place that `open` opens. Everything of the store before was dropped when it is called again, unless a
    /// contract is about just that.
    pub fn new(open: impl Fn() -> StorageResult<Arc<dyn Storage>> + Send + Sync + 'static) -> Self {
        Self(Box::new(open))
    }

    /// Opens the store.
    ///
    /// # Errors
    /// What the engine meets.
    pub fn open(&self) -> StorageResult<Arc<dyn Storage>> {
        (self.0)()
    }
}

impl fmt::Debug for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Medium")
    }
}

/// An empty store to judge.
pub struct Subject {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) advance: Option<Box<Advance>>,
    pub(super) medium: Option<Medium>,
}

impl Subject {
    /// A store whose clock cannot be moved and that cannot be opened again: contracts about that are skipped.
    pub fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage, advance: None, medium: None }
    }

    /// A new store on `medium`.
    ///
    /// # Errors
    /// What opening it meets.
    pub fn on(medium: Medium) -> StorageResult<Self> {
        Ok(Self { storage: medium.open()?, advance: None, medium: Some(medium) })
    }

    /// The store with its clock.
    #[must_use]
    pub fn with_clock(mut self, advance: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        self.advance = Some(Box::new(advance));
        self
    }
}

impl<S: Storage> From<S> for Subject {
    fn from(storage: S) -> Self {
        Self::new(Arc::new(storage))
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("storage", &self.storage).finish_non_exhaustive()
    }
}
