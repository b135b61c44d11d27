//! Pods that end once nobody uses them.
//!
//! Kubernetes tells a pod to stop and those who send it requests that it stops, side by side; what arrives in between is
//! lost, unless the pod sleeps first and hopes that this was long enough. In one process it is known who uses what:
//! [`Drains`] holds the signal back until no pick of the pod's endpoints is held and none can follow.

use kube_core::env::Mono;
use kube_core::resource::Uid;
use kube_net::ServiceResolver;
use kube_net::resolve::{Endpoint, ServiceHandle};
use kube_node::machine::{Answer, Command, LifeSpec};
use kube_node::runtime::PodRuntime;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What is in use, as a resolver's picks tell. Cheap to clone; all clones look at the same resolver.
///
/// A [`Behavior`](kube_node::Behavior) puts it around the runtimes of its pods. It is made before the plane is, which it
/// is told of once that has started:
///
/// ```no_run
/// # use kube_core::view::PodView;
/// # use kube_node::runtime::PodRuntime;
/// use kube_plane::drain::Drains;
///
/// # fn example(plane: &kube_plane::ControlPlane, pod: &PodView, runtime: Box<dyn PodRuntime>) {
/// let drains = Drains::default();
/// let runtime = drains.around(runtime, &pod.meta.uid); // in Behavior::runtime
/// drains.watch(plane.resolver());
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Drains(Arc<OnceLock<ServiceResolver>>);

impl Drains {
    /// Asks this resolver from now on. Only the first counts.
    pub fn watch(&self, resolver: &ServiceResolver) {
        // Who is told twice is told of the same plane.
        let _first = self.0.set(resolver.clone());
    }

    /// The same runtime, whose containers are told to stop once nobody uses the pod of this uid, or their grace is over.
    /// Until a resolver is known, and for pods that no Service has, that is at once.
    pub fn around(&self, runtime: Box<dyn PodRuntime>, pod: &Uid) -> Box<dyn PodRuntime> {
        let drains = self.clone();
        Box::new(DrainedRuntime { runtime, drains, pod: pod.clone(), held: Vec::new(), uses: None })
    }
}

/// How often it is looked whether a pod may end: an endpoint that is released wakes nobody.
const LOOK: Duration = Duration::from_millis(5);

/// A runtime that is told to stop late.
#[derive(Debug)]
struct DrainedRuntime {
    runtime: Box<dyn PodRuntime>,
    drains: Drains,
    pod: Uid,
    held: Vec<Held>,
    /// What has to be released, as of the first signal.
    uses: Option<Vec<(ServiceHandle, Arc<Endpoint>)>>,
}

/// A signal that is held back.
#[derive(Debug)]
struct Held {
    spec: LifeSpec,
    container: usize,
    deadline: Mono,
    /// When to look again.
    look: Mono,
}

impl DrainedRuntime {
    fn is_released(&mut self) -> bool {
        let (drains, pod) = (&self.drains, &self.pod);
        let find = || drains.0.get().map(|resolver| resolver.endpoints_of(pod)).unwrap_or_default();
        let uses = self.uses.get_or_insert_with(find);
        uses.retain(|(service, endpoint)| service.offers(endpoint) || endpoint.in_flight() != 0);
        uses.is_empty()
    }

    /// Passes on the signals that are due.
    fn look(&mut self, now: Mono) {
        if self.held.is_empty() {
            return;
        }
        let released = self.is_released();
        for mut held in std::mem::take(&mut self.held) {
            if released || held.deadline <= now {
                let grace = held.deadline.since(now);
                self.runtime.execute(&held.spec, Command::Stop { container: held.container, grace }, now);
            } else {
                held.look = (now + LOOK).min(held.deadline);
                self.held.push(held);
            }
        }
    }
}

impl PodRuntime for DrainedRuntime {
    fn execute(&mut self, spec: &LifeSpec, command: Command, now: Mono) {
        let Command::Stop { container, grace } = command else {
            return self.runtime.execute(spec, command, now);
        };
        // A second signal hastens the first.
        self.held.retain(|held| held.container != container);
        self.held.push(Held { spec: spec.clone(), container, deadline: now + grace, look: now });
        self.look(now);
    }

    fn poll(&mut self, now: Mono) -> Option<Answer> {
        self.look(now);
        let answer = self.runtime.poll(now);
        if let Some(Answer::Exited { container, .. }) = &answer {
            // It did not wait to be told.
            self.held.retain(|held| held.container != *container);
        }
        answer
    }

    fn deadline(&self) -> Option<Mono> {
        let looks = self.held.iter().map(|held| held.look);
        looks.chain(self.runtime.deadline()).min()
    }

    fn adopt(&mut self, spec: &LifeSpec, running: &[usize], now: Mono) {
        self.runtime.adopt(spec, running, now);
    }
}
