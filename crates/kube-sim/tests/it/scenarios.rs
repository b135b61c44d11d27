//! Every scenario under a few seeds with all faults.

use kube_sim::{Faults, Sim, scenarios};
use std::ops::Range;
use std::time::Duration;

/// How many seeds to run: 8, or as many as the variable `SIM_SEEDS` says.
fn seeds() -> Range<u64> {
    let asked = std::env::var_os("SIM_SEEDS").and_then(|text| text.to_str()?.parse().ok());
    0..asked.unwrap_or(8)
}

/// Two seeds twice, to compare them step by step, the others once.
fn survives(make: fn(Range<u64>) -> Sim) {
    let all = seeds();
    let compared = all.end.min(2);
    let summary = make(0..compared).twice().run();
    assert_eq!(summary.differences, 0, "a seed did not repeat");
    make(compared..all.end).run();
}

#[test]
fn a_deployment_survives_everything() {
    survives(scenarios::deployment);
}

#[test]
fn a_rollout_survives_everything() {
    survives(scenarios::rollout);
}

#[test]
fn unrest_survives_everything() {
    survives(scenarios::unrest);
}

#[test]
fn a_rebirth_survives_everything() {
    survives(scenarios::rebirth);
}

#[test]
fn patience_survives_everything() {
    survives(scenarios::patience);
}

#[test]
fn crowding_survives_everything() {
    survives(scenarios::crowding);
}

#[test]
fn a_stateful_set_survives_everything() {
    survives(scenarios::stateful);
}

#[test]
fn daemons_survive_everything() {
    survives(scenarios::daemons);
}

#[test]
fn silent_nodes_survive_everything() {
    survives(scenarios::silence);
}

#[test]
fn a_failover_survives_everything() {
    survives(scenarios::failover);
}

#[test]
fn namesakes_survive_everything() {
    survives(scenarios::namesakes);
}

#[test]
fn a_storm_is_survived() {
    survives(scenarios::storm);
}

#[test]
fn an_outage_is_survived() {
    survives(scenarios::outage);
}

#[test]
fn restarts_are_survived() {
    survives(scenarios::restarts);
}

#[test]
fn jobs_survive_everything() {
    survives(scenarios::jobs);
}

#[test]
fn cron_jobs_survive_everything() {
    survives(scenarios::crons);
}

#[test]
fn evictions_survive_everything() {
    survives(scenarios::evictions);
}

#[test]
fn namespaces_survive_everything() {
    survives(scenarios::namespaces);
}

#[test]
fn owners_survive_everything() {
    survives(scenarios::owners);
}

#[test]
fn a_parallel_stateful_set_survives_everything() {
    survives(scenarios::parallel);
}

#[test]
fn a_trap_is_told_under_everything() {
    survives(scenarios::trap);
}

#[test]
fn rejections_survive_everything() {
    survives(scenarios::rejections);
}

#[test]
fn resizes_survive_everything() {
    survives(scenarios::resizes);
}

#[test]
fn services_survive_everything() {
    survives(scenarios::services);
}

#[test]
fn mirrors_survive_everything() {
    survives(scenarios::mirrors);
}

#[test]
fn balancers_survive_everything() {
    survives(scenarios::balancers);
}

#[test]
fn an_election_survives_everything() {
    survives(scenarios::election);
}

#[test]
fn shards_survive_everything() {
    survives(scenarios::shards);
}

/// Instances that nothing ails share the work, and each does a part of it.
#[test]
fn shards_are_shared() {
    let seen = scenarios::shards(0..1).faults(Faults::none()).observe(0);
    assert!(seen.trouble.is_none(), "{seen:?}");
    for instance in ["alder", "beech", "cherry"] {
        let commits = seen.commits_by.get(instance).copied().unwrap_or_default();
        assert!(commits > 50, "{instance}: {:?}", seen.commits_by);
    }
}

/// Whoever dies as the last thing that happens lives again at once: its burial, which came a moment later, once took the
/// next life with it.
#[test]
fn a_crash_as_the_last_act_is_healed() {
    let sim = Sim::seeds(0..2).nodes(2).scenario(|c| async move {
        c.apply(scenarios::WEB).await;
        c.crash("node-0", Duration::from_mins(2));
        c.crash("node-1", Duration::from_mins(2));
        c.crash("replicaset-controller", Duration::from_mins(2));
    });
    sim.run();
}

/// Runs that failed once: informers of kinds that nobody wrote waited in vain for the revision that a controller, in
/// doubt about a write of its own, asked for. A server whose store failed after a power cut, which nobody saw. Caches
/// that claimed a revision of which they had given up a part when their watch broke. A controller that made a ReplicaSet
/// for a Deployment that was gone, as fast as it was collected. One that never learned that what it had made was gone,
/// since its watch was lost meanwhile. And oracles that asked for more than is promised: that a
/// revision is known which was told in the same moment in which the watch broke, that a config map is there at once, and
/// that a pod which runs for the first time ends no row of rejections.
#[test]
fn what_failed_once_stays_mended() {
    for (sim, line) in [
        (scenarios::rebirth(0..1), "seed=2 faults=4,6,7 reorder="),
        (scenarios::crowding(0..1), "seed=7 faults=4,5 reorder="),
        (scenarios::crowding(0..1), "seed=17 faults=0,4,5,9"),
        (scenarios::outage(0..1), "seed=38 faults=4,5,6,11,14"),
        (scenarios::outage(0..1), "seed=39 faults=12,13"),
        (scenarios::outage(0..1), "seed=5030"),
        (scenarios::storm(0..1), "seed=5003"),
        (scenarios::deployment(0..1), "seed=2370"),
        (scenarios::namespaces(0..1), "seed=1 fault=skip-at:deployment-controller:53:5000"),
        (scenarios::namespaces(0..1), "seed=1 fault=skip-at:serviceaccount-controller:12:5000"),
        (scenarios::namespaces(0..1), "seed=1 fault=stale-at:deployment-controller:53:30000"),
        (
            scenarios::namespaces(0..1),
            "seed=1 fault=stale-at:root-ca-certificate-publisher-controller:8:30000",
        ),
        (scenarios::rejections(0..1), "seed=1 fault=crash-after:node-0:21:2000"),
        (scenarios::rejections(0..1), "seed=1 fault=crash-after:node-0:27:2000"),
    ] {
        let replayed = sim.replay(&line.parse().expect("a replay"));
        assert!(replayed.is_ok(), "{line}: {}", replayed.unwrap_err());
    }
}
