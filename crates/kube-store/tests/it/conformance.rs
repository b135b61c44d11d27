//! The contract of storage, run for every engine, and against engines that break it.

use crate::backend::{Backend, Engine, InDirectory, Memory};
use crate::mutants::{Broken, Rule};
use crate::scale;
use crate::stage::Stage;
use crate::tape::Tape;
use kube_core::env::Env;
use kube_store::conformance::history::{Recorded, Recorder};
use kube_store::conformance::{ALL, KUBERNETES, Medium, Report, Run, Subject, run_all_at_once};
use kube_store::storage::memory::MemoryOptions;
use kube_store::storage::mvcc::{Drive, MvccOptions, MvccStorage, NoJournal};
use kube_store::storage::{KeyRange, Limits, ListOptions, MemoryStorage, Storage, StorageResult};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Memory with the limits of etcd.
#[derive(Clone, Debug)]
struct Limited;

impl Backend for Limited {
    fn open(&self, env: &Env) -> StorageResult<Arc<dyn Storage>> {
        let limits = Limits { max_txn_ops: 128, max_request_bytes: 1_572_864 };
        let options = MvccOptions { limits, env: Some(env.clone()), ..MvccOptions::default() };
        Ok(Arc::new(MvccStorage::over(NoJournal::default(), options)?))
    }

    fn is_durable(&self) -> bool {
        false
    }
}

/// Runs every contract, each on a new medium; tells how many calls they made.
fn run<B: Backend + 'static>(
    new: impl Fn() -> B,
    stage: impl Fn() -> Stage,
    enough: impl Fn(&Report) -> bool,
) -> (Report, usize) {
    let (mut report, recorder) = (Report::default(), Recorder::new());
    let mut operations = 0;
    for contract in ALL.iter().copied().flatten() {
        let (stage, backend) = (stage(), new());
        let (env, clock, durable) = (stage.env.clone(), stage.clock.clone(), backend.is_durable());
        let noted = recorder.clone();
        let open = move || -> StorageResult<Arc<dyn Storage>> {
            Ok(Arc::new(Recorded::new(backend.open(&env)?, &noted)))
        };
        let subject =
            if durable { Subject::on(Medium::new(open)).unwrap() } else { Subject::new(open().unwrap()) };
        let subject = subject.with_clock(move |by| clock.advance(by));
        let judged = stage.run(contract.judge(subject));
        let stuck = kube_store::conformance::Violation { what: "it would wait for ever".into() };
        report.note(contract.name, judged.unwrap_or(Some(Err(stuck))));
        operations += recorder.operations();
        recorder.take();
        if enough(&report) {
            break;
        }
    }
    (report, operations)
}

/// Runs the contracts up to the first one that is broken.
pub(crate) fn until_broken<B: Backend + 'static>(
    new: impl Fn() -> B,
    stage: impl Fn() -> Stage,
) -> (Report, usize) {
    run(new, stage, |report| !report.failures.is_empty())
}

fn holds<B: Backend + 'static>(name: &str, new: impl Fn() -> B) {
    let (report, operations) = run(&new, Stage::new, |_| false);
    scale::say(&format!("contracts {name}: {report}, {operations} operations"));
    assert!(report.failures.is_empty(), "{report}");
    let durable = new().is_durable();
    let wanted: Vec<_> = ALL
        .iter()
        .copied()
        .flatten()
        .filter(|contract| !durable && matches!(contract.run, Run::Durable(_) | Run::DurableClock(_)))
        .map(|contract| contract.name)
        .collect();
    assert_eq!(report.skipped, wanted, "every other contract is judged");
}

#[test]
fn memory_holds_the_contract() {
    holds("memory", || Memory);
}

#[test]
fn memory_with_the_limits_of_etcd_holds_the_contract() {
    holds("memory, 128 operations", || Limited);
}

#[test]
fn a_journal_that_keeps_its_promise_holds_the_contract() {
    holds("tape", Tape::default);
}

#[test]
fn redb_holds_the_contract() {
    holds("redb", || InDirectory::new(Engine::Redb, Drive::Thread));
}

#[test]
fn sled_holds_the_contract() {
    holds("sled", || InDirectory::new(Engine::Sled, Drive::Thread));
}

/// Without a runtime, a clock or a medium: what needs one is skipped, and told.
#[test]
fn memory_holds_the_contract_without_a_runtime() {
    let report = run_all_at_once(|| MemoryStorage::new().into());
    assert!(report.failures.is_empty(), "{report}");
    let needy = ALL.iter().copied().flatten();
    let needy = needy.filter(|contract| !matches!(contract.run, Run::Storage(_) | Run::Objects(_)));
    assert_eq!(report.skipped, needy.map(|contract| contract.name).collect::<Vec<_>>());
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
        (Rule::TellsWrongPreviousValues, "before"),
        (Rule::BookmarksTooEarly, "bookmarks"),
        (Rule::IgnoresConditions, "update only"),
        (Rule::SplitsTransactions, "many keys"),
        (Rule::ReadsOnlyTheNewest, "every revision"),
        (Rule::ReadsStale, "acknowledged"),
        (Rule::ReusesRevisions, "revision"),
        (Rule::NeverExpires, "expire"),
        (Rule::StaysOpen, "closed"),
    ] {
        let memory = || Arc::new(MemoryStorage::new());
        let broken = || Subject::new(Arc::new(Broken::new(memory(), rule)) as Arc<dyn Storage>);
        let report = run_all_at_once(broken);
        let caught = report.failures.iter().any(|(name, _)| name.contains(word));
        assert!(caught, "{rule:?}: {report}");
    }
}

/// All 54 tests of kube-apiserver's storage are re-expressed, and nothing is named that is none of them.
#[test]
fn every_test_of_kubernetes_is_re_expressed() {
    let asked: BTreeSet<&str> = KUBERNETES.iter().copied().collect();
    let contracts = || ALL.iter().copied().flatten();
    let named: BTreeSet<&str> = contracts().flat_map(|contract| contract.kubernetes).copied().collect();
    assert_eq!((asked.len(), &asked), (54, &named));
    let own: BTreeSet<&str> = contracts().map(|contract| contract.name).collect();
    assert_eq!(own.len(), contracts().count(), "every contract has a name of its own");
}

/// The table in the documentation is the one in the code.
#[test]
fn the_documentation_names_them_all() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/conformance.md");
    let text = std::fs::read_to_string(path).unwrap();
    let contracts = || ALL.iter().copied().flatten();
    let rows = KUBERNETES.iter().map(|test| {
        let ours = contracts().filter(|contract| contract.kubernetes.contains(test));
        format!("| `{test}` | {} |", ours.map(|contract| contract.name).collect::<Vec<_>>().join("; "))
    });
    let missing: Vec<String> = rows.filter(|row| !text.contains(row.as_str())).collect();
    assert!(missing.is_empty(), "docs/conformance.md lacks\n{}", missing.join("\n"));
    let ours = contracts().filter(|contract| contract.kubernetes.is_empty());
    let missing: Vec<String> = ours
        .map(|contract| format!("- {}", contract.name))
        .filter(|row| !text.contains(row.as_str()))
        .collect();
    assert!(missing.is_empty(), "docs/conformance.md lacks\n{}", missing.join("\n"));
}
