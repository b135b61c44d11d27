//! Power cuts: redb on a disk that loses, tears and reorders what was not synced, sled in directories copied at each
//! of its syncs, with only some of what came later. In every state that is left a store opens, has everything that was
//! acknowledged, and gives no revision twice.

use crate::backend::{Engine, durable};
use crate::scale::{self, say};
use crate::scratch::Scratch;
use crate::stage::Stage;
use kube_core::env::Rng;
use kube_store::conformance::disk::{Disk, mixed};
use kube_store::storage::mvcc::Drive;
use kube_store::storage::redb::RedbStorage;
use kube_store::storage::sled::SledStorage;
use kube_store::storage::{
    KeyRange, ListOptions, Op, ReadAt, Revision, Storage, StorageResult, Txn, TxnOutcome,
};
use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A simulated disk as redb wants its file.
#[derive(Clone, Debug)]
pub(crate) struct RedbFile(pub(crate) Disk);

fn narrow(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(io::Error::other)
}

impl redb::StorageBackend for RedbFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(narrow(offset)?, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(narrow(len)?)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(narrow(offset)?, data)
    }
}

/// What a store shows: keys and values.
type Rows = BTreeMap<String, Vec<u8>>;

/// What was asked of a store, one thing after the other.
struct Script {
    rng: Rng,
    /// The state at every revision.
    states: Vec<Rows>,
    compacted: u64,
}

impl Script {
    fn new(seed: u64) -> Self {
        Self { rng: Rng::forked(seed, "power"), states: vec![Rows::new()], compacted: 0 }
    }

    fn head(&self) -> u64 {
        self.states.len() as u64 - 1
    }

    /// Does one more thing, and waits for the answer.
    fn step(&mut self, stage: &Stage, storage: &dyn Storage) {
        if self.rng.chance(0.1) {
            let to = self.head().saturating_sub(self.rng.below(4) as u64);
            stage.run(storage.compact(Revision::new(to))).expect("an answer").expect("compacted");
            self.compacted = self.compacted.max(to);
            return;
        }
        let mut rows = self.states.last().expect("the first state").clone();
        let mut ops = BTreeMap::new();
        for _ in 0..=self.rng.below(4) {
            let key = format!("/{}", self.rng.below(12));
            if ops.contains_key(&key) {
                continue;
            }
            if self.rng.chance(0.25) && rows.remove(&key).is_some() {
                ops.insert(key.clone(), Op::Delete { key: key.into() });
            } else {
                let fill = u8::try_from(self.rng.below(256)).expect("a byte");
                let value = vec![fill; [1, 40, 700, 5_000][self.rng.below(4)]];
                rows.insert(key.clone(), value.clone());
                ops.insert(key.clone(), Op::Put { key: key.into(), value: value.into(), ttl: None });
            }
        }
        let txn = Txn::of(ops.into_values().collect());
        match stage.run(storage.txn(txn)).expect("an answer") {
            Ok(TxnOutcome::Committed { revision, .. }) => {
                assert_eq!(revision.get(), self.head() + 1);
                self.states.push(rows);
            }
            other => panic!("a transaction without a condition: {other:?}"),
        }
    }

    /// Holds a store to show everything up to `acknowledged`, at the most one thing more, and nothing else.
    fn verify(&self, stage: &Stage, storage: &dyn Storage, acknowledged: u64) {
        let status = storage.status();
        let (head, compacted) = (status.head.get(), status.compacted.get());
        assert!(head >= acknowledged, "{acknowledged} was acknowledged, the newest is {head}");
        assert!(head <= acknowledged + 1, "{acknowledged} was acknowledged, the newest is {head}");
        assert!(compacted <= self.compacted.max(acknowledged), "compacted to {compacted}");
        for at in compacted..=head {
            let options = ListOptions { at: ReadAt::Exactly(Revision::new(at)), ..ListOptions::default() };
            let page =
                stage.run(storage.list(&KeyRange::all(), &options)).expect("an answer").expect("a list");
            let seen: Rows = page.items.iter().map(|kv| (kv.key.to_string(), kv.value.to_vec())).collect();
            let index = usize::try_from(at).expect("a small number");
            assert!(Some(&seen) == self.states.get(index), "another state at {at}: {:?}", seen.keys());
        }
        match stage.run(storage.txn(Txn::put("/after", "x"))).expect("an answer") {
            Ok(TxnOutcome::Committed { revision, .. }) => assert!(revision.get() > head, "{revision} again"),
            other => panic!("a write afterwards: {other:?}"),
        }
    }
}

/// Opens what is left, whatever it is, without a panic.
fn opened(open: impl FnOnce() -> StorageResult<Arc<dyn Storage>>) -> StorageResult<Arc<dyn Storage>> {
    catch_unwind(AssertUnwindSafe(open)).unwrap_or_else(|_| panic!("opening panicked"))
}

/// How many states, and how many scripts they are from.
const STATES_OF_A_SCRIPT: usize = 100;

/// Judges states until there are as many as the variable `STORE_CRASHES` says.
fn campaign(name: &str, few: u32, judge: impl Fn(u64, usize) -> usize) {
    let wanted = usize::try_from(scale::number("STORE_CRASHES", few)).expect("a number");
    let (first, mut judged, mut scripts) = (scale::seed(), 0, 0);
    while judged < wanted {
        let count = judge(first + scripts, STATES_OF_A_SCRIPT.min(wanted - judged));
        (judged, scripts) = (judged + count, scripts + 1);
        scale::progress(name, judged, wanted, count, first + scripts);
    }
    let last = first + scripts;
    say(&format!("power cuts {name}: seeds {first}..{last}, {judged} states, 0 violations"));
}

fn redb_states(seed: u64, count: usize) -> usize {
    let stage = Stage::without_threads();
    let disk = Disk::default();
    let mut script = Script::new(seed);
    let open = |disk: Disk| -> StorageResult<Arc<dyn Storage>> {
        Ok(Arc::new(RedbStorage::with_backend(RedbFile(disk), durable(None, Drive::Callers))?))
    };
    let storage = open(disk.clone()).expect("an empty disk");
    // By now the store is there; before, there may be nothing worth the name.
    let made = disk.mark();
    let mut acknowledged = vec![(made, 0)];
    for _ in 0..30 {
        script.step(&stage, &*storage);
        acknowledged.push((disk.mark(), script.head()));
    }
    drop(storage);
    for (number, state) in disk.states(seed, count).enumerate() {
        let before = acknowledged.partition_point(|(mark, _)| *mark <= state.at);
        let judged = catch_unwind(AssertUnwindSafe(|| match opened(|| open(Disk::new(state.bytes))) {
            Ok(storage) if before == 0 => assert_eq!(storage.status().keys, 0),
            Ok(storage) => script.verify(&stage, &*storage, acknowledged[before - 1].1),
            Err(error) => assert_eq!(before, 0, "it does not open: {error}"),
        }));
        judged
            .unwrap_or_else(|_| panic!("redb: seed {seed}, state {number} of {count}, cut at {}", state.at));
    }
    count
}

#[test]
fn redb_survives_power_cuts() {
    campaign("redb", 100, redb_states);
}

/// The files of a directory, by their names.
type Files = BTreeMap<std::path::PathBuf, Vec<u8>>;

fn read_all(root: &Path) -> Files {
    let mut files = Files::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                files.insert(path.strip_prefix(root).expect("below the root").to_owned(), bytes);
            }
        }
    }
    files
}

fn write_all(root: &Path, files: &Files) {
    for (name, bytes) in files {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
    }
}

/// What was there, and of what came later some sectors, some files.
fn between(before: &Files, after: &Files, rng: &mut Rng) -> Files {
    let mut files = before.clone();
    for (name, later) in after {
        let old = before.get(name);
        if old.is_some() || rng.chance(0.5) {
            files.insert(name.clone(), mixed(old.map_or(&[], Vec::as_slice), later, rng));
        }
    }
    files
}

/// A directory at a moment when everything in it had just been synced, and what was acknowledged from then on.
struct Moment {
    files: Files,
    acknowledged: u64,
}

/// Copies of the directory of a store that goes through `script`, at each of its syncs.
fn moments(stage: &Stage, script: &mut Script) -> Vec<Moment> {
    let directory = Scratch::new();
    let copies: Arc<Mutex<Vec<Files>>> = Arc::default();
    let observed = copies.clone();
    let observe = move |path: &Path| observed.lock().expect("no panic").push(read_all(path));
    let options = durable(None, Drive::Callers);
    let storage = SledStorage::open_observed(directory.path(), options, observe).expect("an empty place");
    // It was only being made then.
    copies.lock().expect("no panic").clear();
    let mut moments = vec![Moment { files: read_all(directory.path()), acknowledged: 0 }];
    for _ in 0..20 {
        let before = script.head();
        script.step(stage, &storage);
        let files = std::mem::take(&mut *copies.lock().expect("no panic"));
        moments.extend(files.into_iter().map(|files| Moment { files, acknowledged: before }));
        // The last sync was before the answer.
        moments.last_mut().expect("the first").acknowledged = script.head();
    }
    moments
}

fn sled_states(seed: u64, count: usize) -> usize {
    let stage = Stage::without_threads();
    let mut script = Script::new(seed);
    let moments = moments(&stage, &mut script);
    let mut rng = Rng::forked(seed, "power cuts");
    for number in 0..count {
        let at = rng.below(moments.len() - 1);
        let files = between(&moments[at].files, &moments[at + 1].files, &mut rng);
        let place = Scratch::new();
        write_all(place.path(), &files);
        let judged = catch_unwind(AssertUnwindSafe(|| {
            let storage = opened(|| Engine::Sled.open(place.path(), &durable(None, Drive::Callers)));
            script.verify(&stage, &*storage.expect("it opens"), moments[at].acknowledged);
        }));
        judged.unwrap_or_else(|_| panic!("sled: seed {seed}, state {number} of {count}, cut after {at}"));
    }
    count
}

#[test]
fn sled_survives_power_cuts() {
    campaign("sled", 30, sled_states);
}
