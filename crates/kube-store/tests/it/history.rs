//! Many clients at once, recorded and judged; durable engines are opened again in between, and fail under way.

use crate::backend::{Backend, Engine, InDirectory, Memory, RedbOnDisk};
use crate::scale;
use crate::stage::Stage;
use crate::tape::Tape;
use futures::future::join_all;
use kube_store::conformance::Advance;
use kube_store::conformance::history::{Finding, Judged, Recorder, Traffic, TrafficOptions, check};
use kube_store::storage::mvcc::Drive;
use kube_store::storage::{MemoryStorage, Storage};
use std::sync::Arc;

/// What became of one history.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) operations: usize,
    pub(crate) judged: Judged,
    pub(crate) finding: Option<Finding>,
    /// Whether a client waited for what never came.
    pub(crate) stuck: bool,
}

/// Rounds of traffic on one thread, so that a seed repeats; a durable medium is opened anew before each round, and
/// fails in the middle of every second one.
pub(crate) fn reopened(backend: &dyn Backend, stage: &Stage, seed: u64, steps: usize) -> Ran {
    let recorder = Recorder::new();
    let clock = stage.clock.clone();
    let advance: Arc<Advance> = Arc::new(move |by| clock.advance(by));
    let options = TrafficOptions { steps, advance: Some(advance), ..TrafficOptions::default() };
    let mut traffic = Traffic::new(&recorder, seed, options);
    let mut stuck = false;
    let rounds = if backend.is_durable() { 4 } else { 1 };
    for round in 0..rounds {
        let storage = backend.open(&stage.env).expect("the medium opens");
        recorder.opened(storage.status().head);
        if round % 2 == 1 {
            backend.fail_after(usize::try_from(seed % 40).unwrap());
        }
        stuck |= stage.run(join_all(traffic.round(&storage))).is_none();
        stuck |= stage.run(traffic.finish(&storage)).is_none();
        storage.close();
    }
    Ran { stuck, ..judged(&recorder) }
}

/// One round on threads that really run at once.
fn on_threads(storage: &Arc<dyn Storage>, seed: u64, steps: usize) -> Ran {
    let recorder = Recorder::new();
    let options = TrafficOptions { steps, ..TrafficOptions::default() };
    let mut traffic = Traffic::new(&recorder, seed, options);
    std::thread::scope(|scope| {
        for client in traffic.round(storage) {
            scope.spawn(|| Stage::new().run(client).expect("a store answers"));
        }
    });
    let finished = Stage::new().run(traffic.finish(storage)).is_some();
    Ran { stuck: !finished, ..judged(&recorder) }
}

fn judged(recorder: &Recorder) -> Ran {
    let operations = recorder.operations();
    match check(&recorder.take()) {
        Ok(judged) => Ran { operations, judged, finding: None, stuck: false },
        Err(finding) => Ran { operations, judged: Judged::default(), finding: Some(finding), stuck: false },
    }
}

/// Histories until there are as many operations as the variable `STORE_OPERATIONS` says, each from a seed of its own.
fn campaign(name: &str, ran: impl Fn(u64) -> Ran) {
    let wanted = usize::try_from(scale::number("STORE_OPERATIONS", 4_000)).unwrap();
    let (first, mut histories, mut sum) = (scale::seed(), 0, Judged::default());
    while sum.operations < wanted {
        let seed = first + histories;
        let ran = ran(seed);
        assert_eq!((&ran.finding, ran.stuck), (&None, false), "{name}: seed {seed}");
        assert!(ran.judged.writes > 0 && ran.judged.deliveries > 0, "{name}: seed {seed}: {ran:?}");
        histories += 1;
        sum.operations += ran.judged.operations;
        sum.writes += ran.judged.writes;
        sum.answers += ran.judged.answers;
        sum.deliveries += ran.judged.deliveries;
        sum.unknown_applied += ran.judged.unknown_applied;
        sum.unknown_lost += ran.judged.unknown_lost;
        scale::progress(name, sum.operations, wanted, ran.judged.operations, first + histories);
    }
    let last = first + histories;
    scale::say(&format!("histories {name}: seeds {first}..{last}, {sum:?}, 0 violations"));
}

#[test]
fn memory_keeps_history() {
    campaign("memory", |seed| reopened(&Memory, &Stage::new(), seed, 200));
}

#[test]
fn memory_keeps_history_on_threads() {
    campaign("memory, threads", |seed| {
        let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
        on_threads(&storage, seed, 200)
    });
}

#[test]
fn a_journal_that_keeps_its_promise_keeps_history() {
    campaign("tape", |seed| reopened(&Tape::default(), &Stage::new(), seed, 100));
}

#[test]
fn redb_keeps_history() {
    campaign("redb", |seed| reopened(&RedbOnDisk::default(), &Stage::new(), seed, 100));
}

/// Here the disk fails under a compaction: it is told as that of the medium, and is why the watches end.
#[test]
fn a_compaction_that_fails_is_why_watches_end() {
    let ran = reopened(&RedbOnDisk::default(), &Stage::new(), 84, 100);
    assert_eq!((ran.finding, ran.stuck), (None, false));
}

#[test]
fn redb_keeps_history_on_threads() {
    campaign("redb, threads", |seed| in_directory(Engine::Redb, seed));
}

#[test]
fn sled_keeps_history_on_threads() {
    campaign("sled, threads", |seed| in_directory(Engine::Sled, seed));
}

/// As its users run it: a committer's thread, and clients on threads.
fn in_directory(engine: Engine, seed: u64) -> Ran {
    let backend = InDirectory::new(engine, Drive::Thread);
    let storage = backend.open(&Stage::new().env).expect("an empty place");
    on_threads(&storage, seed, 200)
}

/// The same seed on one thread is the same history.
#[test]
fn a_seed_repeats() {
    let ran = || reopened(&Tape::default(), &Stage::new(), 7, 50).judged;
    let first = ran();
    assert!(first.operations > 0);
    assert_eq!(first, ran());
}
