//! That the checkers see: each known bug is caught, and the unchanged build passes the same run.

use kube_sim::scenarios;
use kube_sim::{Observation, Replay, Sim};
use kube_store::mutant::{Mutant, Selected, select};

/// Which run catches which mutant, and who notices: the table that `--example mutants` prints.
const CAUGHT: &[(Mutant, &str, u64, &str)] = &[];

fn scenario(name: &str, seed: u64) -> Sim {
    let found = scenarios::ALL.into_iter().find(|(other, _)| *other == name);
    found.unwrap_or_else(|| panic!("no scenario {name}")).1(seed..seed + 1)
}

fn observe(name: &str, seed: u64, bug: Option<Mutant>) -> Observation {
    let _guard: Option<Selected> = bug.map(select);
    scenario(name, seed).observe(seed)
}

#[test]
fn every_mutant_has_a_run_that_catches_it() {
    for mutant in Mutant::ALL {
        assert!(CAUGHT.iter().any(|(caught, ..)| *caught == mutant), "{mutant:?} is in no line of the table");
    }
}

/// Two halves, so that they run side by side.
fn check(remainder: usize) {
    for (mutant, name, seed, oracle) in CAUGHT.iter().skip(remainder).step_by(2) {
        let with = observe(name, *seed, Some(*mutant)).trouble;
        let noticed = with.as_ref().map(|trouble| trouble.noticed_by().to_owned());
        assert_eq!(noticed.as_deref(), Some(*oracle), "{mutant:?}, seed {seed} of {name}: {with:?}");
        let without = observe(name, *seed, None).trouble;
        assert!(without.is_none(), "seed {seed} of {name} fails without a mutant: {without:?}");
    }
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
fn a_failing_run_is_shrunk_and_its_line_replays_it() {
    let (_, name, seed, oracle) = CAUGHT.iter().find(|(mutant, ..)| *mutant == Mutant::StartsUnsynced).unwrap();
    let _guard = select(Mutant::StartsUnsynced);
    let failure = scenario(name, *seed).check().expect_err("the mutant is caught");
    assert_eq!(failure.trouble.noticed_by(), *oracle);
    assert!(failure.plan.faults.len() < failure.drawn, "{failure}");
    let line = failure.replay.to_string();
    assert!(failure.to_string().contains(&format!("replay: KUBE_SIM=\"{line}\"")), "{failure}");
    let replay: Replay = line.parse().unwrap();
    let again = scenario(name, *seed).replay(&replay).expect_err("the line fails as well");
    assert_eq!(again.trouble, failure.trouble);
}
