//! That the checkers see: each known bug is caught, and the unchanged build passes the same run.

use kube_sim::scenarios;
use kube_sim::{Observation, Replay, Sim};
use kube_store::mutant::{Mutant, Selected, select};

/// Which run catches which mutant, and who notices: the table that `--example mutants` prints.
const CAUGHT: &[(Mutant, &str, u64, &str)] = &[
    (Mutant::ActsOnOldCaches, "deployment", 0, "creations"),
    (Mutant::IgnoresConflicts, "storm", 2, "at rest"),
    (Mutant::StartsUnsynced, "restarts", 0, "creations"),
    (Mutant::NeverLooksAgain, "patience", 0, "at rest"),
    (Mutant::CountsTerminating, "deployment", 0, "counts"),
    (Mutant::DeletesByName, "namesakes", 1, "lives"),
    (Mutant::BindsTwice, "failover", 0, "bindings"),
    (Mutant::SkipsOnReconnect, "unrest", 1, "endpoints"),
    (Mutant::StatusBumpsItself, "deployment", 0, "endless"),
    (Mutant::KeepsEndpoints, "rebirth", 0, "endpoints"),
    (Mutant::GivesUpReadyPods, "unrest", 1, "victims"),
    (Mutant::StartsTwice, "deployment", 1, "lives"),
    (Mutant::IgnoresSurge, "deployment", 0, "rollouts"),
    (Mutant::TrustsOldCounts, "failover", 1, "rollouts"),
    (Mutant::ForgetsAssumed, "crowding", 0, "capacity"),
    (Mutant::BindsBlindly, "rivals", 0, "capacity"),
    (Mutant::TrustsItsCache, "storm", 1, "collector"),
    (Mutant::AcknowledgesEarly, "outage", 0, "journal"),
    (Mutant::LosesBusyKeys, "patience", 0, "endpoints"),
    (Mutant::KeepsGoneObjects, "unrest", 1, "endpoints"),
    (Mutant::DropsFailedReports, "stateful", 0, "ordinals"),
];

const PARTS: usize = 4;

fn scenario(name: &str, seed: u64) -> Sim {
    let found = scenarios::ALL.into_iter().find(|(other, _)| *other == name);
    found.unwrap_or_else(|| panic!("no scenario {name}")).1(seed..seed + 1)
}

fn observe(name: &str, seed: u64, bug: Option<Mutant>) -> Observation {
    let _guard: Option<Selected> = bug.map(select);
    scenario(name, seed).observe(seed)
}

#[test]
fn every_known_bug_is_in_the_table_once() {
    let mut named: Vec<Mutant> = CAUGHT.iter().map(|(mutant, ..)| *mutant).collect();
    named.sort_unstable();
    let mut all = Mutant::ALL.to_vec();
    all.sort_unstable();
    assert_eq!(named, all);
}

/// In parts that run side by side.
fn check(part: usize) {
    let mut wrong = Vec::new();
    for (mutant, name, seed, oracle) in CAUGHT.iter().skip(part).step_by(PARTS) {
        let with = observe(name, *seed, Some(*mutant)).trouble;
        if with.as_ref().is_none_or(|trouble| trouble.noticed_by() != *oracle) {
            wrong.push(format!("{mutant:?}, seed {seed} of {name}: {with:?}"));
        }
        if let Some(trouble) = observe(name, *seed, None).trouble {
            wrong.push(format!("seed {seed} of {name} fails without a mutant: {trouble}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn known_bugs_are_caught_and_nothing_else_one() {
    check(0);
}

#[test]
fn known_bugs_are_caught_and_nothing_else_two() {
    check(1);
}

#[test]
fn known_bugs_are_caught_and_nothing_else_three() {
    check(2);
}

#[test]
fn known_bugs_are_caught_and_nothing_else_four() {
    check(3);
}

#[test]
fn a_failing_run_is_shrunk_and_its_line_replays_it() {
    let (_, name, seed, oracle) =
        CAUGHT.iter().find(|(mutant, ..)| *mutant == Mutant::CountsTerminating).unwrap();
    let _guard = select(Mutant::CountsTerminating);
    let failure = scenario(name, *seed).check().expect_err("the mutant is caught");
    assert_eq!(failure.trouble.noticed_by(), *oracle);
    assert!(failure.plan.faults.len() < failure.drawn, "{failure}");
    let line = failure.replay.to_string();
    assert!(failure.to_string().contains(&format!("replay: KUBE_SIM=\"{line}\"")), "{failure}");
    let replay: Replay = line.parse().unwrap();
    let again = scenario(name, *seed).replay(&replay).expect_err("the line fails as well");
    assert_eq!(again.trouble, failure.trouble);
}
