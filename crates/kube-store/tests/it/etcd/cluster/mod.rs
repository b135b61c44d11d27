//! Three members of an etcd, of which things go wrong while clients use them: nothing that a client was told is lost,
//! no event is lost, told twice or out of order, and times to live end when they should.

mod deposed;
mod evidence;
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
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

/// How many faults make one history: it is judged whole.
const PART: usize = 25;

/// How many clusters are tried side by side: most of the time they wait.
const CLUSTERS: usize = 2;

fn tell(name: &str, ran: &Ran) {
    let Ran { judged, leases, notes, filled, by_deposed, .. } = ran;
    let sum = |of: fn(&leases::Leases) -> usize| leases.iter().map(of).sum::<usize>();
    scale::say(&format!(
        "{name}: {judged:?}, {notes} notes, quota used up {filled} times, times to live: {} kept, {} lost with their \
         keeper, {by_deposed} ended by a deposed leader, {} ended",
        sum(|kept| kept.kept),
        sum(|kept| kept.lost),
        sum(|kept| kept.ended)
    ));
}

/// Lets `faults` happen until no member forgot what it had applied, which no client can mend: each time to new members.
fn ran(cluster: &mut Cluster, seed: u64, faults: &[Fault], bug: Option<Rule>) -> Ran {
    for _ in 0..5 {
        let ran = under(cluster, seed, faults, bug);
        if !ran.forgot {
            return ran;
        }
        scale::say(&format!(
            "cluster: seed {seed}: a member forgot what it had applied (etcd-io/etcd#13766): again"
        ));
        cluster.renew();
    }
    panic!("seed {seed}: a member forgets each time");
}

/// One history, of `count` faults: what was broken, if anything.
fn part(cluster: &mut Cluster, seed: u64, count: usize) -> Option<String> {
    let faults = plan(seed, count);
    let ran = ran(cluster, seed, &faults, None);
    tell(&format!("cluster: seed {seed}, {count} faults"), &ran);
    let (judged, leases) = (ran.judged, &ran.leases);
    let idle = judged.writes <= 50 || judged.deliveries <= 50;
    let none = !leases.iter().any(|kept| kept.kept > 0 && kept.ended > 0);
    ran.broken()
        .or_else(|| idle.then(|| format!("nothing happened: {judged:?}")))
        .or_else(|| none.then(|| format!("no time to live was kept, or none ended: {leases:?}")))
        .map(|what| format!("seed {seed}: {what}: {faults:?}"))
}

#[test]
fn a_cluster_keeps_its_promises_under_faults() {
    let Some(program) = program() else { return };
    let wanted = usize::try_from(scale::number("ETCD_FAULTS", 8)).unwrap();
    let seeds = scale::seed()..;
    let counts = (0..wanted).step_by(PART).map(|done| PART.min(wanted - done));
    let parts: BTreeMap<u64, usize> = seeds.zip(counts).collect();
    let (left, running) = (Mutex::new(parts.clone()), Mutex::new(parts));
    let broken = Mutex::new(Vec::new());
    let work = || {
        let mut cluster = Cluster::start(&program, &runtime());
        while broken.lock().unwrap().is_empty() {
            let Some((seed, count)) = left.lock().unwrap().pop_first() else { return };
            let found = part(&mut cluster, seed, count);
            broken.lock().unwrap().extend(found);
            let mut running = running.lock().unwrap();
            running.remove(&seed);
            let open: usize = running.values().sum();
            let next = running.keys().next().map_or_else(String::new, |seed| format!(", next seed {seed}"));
            scale::say(&format!("cluster: {} of {wanted} faults judged{next}", wanted - open));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..CLUSTERS.min(wanted.div_ceil(PART)) {
            scope.spawn(work);
        }
    });
    let broken = broken.into_inner().unwrap();
    assert!(broken.is_empty(), "{broken:#?}");
    scale::say(&format!("cluster: {wanted} faults, 0 violations"));
}

/// What the judge must see, and how its finding begins or goes on, or its silence means nothing. Which of them it is depends
/// on which of the answers was lost.
const BUGS: [(Rule, &[&str]); 8] = [
    // The history is what watches of everything were told: where that lacks a change, later answers contradict it. A watch
    // that lacks one as it begins tells too late, or ends its state too early.
    (
        Rule::DropsEverySeventhEvent,
        &[
            "reliable: ",
            "previous: the values before",
            "conditions: ",
            "reads: ",
            "resumable: ",
            "bookmarkable: ",
            "revisions of nobody",
        ],
    ),
    // A state that comes twice, or after its bookmark, is taken for a write.
    (Rule::RepeatsABatch, &["unique: ", "no bookmark ended the state", "known writer: nobody asked for"]),
    (Rule::BookmarksTooEarly, &["bookmarkable: ", "known writer: nobody asked for"]),
    (
        Rule::SplitsTransactions,
        &["known writer: ", "own revision: ", "previous: the values before", "conditions: "],
    ),
    (
        Rule::TakesUnknownForRefused,
        &["known writer: ", "refusal: ", "previous: the values before", "conditions: "],
    ),
    (
        Rule::TakesUnknownForDone,
        &["own revision: ", "known writer: ", "previous: the values before", "conditions: ", "atomic: "],
    ),
    (Rule::ForgetsKeepAlives, &["ended after"]),
    (Rule::KeepsWhatWasLeft, &["is still there"]),
];

/// How often what depends on a lost answer is tried.
const TRIES: u64 = 12;

#[test]
fn known_bugs_show_on_a_cluster() {
    let Some(program) = program() else { return };
    let bugs = BUGS.chunks(BUGS.len().div_ceil(CLUSTERS));
    std::thread::scope(|scope| {
        for (seed, bugs) in (1_u64..).step_by(100).zip(bugs) {
            let program = &program;
            scope.spawn(move || show(&mut Cluster::start(program, &runtime()), seed, bugs));
        }
    });
}

/// Runs stores with `bugs`, and before that without one: what nobody broke must not show as broken.
fn show(cluster: &mut Cluster, seed: u64, bugs: &[(Rule, &[&str])]) {
    // From a write on, answers are lost for longer than a call may take: what was asked was done.
    let deaf = Fault::Lines(Line::DeafOnceWritten, Duration::from_secs(2));
    let faults = [deaf, deaf, deaf, Fault::KillLeader(Duration::from_millis(200))];
    let lost = (0..TRIES).any(|again| {
        let ran = ran(cluster, seed + again * 1000, &faults, None);
        assert_eq!(ran.broken(), None, "without a bug");
        ran.judged.unknown_applied > 0
    });
    assert!(lost, "no answer was lost");
    // A new leader would begin times to live anew.
    let calm = [Fault::Line(0, Line::Slow(Duration::from_millis(1)), Duration::from_secs(5))];
    for (seed, (bug, signs)) in (seed + 1..).zip(bugs) {
        let faults = if matches!(bug, Rule::ForgetsKeepAlives) { &calm[..] } else { &faults[..] };
        // A bug that shows where an answer is lost needs one that mattered.
        let tries = (0..TRIES).map(|again| ran(cluster, seed + again * 1000, faults, Some(*bug)).broken());
        let broken = { tries }.find_map(|broken| broken).unwrap_or_default();
        assert!(signs.iter().any(|sign| broken.contains(sign)), "{bug:?} is not seen but: {broken}");
        let start: String = broken.chars().take(160).collect();
        scale::say(&format!("cluster: {bug:?} is seen: {start}"));
    }
}
