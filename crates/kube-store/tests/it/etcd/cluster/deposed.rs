//! A leader that stood still answers as if it led, until it learns of the new one.

use super::members::Cluster;
use crate::etcd::server::{program, runtime};
use futures::future::join_all;
use kube_store::storage::etcd::{EtcdOptions, EtcdStorage};
use kube_store::storage::{Key, Op, ReadAt, Storage, TtlId, TtlOp, Txn};
use std::time::Duration;

/// How many keep something alive at the same time: not each one's question is answered before the leader learns.
const KEEPERS: usize = 24;

/// What they keep alive lasts longer than the leader stands still, and less than that from there on: the new leader
/// ends it, unless it was asked as well.
const LENGTH: Duration = Duration::from_secs(5);
const STILL: Duration = Duration::from_millis(3800);

/// When one must still live that was kept alive.
const NEARLY: Duration = Duration::from_millis(4700);

struct Keeper {
    storage: EtcdStorage,
    id: TtlId,
    key: Key,
}

/// One that knows of a single member, and waits for it.
async fn keeper(cluster: &Cluster, endpoint: &str, prefix: &str, number: usize) -> Keeper {
    let options = EtcdOptions { prefix: prefix.into(), keep_alive: LENGTH * 2, ..options(cluster) };
    let storage = EtcdStorage::connect([endpoint], options).await.unwrap();
    let id = storage.ttl(TtlOp::Grant(LENGTH)).await.unwrap().id;
    let key = Key::new(format!("/kept-{number}"));
    storage.txn(Txn::of(vec![Op::Put { key: key.clone(), value: "v".into(), ttl: Some(id) }])).await.unwrap();
    Keeper { storage, id, key }
}

fn options(cluster: &Cluster) -> EtcdOptions {
    EtcdOptions { timeout: LENGTH * 2, ..EtcdOptions::with_env(cluster.env.clone()) }
}

#[test]
fn what_a_deposed_leader_kept_alive_lives() {
    let Some(program) = program() else { return };
    let runtime = runtime();
    let cluster = Cluster::start(&program, &runtime);
    let (prefix, leader) = (cluster.prefix(), cluster.current_leader());
    let mut endpoints = cluster.endpoints();
    let old = endpoints.remove(leader);
    runtime.block_on(async {
        let begun = (0..KEEPERS).map(|number| keeper(&cluster, &old, &prefix, number));
        let keepers = join_all(begun).await;
        cluster.signal(leader, "STOP");
        cluster.env.sleep(STILL).await;
        // They ask while it stands still.
        let kept = keepers.iter().map(|one| async {
            let sent = cluster.env.now();
            one.storage.ttl(TtlOp::KeepAlive(one.id)).await.map(|_| (sent, one.key.clone()))
        });
        let goes_on = async {
            cluster.env.sleep(Duration::from_millis(100)).await;
            cluster.signal(leader, "CONT");
        };
        let (kept, ()) = futures::future::join(join_all(kept), goes_on).await;
        let kept: Vec<_> = kept.into_iter().flatten().collect();
        assert!(!kept.is_empty(), "nobody was told");
        let near =
            EtcdStorage::connect(endpoints, EtcdOptions { prefix, ..options(&cluster) }).await.unwrap();
        for (sent, key) in kept {
            let nearly = sent + NEARLY;
            cluster.env.sleep(nearly.since(cluster.env.now())).await;
            let got = near.get(&key, ReadAt::Latest).await.unwrap();
            let lived = cluster.env.now().since(sent);
            assert!(got.kv.is_some() || lived > LENGTH, "{key} ended after {lived:?} of {LENGTH:?}");
        }
    });
}
