//! Three members of an etcd, of which things go wrong while clients use them: nothing that a client was told is lost,
//! no event is lost, told twice or out of order, and times to live end when they should.

mod faults;
mod leases;
mod members;
mod proxy;
mod run;

use super::server::{program, runtime};
use crate::mutants::Rule;
use crate::scale;
use faults::{Fault, plan};
use members::Cluster;
use proxy::Line;
use run::{Ran, under};
use std::time::Duration;

/// How many faults make one history: it is judged whole.
const PART: usize = 25;

fn tell(name: &str, ran: &Ran) {
    let Ran { judged, leases, notes, filled, .. } = ran;
    let sum = |of: fn(&leases::Leases) -> usize| leases.iter().map(of).sum::<usize>();
    scale::say(&format!(
        "{name}: {judged:?}, {notes} notes, quota used up {filled} times, times to live: {} kept, {} lost with their \
         keeper, {} ended",
        sum(|kept| kept.kept),
        sum(|kept| kept.lost),
        sum(|kept| kept.ended)
    ));
}

#[test]
fn a_cluster_keeps_its_promises_under_faults() {
    let Some(program) = program() else { return };
    let mut cluster = Cluster::start(&program, &runtime());
    let (mut seed, wanted) = (scale::seed(), usize::try_from(scale::number("ETCD_FAULTS", 8)).unwrap());
    let mut done = 0;
    while done < wanted {
        let faults = plan(seed, PART.min(wanted - done));
        let ran = under(&mut cluster, seed, &faults, None);
        tell(&format!("cluster: seed {seed}, {} faults", faults.len()), &ran);
        assert_eq!(ran.broken(), None, "seed {seed}: {faults:?}");
        let judged = ran.judged;
        assert!(judged.writes > 50 && judged.deliveries > 50, "seed {seed}: nothing happened: {judged:?}");
        assert!(
            ran.leases.iter().any(|kept| kept.kept > 0 && kept.ended > 0),
            "seed {seed}: {:?}",
            ran.leases
        );
        done += faults.len();
        seed += 1;
        scale::say(&format!("cluster: {done} of {wanted} faults, 0 violations, next seed {seed}"));
    }
}

/// What the judge must see, and as what, or its silence means nothing.
const BUGS: [(Rule, &[&str]); 8] = [
    (Rule::DropsEverySeventhEvent, &["is left out", "nobody wrote"]),
    (Rule::RepeatsABatch, &["is told twice", "no bookmark ended the state"]),
    (Rule::BookmarksTooEarly, &["bookmarkable", "after the bookmark"]),
    (Rule::SplitsTransactions, &["previous", "nobody asked for"]),
    (Rule::TakesUnknownForRefused, &["nobody asked for", "is a write that was refused"]),
    (Rule::TakesUnknownForDone, &["own revision", "conditions", "previous", "known writer", "atomic"]),
    (Rule::ForgetsKeepAlives, &["ended after"]),
    (Rule::KeepsWhatWasLeft, &["is still there"]),
];

#[test]
fn known_bugs_show_on_a_cluster() {
    let Some(program) = program() else { return };
    let mut cluster = Cluster::start(&program, &runtime());
    // Answers are lost for longer than a call may take: what was asked was done.
    let deaf = Fault::Lines(Line::Deaf, Duration::from_secs(2));
    let faults = [deaf, Fault::KillLeader(Duration::from_millis(200))];
    for seed in [1, 2] {
        let ran = under(&mut cluster, seed, &faults, None);
        assert_eq!(ran.broken(), None, "without a bug");
        assert!(ran.judged.unknown_applied > 0, "no answer was lost: {:?}", ran.judged);
    }
    for (seed, (bug, signs)) in (3..).zip(BUGS) {
        // A bug that shows where an answer is lost needs one that mattered.
        let tries = (0..3).map(|again| under(&mut cluster, seed + again * 100, &faults, Some(bug)).broken());
        let broken = { tries }.find_map(|broken| broken).unwrap_or_default();
        assert!(signs.iter().any(|sign| broken.contains(sign)), "{bug:?} is not seen but: {broken}");
        let seen: String = broken.chars().take(160).collect();
        scale::say(&format!("cluster: {bug:?} is seen: {seen}"));
    }
}
