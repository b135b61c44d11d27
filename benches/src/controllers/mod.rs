//! Controllers: their queue, and a few of them at scale in a store in memory.

pub mod baseline;
mod clocked;
mod collect;
mod pace;
mod steady;

pub use clocked::{Clocked, Spread};
pub use collect::collect;
pub use pace::pace;
pub use steady::steady;

use kube_controllers::runtime::queue::{Add, Finish, RetryLimits, WorkQueue};
use kube_controllers::runtime::{Cause, Controller, Manager};
use kube_core::env::{Env, Mono};
use kube_core::error::ApiError;
use kube_core::resource::ObjectKey;
use kube_store::client::Running;
use kube_store::informer::Informers;
use kube_store::objects::Objects;
use kube_store::storage::MemoryStorage;
use std::sync::Arc;

/// Keys as controllers have them.
pub fn keys(count: usize) -> Vec<ObjectKey> {
    (0..count)
        .map(|n| ObjectKey::new(format!("team-{:02}", n % 50), format!("web-7d4b9c6f5d-{n:06}")))
        .collect()
}

/// Adds every key, takes each from the queue and gives it back; how many runs that were.
pub fn queue(keys: &[ObjectKey]) -> usize {
    let mut queue = WorkQueue::new(RetryLimits::default());
    let now = Mono::default();
    for key in keys {
        queue.add(key.clone(), Add::now(Cause::Requeued), now);
    }
    let mut runs = 0;
    while let Some(lease) = queue.pop(now) {
        runs += 1;
        queue.done(lease, Finish::Done, now);
    }
    runs
}

/// A store, and controllers that are at work in it.
struct World {
    objects: Arc<Objects>,
    clocked: Clocked,
    manager: Running,
}

impl World {
    fn start(env: &Env, controllers: impl IntoIterator<Item = Controller>) -> Self {
        let objects = Objects::new(Arc::new(MemoryStorage::new()), env.clone());
        let informers = Informers::new(objects.clone());
        let clocked = Clocked::default();
        let manager = Manager::with_metrics(&informers, controllers, Arc::new(clocked.clone()));
        Self { objects, clocked, manager: Running::start(env, Box::new(manager)) }
    }

    async fn stop(self) -> Result<(), ApiError> {
        self.manager.stop();
        self.manager.ended().await
    }
}

#[cfg(test)]
mod tests {
    use super::{Spread, baseline, collect, keys, pace, queue, steady};
    use std::time::Duration;

    #[test]
    fn both_queues_run_every_key_once() {
        let keys = keys(1_000);
        assert_eq!((queue(&keys), baseline::queue(&keys)), (1_000, 1_000));
    }

    #[tokio::test]
    async fn the_small_runs_come_to_their_ends() {
        let env = kube_store::rt::env();
        let spread: Spread = pace(&env, 20, Duration::from_millis(1)).await.unwrap();
        assert_eq!(spread.count(), 20);
        assert!(steady(&env, 30, 5).await.unwrap().count() >= 5);
        assert!(collect(&env, 30).await.unwrap() > Duration::ZERO);
    }
}
