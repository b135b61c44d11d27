//! What an informer's task and its readers share.

use super::feed::Step;
use super::progress::Progress;
use super::table::{Entry, Table};
use super::{Change, Index};
use crate::storage::Revision;
use crate::unreadable::Account;
use kube_core::error::ApiError;
use kube_core::resource::ObjectKey;
use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, TryLockError};

/// State of one informer. Lock order: `handlers`, then `table`; no lock is held while waiting.
pub(super) struct Shared<V> {
    table: RwLock<Table<V>>,
    /// Held while a change is applied and told, so that a new handler sees it once: in its replay or as news.
    handlers: Mutex<Vec<Handler<V>>>,
    pub(super) progress: Progress,
    pub(super) left_out: Account,
}

type Handler<V> = Box<dyn Fn(&Change<V>) + Send + Sync>;

impl<V: Send + Sync + 'static> Shared<V> {
    pub(super) fn new() -> Self {
        Self {
            table: RwLock::new(Table::new()),
            handlers: Mutex::default(),
            progress: Progress::default(),
            left_out: Account::default(),
        }
    }

    pub(super) fn table(&self) -> RwLockReadGuard<'_, Table<V>> {
        // An index of the user's may have panicked inside the lock; the informer is closed then, reads go on.
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn known(&self, key: &ObjectKey) -> Option<Entry<V>> {
        self.table().get(key).cloned()
    }

    pub(super) fn add_index(&self, index: Index<V>) {
        self.write(|table| table.add_index(index));
    }

    /// Tells `handler` of the present objects, then of every change.
    pub(super) fn add_handler(&self, handler: Handler<V>) {
        let mut handlers = self.handlers();
        let present = self.table().objects();
        for (key, entry) in &present {
            handler(&Change {
                key: key.clone(),
                old: None,
                new: Some(entry.view.clone()),
                revision: Revision::new(entry.version.revision()),
                initial: true,
            });
        }
        handlers.push(handler);
        self.release(handlers);
    }

    /// Applies a step, then tells the handlers.
    pub(super) fn apply(&self, step: Step<V>) {
        if matches!(step, Step::Skip) {
            return;
        }
        let handlers = self.handlers();
        let changes = match step {
            Step::Skip => Vec::new(),
            Step::Insert(key, entry) => vec![self.insert(key, entry)],
            Step::Remove(key, revision) => {
                let old = self.write(|table| table.remove(&key));
                vec![Change { key, old, new: None, revision, initial: false }]
            }
            Step::Replace(objects, revision) => {
                // Built aside: readers wait for the swap only.
                let mut next = self.table().clone();
                let mut changes = next.replace(objects, revision);
                if !self.progress.is_synced() {
                    for change in &mut changes {
                        change.initial = true;
                    }
                }
                self.write(|table| {
                    next.add_indexes_of(table);
                    *table = next;
                });
                changes
            }
        };
        for change in &changes {
            handlers.iter().for_each(|handler| handler(change));
        }
        self.release(handlers);
    }

    fn insert(&self, key: ObjectKey, entry: Entry<V>) -> Change<V> {
        let revision = Revision::new(entry.version.revision());
        let new = Some(entry.view.clone());
        let old = self.write(|table| table.insert(&key, entry));
        Change { key, old, new, revision, initial: false }
    }

    /// Ends the informer.
    pub(super) fn close(&self, cause: ApiError) {
        self.progress.close(cause);
        self.left_out.release();
        let handlers = match self.handlers.try_lock() {
            Ok(mut handlers) => std::mem::take(&mut *handlers),
            Err(TryLockError::Poisoned(handlers)) => std::mem::take(&mut *handlers.into_inner()),
            // Whoever holds them, perhaps the caller above us, lets them go.
            Err(TryLockError::WouldBlock) => return,
        };
        drop(handlers);
    }

    /// Lets handlers of a closed informer go: they may hold informers that hold them.
    fn release(&self, mut handlers: MutexGuard<'_, Vec<Handler<V>>>) {
        if self.progress.is_closed() {
            let gone = std::mem::take(&mut *handlers);
            drop(handlers);
            drop(gone);
        }
    }

    fn write<T>(&self, change: impl FnOnce(&mut Table<V>) -> T) -> T {
        change(&mut self.table.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn handlers(&self) -> MutexGuard<'_, Vec<Handler<V>>> {
        self.handlers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An informer of any view.
pub(super) trait AnyShared: Send + Sync {
    /// Ends the informer.
    fn close(&self, cause: ApiError);

    /// To find the view again.
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

impl<V: Send + Sync + 'static> AnyShared for Shared<V> {
    fn close(&self, cause: ApiError) {
        Self::close(self, cause);
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

impl<V> fmt::Debug for Shared<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("progress", &self.progress).finish_non_exhaustive()
    }
}
