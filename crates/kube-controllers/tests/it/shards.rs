//! What an instance that shares work tells of its shards.

use crate::runtime::Book;
use futures::future::{Either, select};
use kube_controllers::runtime::shards::{ShardPhase, ShardedManager, Sharding, assign};
use kube_store::client::Running;
use kube_store::informer::Informers;
use kube_store::objects::Objects;
use kube_store::storage::MemoryStorage;
use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

const SHARDS: u32 = 8;

/// Looks come often. Leases last, so that none is lost where a test has to wait for the machine.
fn sharding(identity: &str) -> Sharding {
    let mut sharding = Sharding::new("work", identity, SHARDS);
    sharding.election.lease_duration = Duration::from_mins(1);
    sharding.election.renew_deadline = Duration::from_secs(40);
    sharding.election.retry_period = Duration::from_millis(20);
    sharding
}

/// How long a test waits for what should be a matter of milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

async fn until(holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    if let Either::Right(_) = select(pin!(wait), kube_store::rt::env().sleep(PATIENCE)).await {
        panic!("it never comes about");
    }
}

#[tokio::test]
async fn an_instance_tells_which_shards_it_has_and_why() {
    let env = kube_store::rt::env();
    let objects = Objects::new(Arc::new(MemoryStorage::new()), env.clone());
    let start = |identity: &str, book: &Arc<Book>| {
        let informers = Informers::new(objects.clone());
        let (sharding, book) = (sharding(identity), book.clone());
        let manager = ShardedManager::with_metrics(&objects, &informers, sharding, Vec::new, book);
        let manager = manager.expect("parameters with room for one another");
        (manager.handle(), Running::start(&env, Box::new(manager)))
    };

    let (of_a, of_b) = (Arc::new(Book::default()), Arc::new(Book::default()));
    let (a, a_runs) = start("plane-a", &of_a);
    until(|| a.owned().len() == 8).await;
    let why = a.why(0).expect("a shard");
    assert_eq!((why.phase, why.assigned.as_deref()), (ShardPhase::Held, Some("plane-a")));
    assert_eq!(why.to_string(), format!("shard 0: held since {}; assigned to plane-a", why.since));
    assert_eq!(a.why(SHARDS), None);

    let assigned = assign(["plane-a", "plane-b"], SHARDS);
    let theirs: BTreeSet<u32> =
        (0..).zip(assigned).filter(|(_, who)| *who == Some("plane-b")).map(|(shard, _)| shard).collect();
    assert!((1..8).contains(&theirs.len()), "{theirs:?}");
    let (b, b_runs) = start("plane-b", &of_b);
    until(|| b.owned() == theirs && a.owned().is_disjoint(&theirs)).await;
    let moved = *theirs.first().expect("one");
    until(|| a.why(moved).is_some_and(|why| why.holder.as_deref() == Some("plane-b"))).await;
    let why = a.why(moved).expect("a shard");
    let told = format!("shard {moved}: elsewhere since {}, held by plane-b; assigned to plane-b", why.since);
    assert_eq!(why.to_string(), told);
    assert_eq!(a.members().iter().map(|member| &**member).collect::<Vec<_>>(), ["plane-b", "plane-a"]);

    let count = u64::try_from(theirs.len()).expect("few");
    assert_eq!(of_a.gauge("controller_shards_held name=work"), 8 - count);
    assert_eq!(of_a.gauge("controller_shard_members name=work"), 2);
    assert_eq!(of_a.counted("controller_shard_moves_total name=work result=won"), 8);
    assert_eq!(of_a.counted("controller_shard_moves_total name=work result=given_up"), count);
    assert_eq!(of_a.counted("controller_shard_moves_total name=work result=lost"), 0);
    let leads = format!("leader_election_master_status name=work-{moved}");
    assert_eq!((of_a.gauge(&leads), of_b.gauge(&leads)), (0, 1));

    a_runs.stop();
    a_runs.ended().await.expect("a clean stop");
    assert_eq!((a.owned().len(), of_a.gauge("controller_shards_held name=work")), (0, 0));
    until(|| b.owned().len() == 8).await;
    b_runs.stop();
    b_runs.ended().await.expect("a clean stop");
}
