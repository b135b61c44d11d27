//! Watches how far the pods are, through the caches that the components share.

use super::report::{Report, Stage};
use futures::channel::oneshot;
use kube_core::env::{Env, Mono};
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::view::PodView;
use kube_store::informer::{Change, Informers};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many pods passed each stage, and when.
#[derive(Clone)]
pub(super) struct Progress {
    env: Env,
    begin: Mono,
    counts: Arc<Mutex<Counts>>,
}

struct Counts {
    wanted: i64,
    steps: [Step; 4],
    done: Option<oneshot::Sender<()>>,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    name: &'static str,
    count: i64,
    first: Option<Mono>,
    last: Option<Mono>,
}

impl Progress {
    /// Counts from now on; the receiver hears when `wanted` pods have passed every stage.
    pub(super) fn begin(informers: &Informers, wanted: usize) -> (Self, oneshot::Receiver<()>) {
        let (done, receiver) = oneshot::channel();
        let step = |name| Step { name, count: 0, first: None, last: None };
        let steps = ["create", "schedule", "run", "slices"].map(step);
        let wanted = i64::try_from(wanted).unwrap_or(i64::MAX);
        let counts = Arc::new(Mutex::new(Counts { wanted, steps, done: Some(done) }));
        let env = informers.env().clone();
        let progress = Self { begin: env.now(), env, counts };
        let (pods, slices) = (progress.clone(), progress.clone());
        informers.informer::<PodView>().on_change(move |change| {
            pods.add([
                change_of(change, |_| 1),
                change_of(change, |pod| i64::from(pod.node_name().is_some())),
                change_of(change, |pod| i64::from(pod.is_ready())),
                0,
            ]);
        });
        informers.informer::<EndpointSlice>().on_change(move |change| {
            slices.add([0, 0, 0, change_of(change, ready_endpoints)]);
        });
        (progress, receiver)
    }

    fn add(&self, changes: [i64; 4]) {
        let now = self.env.now();
        let mut counts = self.lock();
        for (step, change) in counts.steps.iter_mut().zip(changes).filter(|(_, change)| *change != 0) {
            step.count += change;
            step.first.get_or_insert(now);
            step.last = Some(now);
        }
        if counts.steps.iter().all(|step| step.count == counts.wanted) {
            // Nobody listens once the time is up.
            let _heard = counts.done.take().map(|done| done.send(()));
        }
    }

    /// How far things are.
    pub(super) fn report(&self) -> Report {
        let since = |at: Option<Mono>| at.map_or_else(Default::default, |at| at - self.begin);
        let stage = |step: &Step| Stage {
            name: step.name,
            pods: usize::try_from(step.count).unwrap_or(0),
            first: since(step.first),
            last: since(step.last),
        };
        Report { stages: self.lock().steps.iter().map(stage).collect() }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.lock().steps.iter().map(|step| (step.name, step.count))).finish()
    }
}

/// How much more `count` makes of the new object than of the old.
fn change_of<V>(change: &Change<V>, count: impl Fn(&V) -> i64) -> i64 {
    let of = |object: &Option<Arc<V>>| object.as_deref().map_or(0, &count);
    of(&change.new) - of(&change.old)
}

fn ready_endpoints(slice: &EndpointSlice) -> i64 {
    let ready = |endpoint: &&kube_core::kinds::discovery::v1::Endpoint| {
        endpoint.conditions.as_ref().is_some_and(|conditions| conditions.ready == Some(true))
    };
    i64::try_from(slice.endpoints.iter().flatten().filter(ready).count()).unwrap_or(i64::MAX)
}
