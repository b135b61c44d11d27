//! A watch as it reaches a component: late, standing still, broken.

use super::link::{Link, broken};
use super::process::Process;
use super::relay::Relay;
use crate::executor::{Alarm, note};
use crate::faults::Weather;
use crate::oracle::name_of;
use futures::StreamExt;
use kube_core::env::{Env, Mono};
use kube_core::error::ApiError;
use kube_core::resource::KindInfo;
use kube_store::service::{ObjectEvent, ObjectSource, ObjectStream};
use kube_store::storage::Revision;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Events under way at a time.
const UNDER_WAY: usize = 1024;

type Item = Result<ObjectEvent, ApiError>;

/// Events of one watch on their way to a component. Their order stays.
pub(super) struct LinkStream {
    inner: ObjectStream,
    process: Arc<Process>,
    life: u64,
    base: Env,
    weather: Arc<Weather>,
    /// The kind's name with the observer.
    kind: Arc<str>,
    waits_for: Arc<str>,
    under_way: VecDeque<(Mono, Item)>,
    /// The revision of the last event: what shares it arrives with it.
    last: Option<Revision>,
    /// The revision that was delivered last. A revision comes as a whole or the watch breaks: readers rely on it.
    delivered: Option<Revision>,
    /// The state that a watch begins with is not told event by event.
    initial: bool,
    noted: Noted,
    /// Stands still until then.
    still: Mono,
    alarm: Alarm,
    ended: bool,
    relay: Arc<Relay>,
}

/// What a reader has taken note of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Noted {
    /// Nothing: the state of the beginning is on its way, and nobody uses it before it is complete.
    Nothing,
    /// All but the last revision, perhaps: it cannot know yet that this is whole.
    AllButLast,
    /// All: it waits for more.
    All,
}

impl LinkStream {
    /// `anew`: it begins with the present state.
    pub(super) fn new(inner: ObjectStream, link: &Link, kind: &KindInfo, anew: bool) -> Self {
        Self {
            inner,
            process: link.process.clone(),
            life: link.life,
            base: link.base.clone(),
            weather: link.weather.clone(),
            kind: name_of(kind),
            waits_for: format!("an event of {}", kind.plural).into(),
            under_way: VecDeque::new(),
            last: None,
            delivered: None,
            initial: true,
            noted: if anew { Noted::Nothing } else { Noted::All },
            still: Mono::default(),
            alarm: Alarm::default(),
            ended: false,
            relay: Relay::new(),
        }
    }

    fn take(&mut self, cx: &mut Context<'_>) {
        if !self.relay.listen(cx.waker()) {
            return;
        }
        let waker = Waker::from(self.relay.clone());
        while !self.ended {
            if self.under_way.len() == UNDER_WAY {
                self.relay.remember();
                return;
            }
            let item = match self.inner.poll_next_unpin(&mut Context::from_waker(&waker)) {
                Poll::Pending => return,
                Poll::Ready(None) => Err(ApiError::unavailable("the watch ended")),
                // A server that goes is for its clients a connection that breaks.
                Poll::Ready(Some(Err(error))) if error.is_closed() => Err(broken()),
                Poll::Ready(Some(item)) => item,
            };
            self.ended = item.is_err();
            let revision = revision(&item);
            let before = self.under_way.back().map_or_else(Mono::default, |(at, _)| *at);
            let same = revision.is_some() && revision == self.last && before > Mono::default();
            let due = if same { before } else { self.base.now() + self.weather.delay(&self.process.name) };
            self.last = revision;
            self.under_way.push_back((due.max(before), item));
        }
    }

    /// Takes note of what is delivered.
    fn deliver(&mut self, item: &Item) {
        if item.is_err() {
            self.lose();
        }
        self.delivered = revision(item);
        self.noted = match (item, self.noted) {
            (Ok(ObjectEvent::Bookmark(_)), _) => Noted::All,
            (_, Noted::Nothing) => Noted::Nothing,
            _ => Noted::AllButLast,
        };
        if let Some(revision) = self.delivered.filter(|_| self.noted != Noted::Nothing) {
            self.process.learn(&self.kind, revision);
        }
    }

    /// Takes back what was said of the last revision, when the watch breaks before the reader could know that it was
    /// whole: it gives it up and asks for it again.
    fn lose(&self) {
        if let Some(last) = self.delivered.filter(|_| self.noted == Noted::AllButLast) {
            self.process.learn(&self.kind, Revision::new(last.get() - 1));
        }
    }

    /// The reader has everything that was delivered, and waits.
    fn wait(&mut self) -> Poll<Item> {
        if self.noted == Noted::AllButLast {
            self.noted = Noted::All;
        }
        Poll::Pending
    }

    /// What is wrong with the next delivery: an error instead of it, or a moment before which it does not come.
    fn trouble(&mut self, now: Mono) -> Option<ApiError> {
        let name = self.process.name.clone();
        let whole = self.under_way.front().is_none_or(|(_, item)| revision(item) != self.delivered);
        if whole && let Some(until) = self.weather.stale_until(&name) {
            self.still = self.still.max(until);
            return None;
        }
        match self.under_way.front() {
            Some((_, Ok(ObjectEvent::Bookmark(_)))) => {
                self.initial = false;
                return None;
            }
            Some((_, Ok(_))) if !self.initial => {}
            _ => return None,
        }
        let delivery = self.process.next_delivery();
        if whole && let Some(length) = self.weather.stale_at(&name, delivery) {
            self.still = now + length;
        }
        if let Some(length) = self.weather.skip_at(&name, delivery) {
            self.process.hold_watches(now + length);
            return Some(ApiError::expired("the watch was lost, and what came after is no longer held"));
        }
        if self.weather.cuts(&name) {
            return Some(if delivery.is_multiple_of(2) {
                ApiError::unavailable("the watch was cut")
            } else {
                ApiError::expired("the watch was cut, and what came after is no longer held")
            });
        }
        None
    }
}

impl ObjectSource for LinkStream {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Item> {
        if !self.process.lives(self.life) {
            return Poll::Pending;
        }
        self.take(cx);
        loop {
            let Some((due, _)) = self.under_way.front() else {
                note(&self.waits_for);
                return self.wait();
            };
            let now = self.base.now();
            let due = (*due).max(self.still);
            if now >= due {
                let error = self.trouble(now);
                if let Some(error) = error {
                    self.lose();
                    self.ended = true;
                    self.under_way.clear();
                    return Poll::Ready(Err(error));
                }
                if self.still > now {
                    continue;
                }
                if let Some((_, item)) = self.under_way.pop_front() {
                    self.deliver(&item);
                    return Poll::Ready(item);
                }
            }
            if self.alarm.poll(&self.base, due, cx).is_pending() {
                return self.wait();
            }
        }
    }
}

fn revision(item: &Item) -> Option<Revision> {
    match item {
        Ok(ObjectEvent::Added(raw) | ObjectEvent::Modified(raw) | ObjectEvent::Deleted(raw)) => {
            Some(Revision::new(raw.version.revision()))
        }
        Ok(ObjectEvent::Bookmark(revision)) => Some(*revision),
        Err(_) => None,
    }
}

/// These events, then those of `rest`.
pub(super) fn after(events: Vec<ObjectEvent>, rest: ObjectStream) -> ObjectStream {
    ObjectStream::new(Box::new(Chained { events: events.into(), rest }))
}

struct Chained {
    events: VecDeque<ObjectEvent>,
    rest: ObjectStream,
}

impl ObjectSource for Chained {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Item> {
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(Ok(event));
        }
        match self.rest.poll_next_unpin(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(item) => {
                Poll::Ready(item.unwrap_or_else(|| Err(ApiError::unavailable("the watch ended"))))
            }
        }
    }
}
