//! A store that takes its time: each operation and each watch delivery waits as the seed says.

use super::Weather;
use crate::executor::Alarm;
use async_trait::async_trait;
use kube_core::env::{Env, Mono, Rng};
use kube_store::storage::mvcc::Snapshot;
use kube_store::storage::{
    Got, Key, KeyRange, Limits, ListOptions, Page, ReadAt, Revision, Storage, StorageError, StorageResult,
    StorageStatus, TtlInfo, TtlOp, Txn, TxnOutcome, WatchItem, WatchOptions, WatchSource, WatchStream,
};
use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

/// How long operations take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latency {
    /// Of a read.
    pub read: RangeInclusive<Duration>,
    /// Of a write; half before it takes effect, half before its answer arrives.
    pub write: RangeInclusive<Duration>,
    /// Of a delivery to a watch; deliveries of different watches overtake each other, of one watch never.
    pub watch: RangeInclusive<Duration>,
}

impl Default for Latency {
    /// A store one network hop away.
    fn default() -> Self {
        let micros = Duration::from_micros;
        Self {
            read: micros(200)..=micros(2_000),
            write: micros(500)..=micros(10_000),
            watch: micros(100)..=micros(5_000),
        }
    }
}

/// A store that takes its time.
#[derive(Debug)]
pub struct SlowStorage {
    inner: Arc<dyn Storage>,
    env: Env,
    latency: Latency,
    weather: Option<Arc<Weather>>,
    rng: Mutex<Rng>,
}

impl SlowStorage {
    /// `inner`, slowed down. Draws come from the stream `storage-latency` of `env`.
    pub fn new(inner: Arc<dyn Storage>, env: Env, latency: Latency) -> Self {
        let rng = Mutex::new(env.rng("storage-latency"));
        Self { inner, env, latency, weather: None, rng }
    }

    /// The same, slower still when the weather is bad.
    pub(crate) fn in_weather(mut self, weather: Arc<Weather>) -> Self {
        self.weather = Some(weather);
        self
    }

    fn draw(&self, range: &RangeInclusive<Duration>) -> Duration {
        let drawn =
            self.rng.lock().unwrap_or_else(PoisonError::into_inner).between(*range.start(), *range.end());
        drawn + self.weather.as_ref().map_or(Duration::ZERO, |weather| weather.latency())
    }

    async fn read_delay(&self) {
        let delay = self.draw(&self.latency.read);
        self.env.sleep(delay).await;
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Storage for SlowStorage {
    async fn get(&self, key: &Key, at: ReadAt) -> StorageResult<Got> {
        self.read_delay().await;
        self.inner.get(key, at).await
    }

    async fn list(&self, range: &KeyRange, options: &ListOptions) -> StorageResult<Page> {
        self.read_delay().await;
        self.inner.list(range, options).await
    }

    async fn txn(&self, txn: Txn) -> StorageResult<TxnOutcome> {
        let delay = self.draw(&self.latency.write) / 2;
        self.env.sleep(delay).await;
        let outcome = self.inner.txn(txn).await;
        self.env.sleep(delay).await;
        outcome
    }

    async fn watch(&self, range: &KeyRange, options: &WatchOptions) -> StorageResult<WatchStream> {
        self.read_delay().await;
        let inner = self.inner.watch(range, options).await?;
        let rng = Rng::new(self.rng.lock().unwrap_or_else(PoisonError::into_inner).next_u64());
        Ok(WatchStream::new(Box::new(SlowWatch {
            position: inner.position(),
            inner,
            env: self.env.clone(),
            range: self.latency.watch.clone(),
            rng,
            under_way: VecDeque::new(),
            alarm: Alarm::default(),
            ended: false,
        })))
    }

    async fn ttl(&self, op: TtlOp) -> StorageResult<TtlInfo> {
        self.read_delay().await;
        self.inner.ttl(op).await
    }

    async fn current(&self) -> StorageResult<Revision> {
        self.read_delay().await;
        self.inner.current().await
    }

    async fn compact(&self, revision: Revision) -> StorageResult<()> {
        self.read_delay().await;
        self.inner.compact(revision).await
    }

    fn limits(&self) -> Limits {
        self.inner.limits()
    }

    fn snapshot(&self) -> Option<Snapshot> {
        // A store that is a hop away has no state in this process.
        None
    }

    fn status(&self) -> StorageStatus {
        self.inner.status()
    }

    fn close(&self) {
        self.inner.close();
    }

    async fn closed(&self) {
        self.inner.closed().await;
    }
}

/// Deliveries under way at a time.
const UNDER_WAY: usize = 1024;

/// Holds each delivery back for a while; the order stays.
struct SlowWatch {
    inner: WatchStream,
    position: Revision,
    env: Env,
    range: RangeInclusive<Duration>,
    rng: Rng,
    /// What has left the store but not arrived, with the moment of its arrival.
    under_way: VecDeque<(Mono, StorageResult<WatchItem>)>,
    alarm: Alarm,
    ended: bool,
}

impl SlowWatch {
    /// Takes what has left the store.
    fn take(&mut self, cx: &mut Context<'_>) {
        // Asked every time: bookmarks of quiet ranges come to who asks, and wake nobody.
        while !self.ended && self.under_way.len() < UNDER_WAY {
            let item = match futures::StreamExt::poll_next_unpin(&mut self.inner, cx) {
                Poll::Pending => return,
                Poll::Ready(None) => Err(StorageError::Closed),
                Poll::Ready(Some(item)) => item,
            };
            self.ended = item.is_err();
            let due = self.env.now() + self.rng.between(*self.range.start(), *self.range.end());
            let before = self.under_way.back().map_or(due, |(at, _)| *at);
            self.under_way.push_back((due.max(before), item));
        }
    }
}

impl WatchSource for SlowWatch {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<StorageResult<WatchItem>> {
        self.take(cx);
        loop {
            let Some((due, _)) = self.under_way.front() else { return Poll::Pending };
            let due = *due;
            if self.env.now() >= due
                && let Some((_, item)) = self.under_way.pop_front()
            {
                match &item {
                    Ok(WatchItem::Batch(batch)) => self.position = batch.revision,
                    Ok(WatchItem::Bookmark(revision)) => self.position = *revision,
                    Err(_) => {}
                }
                return Poll::Ready(item);
            }
            if self.alarm.poll(&self.env, due, cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn try_next(&mut self) -> Option<StorageResult<WatchItem>> {
        // Nothing arrives before its time: who wants the newest has to wait for it.
        None
    }

    fn position(&self) -> Revision {
        self.position
    }
}
