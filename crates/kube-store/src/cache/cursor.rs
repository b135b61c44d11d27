//! A watcher: a place in the log, and what it wants to see of it.

use super::KindCache;
use super::filter::Filter;
use super::history::History;
use super::log::Change;
use super::waiters::Waiter;
use crate::objects::strategy::FieldTree;
use crate::service::{ObjectEvent, ObjectSource};
use crate::storage::Revision;
use kube_core::env::BoxFuture;
use kube_core::error::ApiError;
use kube_core::view::RawObject;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Changes taken from the log at a time, so that many watchers share its lock fairly.
const TAKEN: usize = 128;

/// A watcher of a cache.
pub(super) struct Cursor {
    cache: Arc<KindCache>,
    filter: Filter,
    position: u64,
    /// Everything up to this revision was delivered.
    delivered: Revision,
    /// The newest revision that the consumer was told of.
    told: Revision,
    bookmarks: bool,
    initial: Option<std::vec::IntoIter<RawObject>>,
    taken: VecDeque<Arc<Change>>,
    waiter: Waiter,
    /// Whether it waits, as far as it knows itself.
    waits: bool,
    /// Behind the log: the store's own history goes on from here.
    behind: Option<Behind>,
}

enum Behind {
    Opening(BoxFuture<'static, Result<History, ApiError>>),
    Open(History),
}

impl Cursor {
    /// A watcher of the changes after `revision`.
    pub(super) fn after(cache: Arc<KindCache>, filter: Filter, revision: Revision, bookmarks: bool) -> Self {
        let position = cache.log().position(revision);
        let waiter = cache.waiters.join(filter.interest());
        Self {
            cache,
            filter,
            position,
            delivered: revision,
            told: revision,
            bookmarks,
            initial: None,
            taken: VecDeque::new(),
            waiter,
            waits: false,
            behind: None,
        }
    }

    /// The same, after these objects.
    pub(super) fn with_initial(mut self, objects: Vec<RawObject>) -> Self {
        self.initial = Some(objects.into_iter());
        self
    }

    fn next_initial(&mut self) -> Option<ObjectEvent> {
        if let Some(object) = self.initial.as_mut()?.next() {
            return Some(ObjectEvent::Added(object));
        }
        self.initial = None;
        Some(ObjectEvent::Bookmark(self.delivered))
    }

    fn next_taken(&mut self) -> Option<ObjectEvent> {
        while let Some(change) = self.taken.pop_front() {
            self.delivered = self.delivered.max(change.revision);
            if let Some(event) = seen(&self.filter, &self.cache.fields, &change) {
                self.told = self.told.max(change.revision);
                return Some(event);
            }
        }
        None
    }

    /// Takes more changes from the log.
    fn take(&mut self) -> Taken {
        let log = self.cache.log();
        let Some(changes) = log.after(self.position, TAKEN) else { return Taken::Lost };
        self.taken.extend(changes.cloned());
        self.position += self.taken.len() as u64;
        if !self.taken.is_empty() {
            return Taken::Some;
        }
        let revision = log.revision();
        if let Some(error) = log.ended() {
            return Taken::Ended(error.clone());
        }
        if self.bookmarks && revision > self.told {
            return Taken::Bookmark(revision);
        }
        Taken::None
    }

    fn poll_behind(&mut self, cx: &mut Context<'_>) -> Option<Poll<Result<ObjectEvent, ApiError>>> {
        loop {
            match self.behind.as_mut()? {
                Behind::Opening(opening) => match opening.as_mut().poll(cx) {
                    Poll::Pending => return Some(Poll::Pending),
                    Poll::Ready(Err(error)) => return Some(Poll::Ready(Err(error))),
                    Poll::Ready(Ok(history)) => self.behind = Some(Behind::Open(history)),
                },
                Behind::Open(history) => return Some(history.poll_next(cx)),
            }
        }
    }
}

enum Taken {
    Some,
    None,
    Bookmark(Revision),
    Ended(ApiError),
    /// The log has moved past this watcher.
    Lost,
}

impl ObjectSource for Cursor {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<ObjectEvent, ApiError>> {
        if let Some(event) = self.next_initial() {
            return Poll::Ready(Ok(event));
        }
        if let Some(answer) = self.poll_behind(cx) {
            return answer;
        }
        if std::mem::take(&mut self.waits)
            && let Some(reached) = self.waiter.resume()
        {
            // While it waited, nothing up to there concerned this watcher.
            self.position = self.position.max(reached.position);
            self.delivered = self.delivered.max(reached.revision);
        }
        let mut pumped = false;
        loop {
            if let Some(event) = self.next_taken() {
                return Poll::Ready(Ok(event));
            }
            match self.take() {
                Taken::Some => {}
                Taken::None if !pumped => {
                    // First be known as waiting, then look: nothing published in between is missed.
                    self.waiter.wait(cx.waker(), self.bookmarks.then_some(self.told));
                    self.waits = true;
                    self.cache.pump();
                    pumped = true;
                }
                Taken::None => return Poll::Pending,
                Taken::Bookmark(revision) => {
                    (self.delivered, self.told) = (revision, revision);
                    return Poll::Ready(Ok(ObjectEvent::Bookmark(revision)));
                }
                Taken::Ended(error) => return Poll::Ready(Err(error)),
                Taken::Lost => {
                    let (cache, filter) = (self.cache.clone(), self.filter.clone());
                    let (revision, bookmarks) = (self.delivered, self.bookmarks);
                    let opening = async move { History::open(cache, filter, revision, bookmarks).await };
                    self.behind = Some(Behind::Opening(Box::pin(opening)));
                    return self.poll_behind(cx).unwrap_or(Poll::Pending);
                }
            }
        }
    }
}

/// What a change looks like through a filter: what begins to match is added, what ceases to is deleted.
pub(super) fn seen(filter: &Filter, fields: &FieldTree, change: &Change) -> Option<ObjectEvent> {
    let matches =
        |entry: &Option<Arc<super::Entry>>| entry.as_ref().is_some_and(|e| filter.matches(e, fields));
    match (matches(&change.old), matches(&change.new)) {
        (_, true) => {
            let raw = change.new.as_ref()?.raw.clone();
            let known = matches(&change.old);
            Some(if known { ObjectEvent::Modified(raw) } else { ObjectEvent::Added(raw) })
        }
        (true, false) => change.last().map(ObjectEvent::Deleted),
        (false, false) => None,
    }
}
