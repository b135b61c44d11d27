//! What an instance counts of its shards.
//!
//! Source: `k8s.io/client-go/tools/leaderelection` for `leader_election_master_status`; the others have no model.

use super::{Shard, Sharding};
use kube_core::metrics::{Counter, Gauge, Metrics};

/// The handles of one instance.
#[derive(Debug)]
pub(super) struct Meters {
    /// Shards that it works on.
    pub(super) held: Gauge,
    /// Instances that live, itself among them.
    pub(super) members: Gauge,
    pub(super) won: Counter,
    pub(super) given_up: Counter,
    pub(super) lost: Counter,
    /// Whether it has won the election of each shard.
    pub(super) leads: Vec<Gauge>,
}

impl Meters {
    pub(super) fn new(metrics: &dyn Metrics, sharding: &Sharding) -> Self {
        let name = [("name", &*sharding.election.name)];
        let moves = |result| metrics.counter("controller_shard_moves_total", &[name[0], ("result", result)]);
        let leads = |shard| {
            let election = sharding.election_of(shard).name;
            metrics.gauge("leader_election_master_status", &[("name", &*election)])
        };
        Self {
            held: metrics.gauge("controller_shards_held", &name),
            members: metrics.gauge("controller_shard_members", &name),
            won: moves("won"),
            given_up: moves("given_up"),
            lost: moves("lost"),
            leads: Shard::all(sharding.shards).map(leads).collect(),
        }
    }
}
