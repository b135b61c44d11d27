//! What lies between a control plane in a process of its own and the store that it shares with others.

use super::link::Link;
use crate::executor::Alarm;
use crate::faults::Moment;
use async_trait::async_trait;
use kube_core::env::{BoxFuture, Mono};
use kube_store::storage::mvcc::Snapshot;
use kube_store::storage::{
    Got, Key, KeyRange, Limits, ListOptions, Page, ReadAt, Revision, Storage, StorageError, StorageResult,
    StorageStatus, TtlInfo, TtlOp, Txn, TxnOutcome, WatchItem, WatchOptions, WatchSource, WatchStream,
};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// The store as one life of a process reaches it: requests are refused, answers get lost, watches fall silent, and
/// break. It fails as a client of etcd does.
#[derive(Clone, Debug)]
pub(super) struct StoreLink(Arc<Link>);

impl StoreLink {
    pub(super) fn new(link: Link) -> Self {
        Self(Arc::new(link))
    }

    fn remote(&self) -> Arc<dyn Storage> {
        self.0.machine.plane().remote
    }

    /// Goes on once it is known that the store hears.
    async fn reach(&self) -> StorageResult<()> {
        self.0.alive().await;
        if !self.0.machine.plane().is_up() || self.0.weather.refuses(&self.0.process.name) {
            self.0.base.sleep(Duration::from_millis(50)).await;
            return Err(StorageError::Medium { what: "the store cannot be reached".into() });
        }
        Ok(())
    }

    async fn read<T>(&self, request: BoxFuture<'_, StorageResult<T>>) -> StorageResult<T> {
        self.reach().await?;
        let answer = request.await;
        self.0.alive().await;
        answer.map_err(unless_closed)
    }
}

/// The store goes and comes again; to whoever is connected to it that is no end.
fn unless_closed(error: StorageError) -> StorageError {
    match error {
        StorageError::Closed => StorageError::Medium { what: "the connection to the store broke".into() },
        error => error,
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Storage for StoreLink {
    async fn get(&self, key: &Key, at: ReadAt) -> StorageResult<Got> {
        let store = self.remote();
        self.read(store.get(key, at)).await
    }

    async fn list(&self, range: &KeyRange, options: &ListOptions) -> StorageResult<Page> {
        let store = self.remote();
        self.read(store.list(range, options)).await
    }

    async fn txn(&self, txn: Txn) -> StorageResult<TxnOutcome> {
        let link = &self.0;
        link.alive().await;
        let number = link.process.next_write();
        link.crash(Moment::BeforeWrite(number)).await;
        self.reach().await?;
        let store = self.remote();
        let answer = store.txn(txn).await.map_err(unless_closed);
        link.alive().await;
        if answer.is_ok() {
            link.crash(Moment::AfterWrite(number)).await;
            if link.weather.loses_answer(&link.process.name) {
                link.base.sleep(Duration::from_millis(500)).await;
                return Err(StorageError::Unknown { reason: "no answer in time".into() });
            }
        }
        answer
    }

    async fn watch(&self, range: &KeyRange, options: &WatchOptions) -> StorageResult<WatchStream> {
        self.0.alive().await;
        // A client of etcd connects until it is heard.
        while let Err(StorageError::Medium { .. }) = self.reach().await {
            self.0.base.sleep(Duration::from_millis(200)).await;
        }
        let inner = self.remote().watch(range, options).await?;
        let position = inner.position();
        Ok(WatchStream::new(Box::new(StoreWatch {
            link: self.0.clone(),
            inner,
            position,
            initial: true,
            under_way: None,
            still: Mono::default(),
            alarm: Alarm::default(),
        })))
    }

    async fn ttl(&self, op: TtlOp) -> StorageResult<TtlInfo> {
        let store = self.remote();
        self.read(store.ttl(op)).await
    }

    async fn current(&self) -> StorageResult<Revision> {
        let store = self.remote();
        self.read(store.current()).await
    }

    async fn compact(&self, revision: Revision) -> StorageResult<()> {
        let store = self.remote();
        self.read(store.compact(revision)).await
    }

    fn limits(&self) -> Limits {
        self.remote().limits()
    }

    fn snapshot(&self) -> Option<Snapshot> {
        None
    }

    fn status(&self) -> StorageStatus {
        self.remote().status()
    }

    fn close(&self) {
        // Others use it.
    }

    async fn closed(&self) {
        // So there is nothing to let go of.
    }
}

/// A watch that stands still while nobody can be reached, and goes on where it stood.
struct StoreWatch {
    link: Arc<Link>,
    inner: WatchStream,
    position: Revision,
    /// The present state is still to be delivered.
    initial: bool,
    /// What has arrived and was not delivered yet.
    under_way: Option<StorageResult<WatchItem>>,
    /// Stands still until then.
    still: Mono,
    alarm: Alarm,
}

impl StoreWatch {
    fn arrive(&mut self, item: StorageResult<WatchItem>) -> StorageResult<WatchItem> {
        let broken = !self.initial && self.link.weather.breaks(&self.link.process.name);
        let expired =
            || StorageError::Expired { asked: self.position, compacted: self.position.next(), next: None };
        let item = match item {
            // Nothing says what the store had told meanwhile.
            Err(StorageError::Closed) => Err(expired()),
            Ok(_) if broken => Err(expired()),
            item => item,
        };
        match &item {
            Ok(WatchItem::Batch(batch)) => self.position = self.position.max(batch.revision),
            Ok(WatchItem::Bookmark(revision)) => {
                self.initial = false;
                self.position = self.position.max(*revision);
            }
            Err(_) => {}
        }
        item
    }
}

impl WatchSource for StoreWatch {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<StorageResult<WatchItem>> {
        if !self.link.process.lives(self.link.life) {
            return Poll::Pending;
        }
        if self.under_way.is_none() {
            let Poll::Ready(item) = futures::StreamExt::poll_next_unpin(&mut self.inner, cx) else {
                return Poll::Pending;
            };
            self.under_way = Some(item.unwrap_or(Err(StorageError::Closed)));
        }
        loop {
            if let Some(until) = self.link.weather.silent_until(&self.link.process.name) {
                self.still = self.still.max(until);
            }
            if self.link.base.now() >= self.still
                && let Some(item) = self.under_way.take()
            {
                return Poll::Ready(self.arrive(item));
            }
            if self.alarm.poll(&self.link.base, self.still, cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn try_next(&mut self) -> Option<StorageResult<WatchItem>> {
        // Nothing arrives before its time.
        None
    }

    fn position(&self) -> Revision {
        self.position
    }
}
