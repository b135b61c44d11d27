//! One cache per resource: bytes and lean metadata, parsed once per event for all readers.
//!
//! A `KindCache` follows one range of the store through a single watch. It has no task of its own: whoever reads
//! pumps what the store has published into an ordered map and a shared log, and so does the store's wake-up. So a
//! list right after a write sees it, a watcher is a cursor and not a queue, and the same code runs on any executor.
//!
//! After a pump those are woken whom its changes concern: once, however many changes there were.
//!
//! A watcher that falls behind the log goes on from the store's own history; only compaction can expire it.

mod cursor;
mod entry;
mod feed;
mod filter;
mod history;
mod index;
mod log;
#[cfg(test)]
mod tests;
mod waiters;

pub(crate) use entry::Entry;
pub(crate) use filter::Filter;

use crate::objects::strategy::{FieldTree, SelectableField};
use crate::service::{ObjectStream, WatchStart};
use crate::storage::{KeyRange, Revision, Storage, StorageError};
use crate::unreadable::Account;
use cursor::Cursor;
use feed::Feed;
use filter::Term;
use history::History;
use kube_core::error::ApiError;
use kube_core::resource::KindInfo;
use kube_core::view::RawObject;
use log::{Change, Log, ObjectMap};
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};
use std::task::{Poll, Wake, Waker};
use waiters::{Interest, Waiters};

/// The objects of one resource, as far as the store has published them, and how they came to be so.
pub(crate) struct KindCache {
    storage: Arc<dyn Storage>,
    range: KeyRange,
    prefix: Arc<str>,
    fields: Arc<FieldTree>,
    waiters: Arc<Waiters>,
    feed: Mutex<Feed>,
    /// There may be something to pump.
    stale: AtomicBool,
    /// A revision that somebody asked for and the cache has not reached, or zero.
    asked: AtomicU64,
    /// What the store wakes.
    alarm: Waker,
    log: Mutex<Log>,
    left_out: Arc<Account>,
    /// Plural, for traces.
    name: Arc<str>,
}

impl KindCache {
    /// A cache of the keys below `prefix`; what it cannot read goes to the account `left_out`.
    pub(crate) fn new(
        storage: Arc<dyn Storage>,
        kind: &KindInfo,
        prefix: &Arc<str>,
        fields: &[SelectableField],
        left_out: &Arc<Account>,
    ) -> Arc<Self> {
        let fields = Arc::new(FieldTree::new(fields));
        Arc::new_cyclic(|cache| Self {
            storage,
            range: KeyRange::prefix(prefix.clone()),
            prefix: prefix.clone(),
            fields: fields.clone(),
            waiters: Arc::default(),
            feed: Mutex::default(),
            stale: true.into(),
            asked: 0.into(),
            alarm: Waker::from(Arc::new(Alarm(cache.clone()))),
            log: Mutex::new(Log::new(fields)),
            left_out: left_out.clone(),
            name: (*kind.plural).into(),
        })
    }

    /// Resolves once everything up to `revision` is in the cache, and the cache has its first state.
    pub(crate) async fn fresh(&self, revision: Revision) -> Result<(), ApiError> {
        let waiter = self.waiters.join(Interest::Progress);
        poll_fn(|cx| {
            waiter.wait(cx.waker(), None);
            self.pump();
            let log = self.log();
            match log.ended() {
                Some(error) => Poll::Ready(Err(error.clone())),
                None if log.is_synced() && log.revision() >= revision => Poll::Ready(Ok(())),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// The objects that `filter` selects, and the revision they are from.
    pub(crate) fn list(&self, filter: &Filter) -> (Vec<RawObject>, Revision) {
        let (objects, revision, term) = self.candidates(filter);
        // What an index has found is not looked at again: most of what a long list costs is memory that was not near.
        let settled = term.is_some_and(|term| filter.asks_only(&term));
        let selected = |entry: &&Arc<Entry>| settled || filter.matches(entry, &self.fields);
        let found: Vec<&Arc<Entry>> = match (filter.namespace(), filter.name()) {
            (Some(namespace), Some(name)) => {
                objects.get(&*format!("{namespace}/{name}")).into_iter().filter(selected).collect()
            }
            (Some(namespace), None) => {
                let (start, end) = (format!("{namespace}/"), format!("{namespace}0"));
                // `0` follows `/`.
                let range = objects
                    .range::<_, str>((std::ops::Bound::Included(&*start), std::ops::Bound::Excluded(&*end)));
                range.map(|(_, entry)| entry).filter(selected).collect()
            }
            // Only the keys of cluster-scoped kinds are plain names.
            (None, Some(name)) if objects.contains_key(name) => {
                objects.get(name).into_iter().filter(selected).collect()
            }
            (None, _) => objects.values().filter(selected).collect(),
        };
        (found.into_iter().map(|entry| entry.raw.clone()).collect(), revision)
    }

    /// The objects that `filter` selects, if the cache is at `revision` without waiting, and the revision they are from.
    pub(crate) fn list_if_at(
        &self,
        filter: &Filter,
        revision: Revision,
    ) -> Option<(Vec<RawObject>, Revision)> {
        self.pump();
        let ready = {
            let log = self.log();
            log.is_synced() && log.ended().is_none() && log.revision() >= revision
        };
        ready.then(|| self.list(filter))
    }

    /// All that `filter` selects and perhaps more, the revision they are from, and the term of the index that found them.
    fn candidates(&self, filter: &Filter) -> (ObjectMap, Revision, Option<Term>) {
        let log = self.log();
        let Some((term, value)) = log.indexes.term(filter) else {
            return (log.objects().clone(), log.revision(), None);
        };
        let (new, objects) = (!log.indexes.has(&term), log.objects().clone());
        drop(log);
        if new {
            // Read outside the lock what the index will ask for under it.
            for entry in objects.values() {
                term.value(entry, &self.fields);
            }
        }
        let mut log = self.log();
        log.begin_index(&term);
        (log.indexes.find(&term, &value).cloned().unwrap_or_default(), log.revision(), Some(term))
    }

    /// Takes in what the store has published, and waits only for the first state.
    pub(crate) async fn caught_up(&self) -> Result<(), ApiError> {
        self.pump();
        let ready = {
            let log = self.log();
            log.is_synced() && log.ended().is_none()
        };
        if ready { Ok(()) } else { self.fresh(Revision::ZERO).await }
    }

    /// The object whose key is `key` behind the prefix of the kind.
    pub(crate) fn find(&self, key: &str) -> Option<Arc<Entry>> {
        self.log().objects().get(key).cloned()
    }

    /// Whether a key begins with `start` behind the prefix of the kind, as far as can be told without waiting.
    pub(crate) fn has_below(&self, start: &str) -> bool {
        self.pump();
        let log = self.log();
        let from = (std::ops::Bound::Included(start), std::ops::Bound::Unbounded);
        log.objects().range::<_, str>(from).next().is_some_and(|(key, _)| key.starts_with(start))
    }

    /// The objects whose keys begin with `start` behind the prefix of the kind, in key order.
    pub(crate) fn below(&self, start: &str) -> Vec<(Arc<str>, Arc<Entry>)> {
        let log = self.log();
        let from = (std::ops::Bound::Included(start), std::ops::Bound::Unbounded);
        let found = log.objects().range::<_, str>(from).take_while(|(key, _)| key.starts_with(start));
        found.map(|(key, entry)| (key.clone(), entry.clone())).collect()
    }

    /// The changes of what `filter` selects.
    pub(crate) async fn watch(
        self: &Arc<Self>,
        filter: Filter,
        start: WatchStart,
        bookmarks: bool,
    ) -> Result<ObjectStream, ApiError> {
        let current = self.storage.current().await?;
        match start {
            WatchStart::Initial => {
                self.fresh(current).await?;
                let (items, revision) = self.list(&filter);
                let cursor = Cursor::after(self.clone(), filter, revision, bookmarks).with_initial(items);
                Ok(ObjectStream::new(Box::new(cursor)))
            }
            WatchStart::After(revision) => {
                if revision > current {
                    return Err(StorageError::Future { asked: revision, head: current }.into());
                }
                self.fresh(Revision::ZERO).await?;
                if self.log().reaches(revision) {
                    let cursor = Cursor::after(self.clone(), filter, revision, bookmarks);
                    return Ok(ObjectStream::new(Box::new(cursor)));
                }
                let history = History::open(self.clone(), filter, revision, bookmarks).await?;
                Ok(ObjectStream::new(Box::new(history)))
            }
        }
    }

    /// Tells watchers who want bookmarks how far the store is, where it does not wake them itself: now, or once the
    /// watch of the store has come to `current`.
    pub(crate) fn nudge(&self, current: Revision) {
        if self.log().is_synced() {
            self.asked.fetch_max(current.get(), Ordering::SeqCst);
            self.pump();
            self.answer();
        }
    }

    /// Tells them, if the cache is as far as somebody asked.
    fn answer(&self) {
        let asked = self.asked.load(Ordering::SeqCst);
        if asked == 0 {
            return;
        }
        let revision = self.log().revision();
        let reached = revision.get() >= asked;
        // Whoever asks for more meanwhile is answered by a later pump.
        if reached && self.asked.compare_exchange(asked, 0, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            self.waiters.wake_uninformed(revision);
        }
    }

    /// Takes in everything that the store has published, and wakes whom it concerns.
    fn pump(&self) {
        // No section leaves the feed half-changed: each replaces it as a whole.
        self.pump_with(self.feed.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The same for a caller that must not wait: whoever holds the feed, perhaps further up this very call, does it.
    fn pump_soon(&self) {
        self.stale.store(true, Ordering::SeqCst);
        match self.feed.try_lock() {
            Ok(feed) => self.pump_with(feed),
            Err(TryLockError::Poisoned(poisoned)) => self.pump_with(poisoned.into_inner()),
            // The holder looks once more after letting go.
            Err(TryLockError::WouldBlock) => {}
        }
    }

    fn pump_with<'a>(&'a self, mut feed: MutexGuard<'a, Feed>) {
        loop {
            self.stale.store(false, Ordering::SeqCst);
            let woken = if feed.pump(self) { self.concerned() } else { Vec::new() };
            drop(feed);
            woken.into_iter().for_each(Waker::wake);
            self.answer();
            if !self.stale.load(Ordering::SeqCst) {
                return;
            }
            feed = match self.feed.try_lock() {
                Ok(feed) => feed,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            };
        }
    }

    /// The wakers of those whom the changes concern that nobody was woken for yet. Call this with the feed locked.
    fn concerned(&self) -> Vec<Waker> {
        let log = self.log();
        let told = self.waiters.up_to();
        let reached = log.reached();
        let news = usize::try_from(reached.position.saturating_sub(told.position)).unwrap_or(usize::MAX);
        let changes: Option<Vec<Arc<Change>>> = match log.ended() {
            Some(_) => None,
            None => log.after(told.position, news).map(|changes| changes.cloned().collect()),
        };
        drop(log);
        match changes {
            Some(changes) => self.waiters.concerned(changes.iter(), reached, &self.fields),
            // More than the log keeps, or the end.
            None => self.waiters.all(reached),
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        // A panic elsewhere cannot leave the log half-written: every section applies one batch.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Pumps the cache when the store has something new.
struct Alarm(Weak<KindCache>);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        if let Some(cache) = self.0.upgrade() {
            cache.pump_soon();
        }
    }
}

impl std::fmt::Debug for KindCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KindCache")
            .field("kind", &self.name)
            .field("revision", &self.log().revision())
            .finish_non_exhaustive()
    }
}
