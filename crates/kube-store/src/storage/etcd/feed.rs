//! The driver of a watch: connects, hands what comes to the tracker, connects again.

use super::call::within;
use super::core::Core;
use super::log::Log;
use super::space::{Bounds, Space, number, revision};
use super::tracker::{Response, Step, Tracker};
use crate::client::Backoff;
use crate::storage::{Event, Revision, StorageError};
use etcd_client::{EventType, WatchOptions, WatchStream};
use kube_core::env::Mono;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Waker;
use std::time::Duration;

/// How long nothing may come before etcd is asked how far it is.
const SILENCE: Duration = Duration::from_millis(100);

/// The same for an etcd whose answer cannot be believed, so that a write takes the place of the question.
const DOUBT: Duration = Duration::from_millis(500);

/// A watch of etcd and what it brought.
#[derive(Debug)]
pub(super) struct Feed {
    log: Mutex<Log>,
    begin: Begin,
}

/// What a feed tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begin {
    /// Everything after this.
    pub(super) from: Revision,
    /// Whether with the values before.
    pub(super) previous: bool,
    /// Whether it is everybody's, and goes on after history was lost; otherwise it ends with its last reader.
    pub(super) shared: bool,
}

impl Feed {
    /// A watch of everything.
    pub(super) fn start(core: &Arc<Core>, begin: Begin) -> Arc<Self> {
        let log = Mutex::new(Log::new(begin.from, core.options.history));
        let feed = Arc::new(Self { log, begin });
        let driver = Driver {
            core: Arc::downgrade(core),
            feed: Arc::downgrade(&feed),
            tracker: Tracker::new(begin.from, core.progress),
            closed: None,
        };
        drop(core.options.env.spawn("etcd-watch", driver.run()));
        feed
    }

    /// Whether it is everybody's.
    pub(super) fn is_shared(&self) -> bool {
        self.begin.shared
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        // Every section leaves the log whole: it calls nothing that panics.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the log and wakes whom that concerns, once it is free again.
    pub(super) fn change(&self, change: impl FnOnce(&mut Log) -> Vec<Waker>) {
        let woken = change(&mut self.log());
        woken.into_iter().for_each(Waker::wake);
    }
}

struct Driver {
    core: Weak<Core>,
    feed: Weak<Feed>,
    tracker: Tracker,
    /// When it was first seen that the store is closed.
    closed: Option<Mono>,
}

/// Why a connection ended.
enum Lost {
    /// Nobody reads any more, or the store was closed.
    Over,
    /// Connect again.
    Again(String),
    /// History is gone up to this revision.
    Expired(Revision),
}

impl Driver {
    async fn run(mut self) {
        let Some(core) = self.core.upgrade() else { return };
        let (env, mut rng) = (core.options.env.clone(), core.options.env.rng("etcd/watch"));
        drop(core);
        let mut backoff = Backoff::new(Duration::from_millis(20), Duration::from_secs(2)).jitter(0.5);
        loop {
            let before = self.tracker.start();
            match self.connection().await {
                Lost::Over => return,
                Lost::Again(reason) => {
                    tracing::debug!(%reason, from = %before, "a watch of etcd connects again");
                }
                Lost::Expired(compacted) => {
                    if !self.expire(compacted).await {
                        return;
                    }
                }
            }
            if self.ends() {
                return;
            }
            if self.tracker.start() > before {
                backoff.reset();
            }
            env.sleep(backoff.next(&mut rng)).await;
        }
    }

    /// History is gone up to `compacted`; tells whether to go on.
    async fn expire(&mut self, compacted: Revision) -> bool {
        let (Some(core), Some(feed)) = (self.core.upgrade(), self.feed.upgrade()) else { return false };
        core.note_compacted(compacted);
        if !feed.is_shared() {
            let asked = self.tracker.start();
            feed.change(|log| log.end(StorageError::Expired { asked, compacted, next: None }));
            return false;
        }
        // Until then the readers wait. Who is behind the compaction is told so; who is not, yet behind where this goes
        // on, reads a feed of its own.
        let Ok(head) = core.head().await else { return true };
        self.tracker.restart(head);
        feed.change(|log| log.restart(head, compacted));
        true
    }

    /// One connection, from its beginning to its end.
    async fn connection(&mut self) -> Lost {
        let (Some(core), Some(feed)) = (self.core.upgrade(), self.feed.upgrade()) else { return Lost::Over };
        let (env, space, timeout) = (core.options.env.clone(), core.space.clone(), core.options.timeout);
        let start = number(self.tracker.start());
        let silence = if core.progress { SILENCE } else { DOUBT };
        let Bounds { start: key, end } = space.all();
        let mut options = WatchOptions::new().with_start_revision(start).with_range(end);
        if feed.begin.previous {
            options = options.with_prev_key();
        }
        if core.progress {
            options = options.with_progress_notify();
        }
        let mut client = core.watch_client();
        // Whoever lets go of them ends this.
        drop((core, feed));
        let mut stream = match within(&env, timeout, client.watch(key, Some(options))).await {
            Some(Ok(stream)) => stream,
            Some(Err(error)) => return Lost::Again(error.to_string()),
            None => return Lost::Again("nobody answers".into()),
        };
        loop {
            let response = match within(&env, silence, stream.message()).await {
                Some(Ok(Some(response))) => response,
                Some(Ok(None)) => return Lost::Again("etcd ended the stream".into()),
                Some(Err(error)) => return Lost::Again(error.to_string()),
                None => match self.doubt(&mut stream).await {
                    Some(lost) => return lost,
                    None => continue,
                },
            };
            match self.tracker.step(read(&space, &response)) {
                Step::Deliver(batches, through) => {
                    let Some(feed) = self.feed.upgrade() else { return Lost::Over };
                    feed.change(|log| log.add(batches, through));
                    drop(feed);
                    if self.ends() {
                        return Lost::Over;
                    }
                }
                Step::Again(reason) => return Lost::Again(reason),
                Step::Expired(compacted) => return Lost::Expired(compacted),
            }
        }
    }

    /// Whether nobody is to be told of anything more: nobody reads, or the store was closed, and everything that it
    /// wrote was told, or did not come for as long as a call may take.
    fn ends(&mut self) -> bool {
        let (Some(core), Some(feed)) = (self.core.upgrade(), self.feed.upgrade()) else { return true };
        if !core.is_closed() {
            return false;
        }
        let now = core.options.env.now();
        let late = now.since(*self.closed.get_or_insert(now)) >= core.options.timeout;
        let ends = late || core.is_over(feed.log().through());
        if ends {
            feed.change(|log| log.end(StorageError::Closed));
        }
        ends
    }

    /// Nothing came for a while: is there more than was told of?
    async fn doubt(&mut self, stream: &mut WatchStream) -> Option<Lost> {
        let (Some(core), Some(feed)) = (self.core.upgrade(), self.feed.upgrade()) else {
            return Some(Lost::Over);
        };
        let through = feed.log().through();
        drop(feed);
        if self.ends() {
            return Some(Lost::Over);
        }
        if core.seen() <= through {
            return None;
        }
        if core.progress {
            return stream.request_progress().await.err().map(|error| Lost::Again(error.to_string()));
        }
        // Somebody writes beside us, and this etcd tells its progress too early: only an event proves it.
        core.tick();
        None
    }
}

fn read(space: &Space, response: &etcd_client::WatchResponse) -> Response {
    let (cluster, at) = response.header().map_or((0, 0), |head| (head.cluster_id(), head.revision()));
    Response {
        cluster,
        revision: at,
        created: response.created(),
        canceled: response.canceled(),
        compacted: response.compact_revision(),
        reason: response.cancel_reason().to_owned(),
        events: response.events().iter().map(|event| event_of(space, event)).collect(),
    }
}

fn event_of(space: &Space, event: &etcd_client::Event) -> (Revision, Option<Event>) {
    let Some(kv) = event.kv() else { return (Revision::ZERO, None) };
    let at = revision(kv.mod_revision());
    let previous = event.prev_kv().and_then(|kv| space.value(kv.clone())).map(Arc::new);
    let event = match event.event_type() {
        EventType::Put => space.value(kv.clone()).map(|kv| Event::Put { kv: Arc::new(kv), previous }),
        EventType::Delete => space.strip(kv.key()).map(|key| Event::Delete { key, previous }),
    };
    (at, event)
}
