//! How far the pods are, as the shared caches show it.

use futures::channel::oneshot;
use kube_core::env::{Env, Mono};
use kube_core::view::PodView;
use kube_store::informer::{Change, Informers};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many pods have passed each stage, and when.
#[derive(Clone)]
pub(super) struct Progress {
    env: Env,
    begin: Mono,
    counts: Arc<Mutex<Counts>>,
}

struct Counts {
    wanted: i64,
    stages: [Stage; 3],
    done: Option<oneshot::Sender<()>>,
}

/// When the first and the last pod passed a stage. Stages overlap: the first pods run while the last are created.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stage {
    name: &'static str,
    pods: i64,
    first: Duration,
    last: Duration,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, pods, first, last } = self;
        write!(f, "{name:<10}{pods:>9} pods from {first:>8.1?} to {last:>8.1?}")
    }
}

impl Progress {
    /// Counts from now on; the receiver hears when `wanted` pods have passed every stage.
    pub(super) fn begin(informers: &Informers, wanted: usize) -> (Self, oneshot::Receiver<()>) {
        let (done, receiver) = oneshot::channel();
        let stage = |name| Stage { name, pods: 0, first: Duration::ZERO, last: Duration::ZERO };
        let stages = ["create", "schedule", "run"].map(stage);
        let wanted = i64::try_from(wanted).unwrap_or(i64::MAX);
        let counts = Arc::new(Mutex::new(Counts { wanted, stages, done: Some(done) }));
        let env = informers.env().clone();
        let progress = Self { begin: env.now(), env, counts };
        let listener = progress.clone();
        informers.informer::<PodView>().on_change(move |change| {
            listener.add([
                difference(change, |_| true),
                difference(change, |pod| pod.node_name().is_some()),
                difference(change, PodView::is_ready),
            ]);
        });
        (progress, receiver)
    }

    fn add(&self, changes: [i64; 3]) {
        let since = self.env.now() - self.begin;
        let mut counts = self.lock();
        for (stage, change) in counts.stages.iter_mut().zip(changes).filter(|(_, change)| *change != 0) {
            if stage.pods == 0 {
                stage.first = since;
            }
            stage.pods += change;
            stage.last = since;
        }
        if counts.stages.iter().all(|stage| stage.pods == counts.wanted) {
            // Nobody listens once the time is up.
            let _heard = counts.done.take().map(|done| done.send(()));
        }
    }

    pub(super) fn stages(&self) -> [Stage; 3] {
        self.lock().stages
    }

    /// Pods per second, until the last had passed the last stage.
    pub(super) fn rate(&self) -> f64 {
        let counts = self.lock();
        let took = counts.stages.iter().map(|stage| stage.last).max().unwrap_or_default();
        f64::from(i32::try_from(counts.wanted).unwrap_or(i32::MAX)) / took.as_secs_f64().max(f64::EPSILON)
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.lock().stages.iter().map(|stage| (stage.name, stage.pods))).finish()
    }
}

/// How many more pods than before are so.
fn difference(change: &Change<PodView>, is_so: impl Fn(&PodView) -> bool) -> i64 {
    let count = |pod: &Option<Arc<PodView>>| i64::from(pod.as_deref().is_some_and(&is_so));
    count(&change.new) - count(&change.old)
}
