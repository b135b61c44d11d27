//! Clients of two processes' worth of stores, while things go wrong; recorded, and judged afterwards.

use super::evidence;
use super::faults::Fault;
use super::leases::{Leases, hold};
use super::members::Cluster;
use crate::etcd::server;
use crate::mutants::{Broken, Rule};
use bytes::Bytes;
use futures::future::{BoxFuture, join_all};
use kube_store::conformance::Advance;
use kube_store::conformance::history::{
    Finding, Judged, Leniency, Recorded, Recorder, Traffic, TrafficOptions, Until, check_with,
};
use kube_store::storage::etcd::{EtcdOptions, EtcdStorage};
use kube_store::storage::{Storage, StorageError, Txn};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// How long clients may take to come to their end once all is well again.
const PATIENCE: Duration = Duration::from_mins(1);

/// The size of what fills the quota.
const LARGE: usize = 1 << 20;

/// What became of a run.
#[derive(Debug, Default)]
pub(crate) struct Ran {
    pub(crate) judged: Judged,
    pub(crate) finding: Option<Finding>,
    /// Where what it was found in was written down.
    pub(crate) evidence: Option<PathBuf>,
    /// Who waited for what never came.
    pub(crate) stuck: Vec<&'static str>,
    pub(crate) leases: Vec<Leases>,
    /// How many times to live a deposed leader ended early, as it may on this etcd.
    pub(crate) by_deposed: usize,
    /// Revisions of others in the history, and the notes that watches were written: all there may be.
    pub(crate) notes: u64,
    /// How often the quota was used up.
    pub(crate) filled: usize,
    /// Whether a member forgot what it had applied, as it may on this etcd: then nothing else is judged.
    pub(crate) forgot: bool,
}

impl Ran {
    /// Whether times to live that ended early may do so on this etcd.
    fn judge_early(&mut self, cluster: &Cluster) {
        for lease in &mut self.leases {
            for early in std::mem::take(&mut lease.early) {
                if cluster.obeys_deposed && early.is_by_deposed(&cluster.resumed) {
                    self.by_deposed += 1;
                } else {
                    lease.wrong.push(early.what);
                }
            }
        }
    }

    /// What it broke, if anything.
    pub(crate) fn broken(&self) -> Option<String> {
        if self.forgot {
            return None;
        }
        let finding = self.finding.as_ref().map(|finding| {
            let kept = self.evidence.as_ref().map(|path| format!("; what was recorded: {}", path.display()));
            format!("{finding}{}", kept.unwrap_or_default())
        });
        if !self.stuck.is_empty() {
            // Where the end of the history is missing, what else was found proves nothing.
            return Some(format!("{:?} wait for ever; {finding:?}", self.stuck));
        }
        let wrong = self.leases.iter().flat_map(|kept| &kept.wrong).next();
        let unknown = self.judged.others.checked_sub(self.notes + 1);
        finding
            .or_else(|| wrong.cloned())
            .or_else(|| unknown.map(|more| format!("{} revisions of nobody", more + 1)))
    }
}

/// Opens a store with little patience.
async fn open(endpoints: Vec<String>, prefix: String, cluster: &Cluster) -> EtcdStorage {
    let options = EtcdOptions {
        prefix,
        timeout: Duration::from_millis(1500),
        connect_timeout: Duration::from_millis(400),
        keep_alive: Duration::from_millis(400),
        ..EtcdOptions::with_env(cluster.env.clone())
    };
    for _ in 0..20 {
        if let Ok(storage) = EtcdStorage::connect(endpoints.clone(), options.clone()).await {
            return storage;
        }
        cluster.env.sleep(Duration::from_millis(200)).await;
    }
    panic!("no store opens");
}

/// One of the stores, with its clients.
struct Plane {
    storage: Arc<dyn Storage>,
    traffic: Traffic,
    recorder: Arc<Recorder>,
}

impl Plane {
    fn new(
        storage: Arc<EtcdStorage>,
        bug: Option<Rule>,
        recorder: &Arc<Recorder>,
        seed: u64,
        until: Until,
    ) -> Self {
        let mut storage: Arc<dyn Storage> = storage;
        if let Some(bug) = bug {
            storage = Arc::new(Broken::new(storage, bug));
        }
        // The clock moves on by itself.
        let advance: Arc<Advance> = Arc::new(|_| {});
        let options = TrafficOptions {
            clients: 3,
            advance: Some(advance),
            until: Some(until),
            ..TrafficOptions::default()
        };
        Self { storage, traffic: Traffic::new(recorder, seed, options), recorder: recorder.clone() }
    }

    /// The same store, recorded.
    fn recorded(&self) -> Arc<dyn Storage> {
        Arc::new(Recorded::new(self.storage.clone(), &self.recorder))
    }

    /// Lets its watch of everything come to the end.
    async fn witness_all(&self) {
        loop {
            self.traffic.finish(&self.storage).await;
            if self.storage.current().await.is_ok_and(|head| self.traffic.witnessed() >= head) {
                return;
            }
        }
    }

    fn clients(&mut self) -> BoxFuture<'static, ()> {
        let clients = self.traffic.round(&self.storage);
        Box::pin(async move { drop(join_all(clients).await) })
    }
}

/// Lets `faults` happen to `cluster` while clients use a part of it. With a bug, their stores have it.
pub(crate) fn under(cluster: &mut Cluster, seed: u64, faults: &[Fault], bug: Option<Rule>) -> Ran {
    let (runtime, env, prefix) = (cluster.runtime.clone(), cluster.env.clone(), cluster.prefix());
    // What is left of others would end meanwhile: a revision of nobody.
    assert!(cluster.end_leases(), "there are still times to live of before");
    let noted = notes(cluster);
    let recorder = Recorder::new();
    let done = Arc::new(AtomicBool::new(false));
    // One sees the members through lines that are bad, the other where members are gone.
    let [far, near] = [cluster.lines(), cluster.endpoints()]
        .map(|members| Arc::new(runtime.block_on(open(members, prefix.clone(), cluster))));
    let from = far.status().head.max(near.status().head);
    recorder.opened(from);
    // What others compacted was below.
    let watched = Recorded::new(far.clone(), &recorder);
    let compacted = (0..20).any(|_| runtime.block_on(watched.compact(from)).is_ok());
    assert!(compacted, "the store does not compact");
    let until = |compacts| {
        let pause = Duration::from_millis(10);
        Until { from, done: done.clone(), env: env.clone(), pause, compacts }
    };
    let mut far = Plane::new(far, bug, &recorder, seed * 2, until(true));
    let mut near = Plane::new(near, bug, &recorder, seed * 2 + 1, until(false));
    let clients: Vec<_> = [&mut far, &mut near].map(|plane| runtime.spawn(plane.clients())).into();
    let holders: Vec<_> = [("far", &far), ("near", &near)]
        .map(|(name, plane)| runtime.spawn(hold(plane.recorded(), name.into(), env.clone(), done.clone())))
        .into();
    let mut filled = 0;
    for fault in faults {
        match fault {
            Fault::Fill => filled += usize::from(fill(cluster, &near, &far.traffic)),
            fault => cluster.suffer(*fault),
        }
        cluster.sleep(Duration::from_millis(250));
    }
    cluster.heal();
    done.store(true, Ordering::SeqCst);
    let mut ran = Ran { filled, ..Ran::default() };
    // The watches of everything come last, so that they are told of the last end of a time to live.
    let leases = runtime.block_on(async {
        let ends = timeout(PATIENCE, join_all(clients)).await.is_ok();
        let leases = timeout(PATIENCE, join_all(holders)).await;
        let told = timeout(PATIENCE, far.witness_all()).await.is_ok();
        let all = [("clients", ends), ("keepers", leases.is_ok()), ("the watch of everything", told)];
        ran.stuck = all.iter().filter(|(_, ended)| !ended).map(|(name, _)| *name).collect();
        leases
    });
    let agree = cluster.agree();
    assert!(agree || cluster.forgets, "the members do not hold the same");
    ran.forgot = !agree;
    ran.leases = leases.into_iter().flatten().filter_map(Result::ok).collect();
    ran.judge_early(cluster);
    // Members that do not hold the same may not tell the same of it.
    ran.notes = notes(cluster).saturating_sub(noted);
    far.storage.close();
    near.storage.close();
    if ran.forgot {
        return ran;
    }
    let history = recorder.take();
    match check_with(&history, Leniency { previous: true, remote: true }) {
        Ok(judged) => ran.judged = judged,
        Err(finding) => {
            // A known bug is known.
            ran.evidence = bug.is_none().then(|| evidence::keep(cluster, &prefix, seed, &history));
            ran.finding = Some(finding);
        }
    }
    ran
}

/// How many notes were ever written to the watches of any store.
fn notes(cluster: &Cluster) -> u64 {
    let told = (0..20).find_map(|_| cluster.ask(0, server::notes));
    let told = told.expect("a cluster that is well answers");
    told.iter().map(|kv| kv.version().cast_unsigned()).sum()
}

/// Writes until the quota is used up, then makes room as an operator would: deletes, compacts, defragments, and says
/// so. Tells whether it came to that.
fn fill(cluster: &Cluster, plane: &Plane, watched: &Traffic) -> bool {
    let storage = plane.recorded();
    let full = cluster.runtime.block_on(async {
        for n in 0..100 {
            let mut value = format!("large-{n}-{}", cluster.env.now().nanos()).into_bytes();
            value.resize(LARGE, b'.');
            // Whatever else is answered: the next one.
            if let Err(StorageError::NoSpace) = storage.txn(Txn::put("/large", Bytes::from(value))).await {
                return true;
            }
        }
        false
    });
    cluster.sleep(Duration::from_millis(300));
    cluster.runtime.block_on(async {
        drop(storage.txn(Txn::delete("/large")).await);
        // Not what the watch of everything has not had.
        let Ok(head) = storage.current().await else { return };
        for _ in 0..30 {
            if watched.witnessed() >= head {
                break;
            }
            cluster.env.sleep(Duration::from_millis(100)).await;
        }
        drop(storage.compact(watched.witnessed()).await);
    });
    assert!(cluster.make_room(), "the members still have no room");
    let writes = async {
        for n in 0..50 {
            let value = format!("{n}-{}", cluster.env.now().nanos());
            if storage.txn(Txn::put("/room", value)).await.is_ok() {
                return true;
            }
            cluster.env.sleep(Duration::from_millis(100)).await;
        }
        false
    };
    assert!(cluster.runtime.block_on(writes), "writes do not go on once there is room");
    full
}
