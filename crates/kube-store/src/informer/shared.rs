//! What an informer's task and its readers share.

use super::feed::Step;
use super::progress::Progress;
use super::table::{Entry, Table};
use super::{Change, Index, Relist};
use crate::storage::Revision;
use crate::unreadable::Account;
use kube_core::error::ApiError;
use kube_core::resource::ObjectKey;
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, TryLockError};

/// So many changes are made while readers wait. More of them are made aside: there each costs the copy of a node of the
/// table, and the readers nothing.
const IN_PLACE: usize = 32;

/// State of one informer. Lock order: `handlers`, then `table`; no lock is held while waiting.
pub(super) struct Shared<V> {
    table: RwLock<Table<V>>,
    /// Held while a change is applied and told, so that a new handler sees it once: in its replay or as news.
    handlers: Mutex<Handlers<V>>,
    pub(super) progress: Progress,
    pub(super) left_out: Account,
}

/// Gives whether it wants to hear more.
type Handler<T> = Box<dyn Fn(&T) -> bool + Send + Sync>;

struct Handlers<V> {
    changes: Vec<Handler<Change<V>>>,
    relists: Vec<Handler<Relist>>,
}

impl<V> Default for Handlers<V> {
    fn default() -> Self {
        Self { changes: Vec::new(), relists: Vec::new() }
    }
}

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
    pub(super) fn add_handler(&self, handler: Handler<Change<V>>) {
        let mut handlers = self.handlers();
        let present = self.table().objects();
        let wants_more = present.iter().all(|(key, entry)| {
            handler(&Change {
                key: key.clone(),
                old: None,
                new: Some(entry.view.clone()),
                revision: Revision::new(entry.version.revision()),
                initial: true,
            })
        });
        if wants_more {
            handlers.changes.push(handler);
        }
        self.release(handlers);
    }

    /// Tells `handler` of every relist from now on.
    pub(super) fn add_relist_handler(&self, handler: Handler<Relist>) {
        let mut handlers = self.handlers();
        handlers.relists.push(handler);
        self.release(handlers);
    }

    /// Applies what belongs to one revision, then tells the handlers: nobody sees a part of it.
    pub(super) fn apply(&self, steps: Vec<Step<V>>) {
        if steps.is_empty() {
            return;
        }
        let mut handlers = self.handlers();
        let changes: Vec<Change<V>> = if steps.len() <= IN_PLACE {
            self.write(|table| steps.into_iter().filter_map(|step| table.apply(step)).collect())
        } else {
            let mut next = self.table().clone();
            let changes = steps.into_iter().filter_map(|step| next.apply(step)).collect();
            self.swap(next);
            changes
        };
        tell(&mut handlers.changes, &changes);
        self.release(handlers);
    }

    /// Puts a whole new state in the place of the present one, then tells the handlers what is different, and that
    /// history between the two was not seen.
    pub(super) fn replace(&self, objects: BTreeMap<ObjectKey, Entry<V>>, revision: Revision) {
        let mut handlers = self.handlers();
        let mut next = self.table().clone();
        let mut changes = next.replace(objects, revision);
        let first = !self.progress.is_synced();
        if first {
            for change in &mut changes {
                change.initial = true;
            }
        }
        self.swap(next);
        tell(&mut handlers.changes, &changes);
        if !first {
            let relist = Relist { after: self.progress.revision(), at: revision };
            tell(&mut handlers.relists, &[relist]);
        }
        self.release(handlers);
    }

    /// Makes a table current that was built aside, so that readers wait for this only.
    fn swap(&self, mut next: Table<V>) {
        self.write(|table| {
            next.add_indexes_of(table);
            *table = next;
        });
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
    fn release(&self, mut handlers: MutexGuard<'_, Handlers<V>>) {
        if self.progress.is_closed() {
            let gone = std::mem::take(&mut *handlers);
            drop(handlers);
            drop(gone);
        }
    }

    fn write<T>(&self, change: impl FnOnce(&mut Table<V>) -> T) -> T {
        change(&mut self.table.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn handlers(&self) -> MutexGuard<'_, Handlers<V>> {
        self.handlers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells handlers, and lets those go that have heard enough.
fn tell<T>(handlers: &mut Vec<Handler<T>>, news: &[T]) {
    for one in news {
        handlers.retain(|handler| handler(one));
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
