//! Two schedulers on the same nodes never give away more than there is, and no gang is bound in part, whatever goes wrong.

use kube_sim::Sim;
use kube_sim::scenarios::{gangs, rivals};
use kube_store::mutant::{Mutant, select};
use std::ops::Range;

/// How many seeds to run: 8, or as many as the variable `SIM_SEEDS` says.
fn seeds() -> Range<u64> {
    let asked = std::env::var_os("SIM_SEEDS").and_then(|text| text.to_str()?.parse().ok());
    0..asked.unwrap_or(8)
}

#[test]
fn rivals_survive_everything() {
    let all = seeds();
    let compared = all.end.min(1);
    let summary = rivals(0..compared).twice().run();
    assert_eq!(summary.differences, 0, "a seed did not repeat");
    rivals(compared..all.end).run();
}

/// Nothing goes wrong but that the two do not know of each other's bindings in time: that alone overcommits.
#[test]
fn without_the_guard_they_give_away_more_than_there_is() {
    let caught = |sim: &Sim| sim.observe(0).trouble;
    let sim = rivals(0..1);
    let trouble = {
        let _guard = select(Mutant::BindsBlindly);
        caught(&sim).expect("the bug is seen")
    };
    assert_eq!(trouble.noticed_by(), "capacity", "{trouble:?}");
    assert!(caught(&sim).is_none(), "the unchanged build passes the same seed");
}

#[test]
fn gangs_are_bound_whole_whatever_goes_wrong() {
    gangs(seeds()).run();
}
