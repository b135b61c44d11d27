//! Every contract on a real etcd.

use super::server::{Server, program, runtime};
use super::timed::Timed;
use crate::scale;
use kube_store::conformance::{ALL, Contract, Medium, Report, Run, Subject, Verdict, Violation};
use kube_store::storage::Storage;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::task::block_in_place;

/// What etcd cannot keep by its nature, and why.
const BEYOND: &[(&str, &str)] = &[(
    "a store is opened once at a time",
    "etcd is there to be opened by many: whoever must be alone wins an election and fences its writes",
)];

/// How long a contract may take, real times to live among them.
const PATIENCE: Duration = Duration::from_mins(2);

/// A call that takes longer than this is held up by the machine: times to live have gone on meanwhile, of which the
/// contracts count the seconds.
pub(super) const SLOW: Duration = Duration::from_millis(400);

/// How often a contract is judged again because the machine was too slow for its clock, or a note to the watches took a
/// revision that it counted.
const AGAIN: usize = 4;

/// How many servers the contracts without a clock share.
const SERVERS: usize = 3;

fn has_clock(contract: &Contract) -> bool {
    matches!(contract.run, Run::Clock(_) | Run::ObjectsClock(_) | Run::DurableClock(_))
}

/// Judges until nothing of the machine's own came between.
fn judge(contract: &Contract, server: &Arc<Server>, runtime: &Arc<Runtime>) -> Option<Verdict> {
    let mut judged = 0;
    loop {
        let (note, slow) = (runtime.block_on(server.last_note()), Arc::new(AtomicBool::new(false)));
        let verdict = judge_once(contract, server, runtime, &slow);
        let disturbed = slow.load(Ordering::SeqCst) || runtime.block_on(server.last_note()) != note;
        judged += 1;
        match &verdict {
            Some(Err(violation)) if disturbed && judged < AGAIN => {
                scale::say(&format!(
                    "contracts etcd: \"{}\" is judged again, the machine was slow: {violation}",
                    contract.name
                ));
            }
            _ => return verdict,
        }
    }
}

fn judge_once(
    contract: &Contract,
    server: &Arc<Server>,
    runtime: &Arc<Runtime>,
    slow: &Arc<AtomicBool>,
) -> Option<Verdict> {
    let durable = matches!(contract.run, Run::Durable(_) | Run::DurableClock(_));
    let (prefix, handle) = (server.prefix(), runtime.handle().clone());
    let (server, inside, slow) = (server.clone(), handle.clone(), slow.clone());
    let open = move || -> kube_store::storage::StorageResult<Arc<dyn Storage>> {
        let opened = block_in_place(|| inside.block_on(server.open(prefix.clone())))?;
        Ok(Arc::new(Timed { storage: opened, slow: slow.clone() }))
    };
    let judging = async move {
        let subject =
            if durable { Subject::on(Medium::new(open)).unwrap() } else { Subject::new(open().unwrap()) };
        // A real clock moves on by itself.
        let subject = subject.with_clock(move |by| {
            let env = kube_store::rt::env_on(handle.clone());
            block_in_place(|| handle.block_on(env.sleep(by)));
        });
        contract.judge(subject).await
    };
    let stuck = || Some(Err(Violation { what: "it would wait for ever".into() }));
    runtime.block_on(async {
        let env = kube_store::rt::env();
        let judging = std::pin::pin!(judging);
        match futures::future::select(judging, env.sleep(PATIENCE)).await {
            futures::future::Either::Left((verdict, _)) => verdict,
            futures::future::Either::Right(_) => stuck(),
        }
    })
}

/// Judges those of `left` one after the other, on a server of its own.
fn work(program: &str, left: &Mutex<VecDeque<&'static Contract>>, report: &Mutex<Report>) {
    let runtime = runtime();
    let server = Arc::new(Server::start(program, runtime.handle()));
    loop {
        let Some(contract) = left.lock().unwrap().pop_front() else { return };
        let verdict = judge(contract, &server, &runtime);
        if let Some(Err(violation)) = &verdict {
            scale::say(&format!("contracts etcd: \"{}\" is broken: {violation}", contract.name));
        }
        report.lock().unwrap().note(contract.name, verdict);
    }
}

#[test]
fn etcd_holds_the_contract() {
    let Some(program) = program() else { return };
    let beyond = |contract: &&Contract| BEYOND.iter().any(|(name, _)| *name == contract.name);
    let wanted = || ALL.iter().copied().flatten().filter(|contract| !beyond(contract));
    let report = Mutex::new(Report::default());
    // Revisions are those of a whole etcd: whoever waits for its clock is alone on one.
    let shared = Mutex::new(wanted().filter(|contract| !has_clock(contract)).collect::<VecDeque<_>>());
    let alone: Vec<Mutex<VecDeque<&'static Contract>>> =
        wanted().filter(|contract| has_clock(contract)).map(|c| Mutex::new([c].into())).collect();
    std::thread::scope(|scope| {
        for _ in 0..SERVERS {
            scope.spawn(|| work(&program, &shared, &report));
        }
        for one in &alone {
            scope.spawn(|| work(&program, one, &report));
        }
    });
    let report = report.into_inner().unwrap();
    scale::say(&format!("contracts etcd: {report}"));
    for (name, why) in BEYOND {
        scale::say(&format!("contracts etcd: not \"{name}\": {why}"));
    }
    assert!(report.failures.is_empty(), "{report}");
    assert_eq!((report.passed.len(), report.skipped), (wanted().count(), vec![]));
}
