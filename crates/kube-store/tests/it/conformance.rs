//! The contract of storage, run for every engine, and against engines that break it.

use crate::mutants::{Broken, Rule};
use crate::worlds::{Scratch, Spawned};
use kube_core::env::{Env, ManualClock, SeededIds};
use kube_store::conformance::{Report, Subject, run_all, run_all_at_once};
use kube_store::storage::memory::MemoryOptions;
use kube_store::storage::mvcc::{MvccOptions, MvccStorage, NoJournal};
use kube_store::storage::redb::RedbStorage;
use kube_store::storage::sled::SledStorage;
use kube_store::storage::{DurableOptions, KeyRange, Limits, ListOptions, MemoryStorage, Storage};
use std::sync::Arc;

/// An environment whose clock the test moves and whose tasks run on the runtime of the test.
fn world() -> (Env, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(jiff::Timestamp::UNIX_EPOCH));
    (Env::new(clock.clone(), Arc::new(Spawned::here()), Arc::new(SeededIds::new(1)), 1), clock)
}

fn options(limits: Limits) -> (MvccOptions, Arc<ManualClock>) {
    let (env, clock) = world();
    let options = MvccOptions { limits, env: Some(env), ..MvccOptions::default() };
    (options, clock)
}

fn subject(limits: Limits) -> Subject {
    let (options, clock) = options(limits);
    let storage = MvccStorage::over(NoJournal::default(), options).unwrap();
    Subject::new(Arc::new(storage)).with_clock(move |by| clock.advance(by))
}

fn holds(report: &Report, skipped: usize) {
    assert!(report.failures.is_empty() && report.skipped.len() == skipped, "{report}");
    assert!(report.passed.len() > 40 - skipped, "{report}");
}

#[test]
fn memory_holds_the_contract() {
    holds(&run_all_at_once(|| MemoryStorage::new().into()), 6);
}

#[tokio::test]
async fn memory_with_a_clock_holds_the_contract() {
    let subject = || {
        let (env, clock) = world();
        Subject::new(Arc::new(MemoryStorage::with_env(&env))).with_clock(move |by| clock.advance(by))
    };
    holds(&run_all(subject).await, 0);
}

#[tokio::test]
async fn memory_with_the_limits_of_etcd_holds_the_contract() {
    let limits = Limits { max_txn_ops: 128, max_request_bytes: 1_572_864 };
    holds(&run_all(|| subject(limits)).await, 0);
}

fn durable() -> (DurableOptions, Arc<ManualClock>) {
    let (env, clock) = world();
    (DurableOptions { env: Some(env), ..DurableOptions::default() }, clock)
}

/// A store whose directory goes with the subject.
fn clocked(storage: impl Storage, directory: Scratch, clock: Arc<ManualClock>) -> Subject {
    Subject::new(Arc::new(storage)).with_clock(move |by| {
        let _kept = &directory;
        clock.advance(by);
    })
}

#[tokio::test]
async fn redb_holds_the_contract() {
    let subject = || {
        let (options, clock) = durable();
        let directory = Scratch::new();
        let storage = RedbStorage::open_with(directory.path(), options).unwrap();
        clocked(storage, directory, clock)
    };
    holds(&run_all(subject).await, 0);
}

#[tokio::test]
async fn sled_holds_the_contract() {
    let subject = || {
        let (options, clock) = durable();
        let directory = Scratch::new();
        let storage = SledStorage::open_with(directory.path(), options).unwrap();
        clocked(storage, directory, clock)
    };
    holds(&run_all(subject).await, 0);
}

#[tokio::test]
async fn memory_can_begin_with_values() {
    let initial = [("/b".into(), "2".into()), ("/a".into(), "1".into())].into();
    let storage = MemoryStorage::with_options(MemoryOptions { initial, ..MemoryOptions::default() });
    let page = storage.list(&KeyRange::all(), &ListOptions::default()).await.unwrap();
    let seen: Vec<_> =
        page.items.iter().map(|kv| (kv.key.as_str(), &kv.value[..], kv.mod_revision.get())).collect();
    assert_eq!(seen, [("/a", &b"1"[..], 1), ("/b", b"2", 1)]);
}

/// Every rule that an engine breaks is noticed by a contract about it.
#[test]
fn broken_engines_are_caught() {
    for (rule, word) in [
        (Rule::DropsEverySeventhEvent, "reliable"),
        (Rule::SplitsBatches, "atomic"),
        (Rule::RepeatsABatch, "unique"),
        (Rule::ForgetsPreviousValues, "before"),
        (Rule::BookmarksTooEarly, "bookmarks"),
        (Rule::IgnoresConditions, "update only"),
        (Rule::SplitsTransactions, "many keys"),
        (Rule::ReadsOnlyTheNewest, "every revision"),
        (Rule::NeverExpires, "expire"),
        (Rule::StaysOpen, "closed"),
    ] {
        let broken = || Subject::new(Arc::new(Broken::new(MemoryStorage::new(), rule)) as Arc<dyn Storage>);
        let report = run_all_at_once(broken);
        let caught = report.failures.iter().any(|(name, _)| name.contains(word));
        assert!(caught, "{rule:?}: {report}");
    }
}
