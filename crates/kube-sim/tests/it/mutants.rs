//! That the checkers see: each known bug is caught, and the unchanged build passes the same run.

use kube_sim::scenarios;
use kube_sim::{Observation, Replay, Sim};
use kube_store::mutant::{Mutant, Selected, select};

/// Which run catches which mutant, and who notices: the table that `--example mutants` prints.
const CAUGHT: &[(Mutant, &str, u64, &str)] = &[
    (Mutant::ActsOnOldCaches, "crowding", 15, "creations"),
    (Mutant::IgnoresConflicts, "crowding", 2, "endpoints"),
    (Mutant::StartsUnsynced, "restarts", 1, "creations"),
    (Mutant::NeverLooksAgain, "patience", 0, "at rest"),
    (Mutant::CountsTerminating, "deployment", 0, "counts"),
    (Mutant::DeletesByName, "namesakes", 0, "lives"),
    (Mutant::BindsTwice, "failover", 0, "bindings"),
    (Mutant::SkipsOnReconnect, "failover", 139, "counts"),
    (Mutant::StatusBumpsItself, "deployment", 0, "endless"),
    (Mutant::KeepsEndpoints, "namesakes", 0, "endpoints"),
    (Mutant::GivesUpReadyPods, "unrest", 1, "victims"),
    (Mutant::StartsTwice, "silence", 0, "lives"),
    (Mutant::TrustsItsCache, "storm", 1, "collector"),
    (Mutant::IgnoresSurge, "deployment", 0, "rollouts"),
    (Mutant::TrustsOldCounts, "outage", 1, "rollouts"),
    (Mutant::ForgetsAssumed, "crowding", 0, "capacity"),
    (Mutant::LosesBusyKeys, "crowding", 5, "at rest"),
    (Mutant::KeepsGoneObjects, "unrest", 1, "endpoints"),
    (Mutant::DropsFailedReports, "stateful", 4, "ordinals"),
    (Mutant::BindsBlindly, "rivals", 0, "capacity"),
    (Mutant::AcknowledgesEarly, "outage", 0, "journal"),
    (Mutant::LosesJobCounts, "jobs", 1, "accounts"),
    (Mutant::ReleasesBeforeCounting, "jobs", 0, "accounts"),
    (Mutant::CountsBrokenAsSpent, "parallel", 0, "ordinals"),
    (Mutant::HidesStuckRollout, "trap", 0, "advice"),
    (Mutant::BuriesStrangers, "owners", 0, "collector"),
    (Mutant::RunsAgainWhenClocksGoBack, "crons", 0, "runs"),
    (Mutant::CountsPodsOfDeadNodes, "resizes", 0, "rollouts"),
    (Mutant::LeaksOnResize, "resizes", 0, "shares"),
    (Mutant::ForgetsUnboundDaemons, "daemons", 0, "one per node"),
    (Mutant::TrustsOldLeases, "silence", 0, "silences"),
    (Mutant::WritesOverEvictions, "evictions", 0, "budgets"),
    (Mutant::FinalisesTooSoon, "namespaces", 1, "emptied"),
    (Mutant::LoopsOnRejectedPods, "rejections", 0, "paces"),
    (Mutant::IgnoresFences, "election", 2, "fences"),
    (Mutant::ExpiresByTheWall, "election", 2, "tenures"),
    (Mutant::RenewsAfterDeadline, "election", 13, "tenures"),
    (Mutant::ForgetsRelease, "election", 0, "failovers"),
    (Mutant::WorksUnfenced, "shards", 55, "ranges"),
    (Mutant::KeepsLostShards, "shards", 0, "ranges"),
    (Mutant::HandsOverBusyKeys, "shards", 7, "handovers"),
    (Mutant::WaitsForTheDead, "shards", 0, "ranges"),
    (Mutant::BuriesTheAbsent, "shards", 0, "members"),
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

/// Seeds in which a known bug has to be seen. The table says where it was when it was written: whatever changes the
/// order of things moves it.
const SEEDS: u64 = 200;

/// The first seed in which the oracle notices the bug, beginning with the one of the table.
fn caught((mutant, name, seed, oracle): &(Mutant, &str, u64, &str)) -> Option<u64> {
    let mut seeds = std::iter::once(*seed).chain((0..SEEDS).filter(|other| other != seed));
    seeds.find(|seed| {
        let trouble = observe(name, *seed, Some(*mutant)).trouble;
        trouble.is_some_and(|trouble| trouble.noticed_by() == *oracle)
    })
}

/// In parts that run side by side.
#[expect(clippy::print_stdout, reason = "tells what to change in the table")]
fn check(part: usize) {
    // One alone, by its name.
    let asked = std::env::var_os("SIM_MUTANT");
    let mut wrong = Vec::new();
    for row @ (mutant, name, seed, oracle) in CAUGHT.iter().skip(part).step_by(PARTS) {
        if asked.as_ref().is_some_and(|asked| *asked != *format!("{mutant:?}")) {
            continue;
        }
        let Some(found) = caught(row) else {
            wrong.push(format!("{mutant:?} is not noticed by {oracle} in {SEEDS} seeds of {name}"));
            continue;
        };
        if found != *seed {
            println!("{mutant:?} is noticed by {oracle} in seed {found} of {name} now, not in {seed}");
        }
        if let Some(trouble) = observe(name, found, None).trouble {
            wrong.push(format!("seed {found} of {name} fails without a mutant: {trouble}"));
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
    let row = CAUGHT.iter().find(|(mutant, ..)| *mutant == Mutant::CountsTerminating).unwrap();
    let (_, name, _, oracle) = row;
    let seed = &caught(row).expect("the mutant is caught");
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
