//! Our engine on a real etcd, beside etcd's own client on the same server.

pub mod baseline;
mod server;

pub use server::Server;

use crate::store::pod;
use bytes::Bytes;
use futures::future::join_all;
use kube_core::env::{Env, Mono};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::Pod;
use kube_core::resource::Resource;
use kube_core::view::PodView;
use kube_store::informer::Informers;
use kube_store::objects::Objects;
use kube_store::rt;
use kube_store::service::{ListQuery, ObjectService};
use kube_store::storage::etcd::{EtcdOptions, EtcdStorage};
use kube_store::storage::{Compare, Storage, StorageResult, Txn, TxnOutcome};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// Bytes that a writer writes.
pub const VALUE: usize = 1024;

/// A store of our own under `prefix`.
///
/// # Errors
/// What connecting meets.
pub async fn connect(endpoint: &str, prefix: &str) -> StorageResult<Arc<EtcdStorage>> {
    let options = EtcdOptions { prefix: prefix.to_owned(), ..EtcdOptions::new() };
    Ok(Arc::new(EtcdStorage::connect([endpoint], options).await?))
}

/// The key of pod `n`.
pub fn key(n: usize) -> String {
    format!("/registry/core/pods/namespace-{:03}/web-7f6d5c4b9d-{n:08x}", n % 100)
}

/// The pod `n` as it is stored.
pub fn value(n: usize) -> Bytes {
    pod(&key(n), n, "node-00001")
}

/// Lets `writers` write for `time`, each one transaction after the other at a key of its own, whatever stands there;
/// tells transactions per second.
///
/// # Errors
/// The first failure.
pub async fn writes(storage: &Arc<EtcdStorage>, writers: usize, time: Duration) -> StorageResult<f64> {
    per_second(writers, time, async |n, time| {
        let (key, value) = (format!("/writer-{n}"), Bytes::from(vec![b'v'; VALUE]));
        let mut count = 0;
        while time.is_left() {
            storage.txn(Txn::put(key.as_str(), value.clone()).quiet()).await?;
            count += 1;
        }
        Ok(count)
    })
    .await
}

/// The same where each writes only if nobody else has written since, as the object layer does.
///
/// # Errors
/// The first failure.
pub async fn conditional_writes(
    storage: &Arc<EtcdStorage>,
    writers: usize,
    time: Duration,
) -> StorageResult<f64> {
    per_second(writers, time, async |n, time| {
        let (key, value) = (format!("/writer-{n}"), Bytes::from(vec![b'v'; VALUE]));
        let (mut count, mut outcome) = (0, storage.txn(Txn::put(key.as_str(), value.clone())).await?);
        while let TxnOutcome::Committed { revision, .. } = outcome
            && time.is_left()
        {
            let unchanged = Compare::Unchanged { key: key.as_str().into(), revision };
            outcome = storage.txn(Txn::put(key.as_str(), value.clone()).when(unchanged).quiet()).await?;
            count += 1;
        }
        Ok(count)
    })
    .await
}

/// What is left of a turn.
pub(crate) struct Time(Env, Mono);

impl Time {
    pub(crate) fn is_left(&self) -> bool {
        self.0.now() < self.1
    }
}

/// How often a second `writers` of these did something within `time`.
pub(crate) async fn per_second<E>(
    writers: usize,
    time: Duration,
    writer: impl AsyncFn(usize, Time) -> Result<u32, E>,
) -> Result<f64, E> {
    let env = rt::env();
    let end = env.now() + time;
    let counts = join_all((0..writers).map(|n| writer(n, Time(env.clone(), end)))).await;
    let count: u32 = counts.into_iter().sum::<Result<u32, E>>()?;
    Ok(f64::from(count) / time.as_secs_f64())
}

/// Informers of pods, each with a decoded cache of its own, over one cache of bytes and one watch of etcd.
#[derive(Debug)]
pub struct Watchers {
    /// How many were not told of everything yet.
    left: Arc<AtomicUsize>,
    all: Arc<Notify>,
    _informers: Vec<Informers>,
}

impl Watchers {
    /// `count` of them, ready to be told of `events` pods.
    ///
    /// # Errors
    /// What the object layer answers.
    pub async fn start(storage: Arc<EtcdStorage>, count: usize, events: usize) -> Result<Self, ApiError> {
        let objects = Objects::new(storage, rt::env());
        let (left, all) = (Arc::new(AtomicUsize::new(count)), Arc::new(Notify::new()));
        let mut informers = Vec::with_capacity(count);
        for _ in 0..count {
            let one = Informers::new(objects.clone());
            let informer = one.informer::<PodView>();
            // Each counts for itself, as those do who read a watch of their own.
            let (told, left, all) = (AtomicUsize::new(0), left.clone(), all.clone());
            informer.on_change(move |_| {
                if told.fetch_add(1, Ordering::Relaxed) + 1 == events
                    && left.fetch_sub(1, Ordering::Relaxed) == 1
                {
                    all.notify_one();
                }
            });
            informer.synced().await?;
            informers.push(one);
        }
        Ok(Self { left, all, _informers: informers })
    }

    /// Resolves once each was told of everything.
    pub async fn done(&self) {
        while self.left.load(Ordering::Relaxed) > 0 {
            self.all.notified().await;
        }
    }
}

/// All pods, at the newest revision, from the cache once it is warm.
///
/// # Errors
/// What the object layer answers.
pub async fn list(objects: &Objects) -> Result<usize, ApiError> {
    Ok(objects.list(Pod::kind_info(), &ListQuery::all()).await?.items.len())
}
