//! Every scenario under a few seeds with all faults, each run twice.

use kube_sim::Sim;
use kube_sim::scenarios;

/// How many seeds to run: 8, or as many as the variable `SIM_SEEDS` says.
fn seeds() -> std::ops::Range<u64> {
    let asked = std::env::var_os("SIM_SEEDS").and_then(|text| text.to_str()?.parse().ok());
    0..asked.unwrap_or(8)
}

fn survives(sim: Sim) {
    let summary = sim.twice().run();
    assert_eq!(summary.differences, 0, "a seed did not repeat");
}

#[test]
fn a_rollout_survives_everything() {
    survives(scenarios::rollout(seeds()));
}

#[test]
fn unrest_survives_everything() {
    survives(scenarios::unrest(seeds()));
}

#[test]
fn a_rebirth_survives_everything() {
    survives(scenarios::rebirth(seeds()));
}

#[test]
fn patience_survives_everything() {
    survives(scenarios::patience(seeds()));
}

#[test]
fn crowding_survives_everything() {
    survives(scenarios::crowding(seeds()));
}
