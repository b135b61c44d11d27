//! What handlers are told.

use crate::storage::Revision;
use kube_core::resource::ObjectKey;
use std::fmt;
use std::sync::Arc;

/// One change of one object.
///
/// An object that was deleted and created anew while the informer had lost its watch shows as one change from the
/// old object to the new.
pub struct Change<V> {
    /// Namespace and name.
    pub key: ObjectKey,
    /// What was there before; `None` when nothing was.
    pub old: Option<Arc<V>>,
    /// What is there now; `None` when the object is gone.
    pub new: Option<Arc<V>>,
    /// The revision of the change. For a deletion that the informer did not see happen, the revision at which the
    /// object was found missing.
    pub revision: Revision,
    /// Whether the object was there when the informer or the handler began, so that nothing has happened to it.
    pub initial: bool,
}

impl<V> Change<V> {
    /// What is there now, or what was there last.
    pub fn latest(&self) -> Option<&Arc<V>> {
        self.new.as_ref().or(self.old.as_ref())
    }

    /// Whether the object is gone.
    pub fn is_deletion(&self) -> bool {
        self.new.is_none()
    }
}

/// A stretch of history that an informer did not see: its watch was lost, and it began anew with a whole state.
///
/// What was there before and after is told as changes. An object that was created and deleted in between is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relist {
    /// Every change up to here was told before.
    pub after: Revision,
    /// The revision of the new state.
    pub at: Revision,
}

impl<V> Clone for Change<V> {
    fn clone(&self) -> Self {
        Self {
            key: self.key.clone(),
            old: self.old.clone(),
            new: self.new.clone(),
            revision: self.revision,
            initial: self.initial,
        }
    }
}

impl<V> fmt::Debug for Change<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match (&self.old, &self.new) {
            (None, _) => "added",
            (_, Some(_)) => "modified",
            (_, None) => "deleted",
        };
        write!(f, "{} {what} at {}", self.key, self.revision)
    }
}
