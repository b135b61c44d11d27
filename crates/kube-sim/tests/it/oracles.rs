//! Oracles that no known bug of a component reaches see what they are for: bugs of stores, and of users' components.

use async_trait::async_trait;
use futures::StreamExt;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::ConfigMap;
use kube_core::kinds::meta::v1::{ObjectMeta, OwnerReference};
use kube_sim::scenarios::WEB;
use kube_sim::{Sim, Trouble};
use kube_store::api::Api;
use kube_store::client::{Component, StopToken};
use kube_store::service::ObjectService;
use kube_store::storage::mvcc::Snapshot;
use kube_store::storage::{
    Got, Key, KeyRange, Limits, ListOptions, MemoryStorage, Page, ReadAt, Revision, Storage, StorageResult,
    StorageStatus, TtlInfo, TtlOp, Txn, TxnOutcome, WatchItem, WatchOptions, WatchSource, WatchStream,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

fn noticed_by(sim: &Sim) -> Option<String> {
    let trouble = sim.observe(0).trouble;
    trouble.as_ref().map(Trouble::noticed_by).map(str::to_owned)
}

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    None,
    /// The 40th transaction gets the revision of the one before.
    RepeatsRevision,
    /// Each watch loses its third batch.
    LosesBatch,
}

/// A store of a user's.
#[derive(Debug)]
struct Own {
    inner: MemoryStorage,
    bug: Bug,
    commits: AtomicU64,
}

#[async_trait]
impl Storage for Own {
    async fn get(&self, key: &Key, at: ReadAt) -> StorageResult<Got> {
        self.inner.get(key, at).await
    }

    async fn list(&self, range: &KeyRange, options: &ListOptions) -> StorageResult<Page> {
        self.inner.list(range, options).await
    }

    async fn txn(&self, txn: Txn) -> StorageResult<TxnOutcome> {
        let outcome = self.inner.txn(txn).await?;
        match outcome {
            TxnOutcome::Committed { revision, previous } => {
                let commits = self.commits.fetch_add(1, Ordering::Relaxed);
                let wrong = self.bug == Bug::RepeatsRevision && commits == 40;
                let revision = if wrong { Revision::new(revision.get() - 1) } else { revision };
                Ok(TxnOutcome::Committed { revision, previous })
            }
            other @ TxnOutcome::Failed { .. } => Ok(other),
        }
    }

    async fn watch(&self, range: &KeyRange, options: &WatchOptions) -> StorageResult<WatchStream> {
        let inner = self.inner.watch(range, options).await?;
        if self.bug != Bug::LosesBatch {
            return Ok(inner);
        }
        Ok(WatchStream::new(Box::new(Forgetful { inner, batches: 0 })))
    }

    async fn ttl(&self, op: TtlOp) -> StorageResult<TtlInfo> {
        self.inner.ttl(op).await
    }

    async fn current(&self) -> StorageResult<Revision> {
        self.inner.current().await
    }

    async fn compact(&self, revision: Revision) -> StorageResult<()> {
        self.inner.compact(revision).await
    }

    fn limits(&self) -> Limits {
        self.inner.limits()
    }

    fn snapshot(&self) -> Option<Snapshot> {
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

struct Forgetful {
    inner: WatchStream,
    batches: u64,
}

impl Forgetful {
    fn is_lost(&mut self, item: &StorageResult<WatchItem>) -> bool {
        let batch = matches!(item, Ok(WatchItem::Batch(_)));
        self.batches += u64::from(batch);
        batch && self.batches == 3
    }
}

impl WatchSource for Forgetful {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<StorageResult<WatchItem>> {
        loop {
            let Poll::Ready(item) = self.inner.poll_next_unpin(cx) else { return Poll::Pending };
            let item = item.expect("a watch ends with an error");
            if !self.is_lost(&item) {
                return Poll::Ready(item);
            }
        }
    }

    fn try_next(&mut self) -> Option<StorageResult<WatchItem>> {
        let item = self.inner.try_next()?;
        if self.is_lost(&item) { self.try_next() } else { Some(item) }
    }

    fn position(&self) -> Revision {
        self.inner.position()
    }
}

fn over(bug: Bug) -> Sim {
    let sim = Sim::new(0).nodes(3).scenario(|c| async move {
        c.apply(WEB).await;
        c.settle().await;
    });
    sim.storage(move |env| {
        Arc::new(Own { inner: MemoryStorage::with_env(env), bug, commits: AtomicU64::new(0) })
    })
}

#[test]
fn a_store_of_ones_own_is_held_to_its_contract() {
    assert_eq!(noticed_by(&over(Bug::None)), None);
    assert_eq!(noticed_by(&over(Bug::RepeatsRevision)).as_deref(), Some("revisions"));
    assert_eq!(noticed_by(&over(Bug::LosesBatch)).as_deref(), Some("watches"));
}

/// A component of a user's.
enum Mine {
    /// Waits to be told to stop.
    Quiet,
    /// Writes something every half hour.
    Restless(Arc<dyn ObjectService>),
    /// Ends at once.
    Quitter,
}

#[async_trait]
impl Component for Mine {
    fn name(&self) -> &'static str {
        "own"
    }

    async fn run(self: Box<Self>, stop: StopToken) -> Result<(), ApiError> {
        match *self {
            Self::Quiet => stop.stopped().await,
            Self::Quitter => {}
            Self::Restless(service) => loop {
                service.env().sleep(Duration::from_mins(30)).await;
                let name = service.env().now().nanos().to_string();
                Api::<ConfigMap>::all(service.clone()).create(&map(&name, None)).await?;
            },
        }
        Ok(())
    }
}

fn map(name: &str, owner: Option<OwnerReference>) -> ConfigMap {
    let metadata = ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some("default".to_owned()),
        owner_references: owner.map(|owner| vec![owner]),
        ..ObjectMeta::default()
    };
    ConfigMap { metadata, ..ConfigMap::default() }
}

fn bare() -> Sim {
    Sim::new(0).nodes(0).without_builtin().without_scheduler()
}

#[test]
fn a_component_that_writes_at_rest_or_ends_is_noticed() {
    let quiet = bare().component("own", |_| Box::new(Mine::Quiet));
    assert_eq!(noticed_by(&quiet), None);
    let restless = bare().component("own", |informers| Box::new(Mine::Restless(informers.service().clone())));
    assert_eq!(noticed_by(&restless).as_deref(), Some("silence"));
    let quitter = bare().component("own", |_| Box::new(Mine::Quitter));
    assert_eq!(noticed_by(&quitter).as_deref(), Some("components"));
}

#[test]
fn what_is_left_without_its_owners_is_noticed() {
    let orphan = |sim: Sim| {
        sim.scenario(|c| async move {
            let owner = OwnerReference {
                api_version: "v1".to_owned(),
                kind: "ConfigMap".to_owned(),
                name: "gone".to_owned(),
                uid: "no-such-uid".to_owned(),
                ..OwnerReference::default()
            };
            c.create(map("left", Some(owner))).await;
        })
    };
    assert_eq!(noticed_by(&orphan(bare())).as_deref(), Some("garbage"));
    let collected = Sim::new(0).nodes(0).without_scheduler().only(&["garbage-collector"]);
    assert_eq!(noticed_by(&orphan(collected)), None);
}

#[test]
fn endpoints_that_nobody_mirrors_are_noticed() {
    let sim = || kube_sim::scenarios::mirrors(0..1).faults(kube_sim::Faults::none());
    assert_eq!(noticed_by(&sim()), None);
    let without = sim().only(&["endpointslice-controller", "garbage-collector"]);
    assert_eq!(noticed_by(&without).as_deref(), Some("mirrors"));
}
