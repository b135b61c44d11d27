//! Processes that are killed while they write: what they were told is written is there, whole.

use crate::backend::{Engine, durable};
use crate::scale::{self, say};
use crate::scratch::Scratch;
use crate::stage::Stage;
use futures::future::join_all;
use kube_core::env::Rng;
use kube_store::storage::mvcc::Drive;
use kube_store::storage::{Op, ReadAt, Revision, Storage, Txn, TxnOutcome};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Where a child finds its store.
const PLACE: &str = "STORE_KILL_PLACE";
const SLED: &str = "STORE_KILL_SLED";
const WRITERS: usize = 4;
const KEYS: [&str; 3] = ["a", "b", "c"];

fn open(engine: Engine, path: &Path) -> Arc<dyn Storage> {
    engine.open(path, &durable(None, Drive::Thread)).expect("it opens")
}

/// Writes the same number at three keys in one transaction, and tells each one that was acknowledged.
async fn write(storage: &dyn Storage, writer: usize) {
    for n in 0..100_000 {
        let put = |key: &str| Op::Put {
            key: format!("/{writer}/{key}").into(),
            value: n.to_string().into_bytes().into(),
            ttl: None,
        };
        match storage.txn(Txn::of(KEYS.map(put).into())).await {
            Ok(TxnOutcome::Committed { revision, .. }) => say(&format!("ack {revision} {writer} {n}")),
            other => panic!("a write: {other:?}"),
        }
    }
}

/// The process that is killed. By itself, without a place, it has nothing to do.
#[test]
fn writer() {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let engine = if std::env::var_os(SLED).is_some() { Engine::Sled } else { Engine::Redb };
    let storage = open(engine, Path::new(&place));
    let stage = Stage::new();
    stage.run(join_all((0..WRITERS).map(|number| write(&*storage, number))));
}

/// An acknowledged write: revision, writer, number.
type Acknowledged = (u64, usize, u64);

/// Starts a writer, kills it once it has told of `count` writes, and gives all it told of.
fn killed(engine: Engine, place: &Path, count: usize) -> Vec<Acknowledged> {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", "kill::writer", "--nocapture"]).env(PLACE, place).stdout(Stdio::piped());
    if engine == Engine::Sled {
        command.env(SLED, "1");
    }
    let mut child = command.spawn().expect("a process");
    let output = BufReader::new(child.stdout.take().expect("its output"));
    let mut told = Vec::new();
    for line in output.lines() {
        // The last line may have been cut off.
        let Ok(line) = line else { break };
        told.extend(line.split_once("ack ").and_then(|(_, numbers)| acknowledged(numbers)));
        if told.len() == count {
            child.kill().expect("it runs");
        }
    }
    child.wait().expect("its end");
    assert!(told.len() >= count, "it ended by itself after {told:?}");
    told
}

fn acknowledged(numbers: &str) -> Option<Acknowledged> {
    let mut numbers = numbers.split(' ');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Holds the store to have what was told, whole, and little more.
fn verify(engine: Engine, place: &Path, told: &[Acknowledged], before: u64) -> u64 {
    let (stage, storage) = (Stage::new(), open(engine, place));
    let head = storage.status().head.get();
    let last = told.iter().map(|(revision, ..)| *revision).max().expect("something was told");
    assert!(head >= last, "{last} was acknowledged, the newest is {head}");
    assert!(head <= last + WRITERS as u64, "{last} was acknowledged, the newest is {head}");
    let read =
        |key: String, at| stage.run(storage.get(&key.into(), at)).expect("an answer").expect("a get").kv;
    for (revision, writer, n) in told {
        assert!(*revision > before, "{revision} was given before, the newest was {before}");
        for key in KEYS {
            let kv = read(format!("/{writer}/{key}"), ReadAt::Exactly(Revision::new(*revision)));
            let kv = kv.unwrap_or_else(|| panic!("{revision} was acknowledged and is not there"));
            assert_eq!((kv.mod_revision.get(), &kv.value[..]), (*revision, n.to_string().as_bytes()));
        }
    }
    for writer in 0..WRITERS {
        let revisions =
            KEYS.map(|key| read(format!("/{writer}/{key}"), ReadAt::Latest).map(|kv| kv.mod_revision));
        assert!(
            revisions.iter().all(|revision| *revision == revisions[0]),
            "{writer} is torn: {revisions:?}"
        );
    }
    head
}

/// As many cycles as the variable `STORE_KILLS` says.
fn cycles(engine: Engine) {
    let cycles = scale::number("STORE_KILLS", 2);
    let (seed, directory) = (scale::seed(), Scratch::new());
    let (mut rng, mut head, mut writes) = (Rng::forked(seed, "kills"), 0, 0);
    for cycle in 0..cycles {
        let told = killed(engine, directory.path(), 1 + rng.below(60));
        writes += told.len();
        let now = verify(engine, directory.path(), &told, head);
        assert!(now > head, "{engine:?}: seed {seed}, cycle {cycle}");
        head = now;
    }
    say(&format!(
        "kills {engine:?}: seed {seed}, {cycles} cycles, {writes} acknowledged writes, 0 lost, 0 torn"
    ));
}

#[test]
fn redb_survives_kills() {
    cycles(Engine::Redb);
}

#[test]
fn sled_survives_kills() {
    cycles(Engine::Sled);
}
