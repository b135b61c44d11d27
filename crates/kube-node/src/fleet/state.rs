//! The state of the fleet, without I/O: pod changes and times in, reports out.

use super::SimFleet;
use super::nodes::Nodes;
use super::specs::Specs;
use super::timers::Timers;
use super::tracked::{Engine, Held, Tracked};
use crate::behavior::Script;
use crate::machine::admission::{Amounts, HostPort, NodeFacts, Rejection, admit};
use crate::machine::{Effect, KnownObjects, NodePod, Note, Now, PodMachine, ReportedStatus};
use crate::runtime::{PodRuntime, SimRuntime};
use crate::stages::StagedPod;
use kube_core::env::{Mono, Rng};
use kube_core::pod_resources::qos_class;
use kube_core::resource::{ObjectKey, ResourceVersion, Uid};
use kube_core::view::{Meta, NodeView, PodView};
use kube_store::mutant::{self, Mutant};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Something to write.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// The pod.
    pub key: ObjectKey,
    /// Its identity: another pod of that name is none of our business.
    pub uid: Uid,
    /// The version that it rests on.
    pub version: ResourceVersion,
    /// What to write.
    pub effect: Effect,
}

/// Something to tell of, as an `Event` of the pod.
#[derive(Clone, Debug)]
pub struct Told {
    /// The pod.
    pub meta: Arc<Meta>,
    /// What happened.
    pub note: Note,
}

/// All simulated nodes and their pods: columns, and one heap of timers; no task per node or per pod.
#[derive(Debug)]
pub struct Fleet {
    config: SimFleet,
    nodes: Nodes,
    pods: Vec<Option<Tracked>>,
    metas: Vec<Arc<Meta>>,
    free: Vec<usize>,
    by_uid: BTreeMap<Uid, usize>,
    timers: Timers,
    specs: Specs,
    told: Vec<Told>,
    /// What variables of containers come from, where that is looked at.
    objects: Option<Arc<dyn KnownObjects>>,
    rng: Rng,
}

impl Fleet {
    /// A fleet without pods. `rng` feeds the pods' behaviour.
    pub fn new(config: SimFleet, rng: Rng) -> Self {
        Self {
            nodes: Nodes::new(&config),
            config,
            pods: Vec::new(),
            metas: Vec::new(),
            free: Vec::new(),
            by_uid: BTreeMap::new(),
            timers: Timers::default(),
            specs: Specs::default(),
            told: Vec::new(),
            objects: None,
            rng,
        }
    }

    /// The same, but containers only start when what their variables come from is there.
    #[must_use]
    pub fn objects(mut self, objects: Arc<dyn KnownObjects>) -> Self {
        self.objects = Some(objects);
        self
    }

    /// Takes notice of a pod: new, changed, or (without `pod`) gone.
    pub fn observe(&mut self, uid: &Uid, pod: Option<&Arc<NodePod>>, now: Now) {
        self.observe_at(uid, pod, None, now);
    }

    /// The same, where the pod's node is known as the store has it: a new pod must bear its labels and taints.
    pub fn observe_at(&mut self, uid: &Uid, pod: Option<&Arc<NodePod>>, node: Option<&NodeView>, now: Now) {
        let Some(pod) = pod else { return self.forget(uid, now) };
        let Some(index) = pod.node.as_deref().and_then(|name| self.config.node_index(name)) else { return };
        if let Some(&slot) = self.by_uid.get(uid) {
            self.changed(slot, pod, now);
        } else if self.nodes.is_waiting(uid) {
            self.nodes.wait(index, pod.clone());
        } else {
            self.accept(index, pod, node, now);
        }
    }

    fn changed(&mut self, slot: usize, pod: &NodePod, now: Now) {
        let Self { pods, told, config, metas, .. } = self;
        let Some(tracked) = pods.get_mut(slot).and_then(Option::as_mut) else { return };
        metas[slot] = pod.meta.clone();
        let echo = pod.version <= tracked.version;
        tracked.version = tracked.version.max(pod.version);
        tracked.engine.observe(pod, echo, now, &mut teller(config, told));
        self.settle(slot, now);
    }

    fn accept(&mut self, node: usize, pod: &Arc<NodePod>, facts: Option<&NodeView>, now: Now) {
        let (view, status) = match (pod.view(), pod.status()) {
            (Ok(view), Ok(status)) => (view, status),
            (Err(error), _) | (_, Err(error)) => {
                tracing::warn!(%error, pod = %pod.meta.key(), "a pod cannot be read, and does not run");
                return;
            }
        };
        let arrival = Arrival { node, pod, view: &view, known: status.start_time.is_some() };
        let own = self.nodes.own_address(node);
        if let Err(rejection) = self.admit(&arrival, facts) {
            let machine = PodMachine::rejected(self.specs.share(pod), pod, own, rejection, now);
            let runtime = SimRuntime::new(Script::default(), None, machine.spec());
            let engine = Engine::simulated(machine.qos(qos_class(&view)), runtime);
            return self.track(&arrival, engine, None, now);
        }
        let address = match present(&status) {
            Some(ip) => {
                self.nodes.claim_address(node, ip);
                Some(ip)
            }
            None if view.spec.host_network => None,
            None => match self.nodes.take_address(node) {
                Some(ip) => Some(ip),
                None => return self.nodes.wait(node, pod.clone()),
            },
        };
        let engine = self.engine(&arrival, own, address, now);
        self.track(&arrival, engine, address, now);
    }

    /// Whether the node takes the pod. One that it took before stays.
    fn admit(&self, arrival: &Arrival<'_>, facts: Option<&NodeView>) -> Result<(), Rejection> {
        if arrival.known || self.config.stages.is_some() {
            return Ok(());
        }
        let name = self.config.node_name(arrival.node);
        let used = self.nodes.used(arrival.node);
        let mut asked = NodeFacts::new(&name, self.nodes.allocatable(), used);
        asked.ports = self.nodes.ports(arrival.node);
        asked.labels = facts.map(|node| &node.meta.labels);
        asked.taints = facts.map_or(&[], |node| &node.spec.taints);
        admit(arrival.view, &asked)
    }

    /// What moves the pod.
    fn engine(&mut self, arrival: &Arrival<'_>, own: IpAddr, address: Option<IpAddr>, now: Now) -> Engine {
        let (pod, view) = (arrival.pod, arrival.view);
        if let Some(stages) = &self.config.stages {
            let rng = Rng::new(self.rng.next_u64());
            let addresses = (own, address.unwrap_or(own));
            return Engine::Staged(Box::new(StagedPod::new(stages.clone(), pod, addresses, rng, now)));
        }
        let spec = self.specs.share(pod);
        let mut machine = if arrival.known && !mutant::is(Mutant::StartsTwice) {
            PodMachine::resume(spec, pod, own, now)
        } else {
            PodMachine::new(spec, pod, own, now)
        };
        machine.set_qos(qos_class(view));
        let running: Vec<usize> = machine.running().collect();
        if let Some(mut runtime) = self.config.behavior.runtime(view, machine.spec()) {
            runtime.adopt(machine.spec(), &running, now.mono);
            return Engine::Other(Box::new(machine), runtime);
        }
        let script = self.config.behavior.script(view, &mut self.rng);
        let mut runtime = SimRuntime::new(script, address, machine.spec());
        let refers = machine.spec().all().any(|c| !c.env.is_empty() || !c.env_from.is_empty());
        if let Some(objects) = self.objects.as_ref().filter(|_| refers) {
            runtime = runtime.objects(objects.clone(), pod.meta.namespace.clone());
        }
        runtime.adopt(machine.spec(), &running, now.mono);
        Engine::simulated(machine, runtime)
    }

    fn track(&mut self, arrival: &Arrival<'_>, engine: Engine, address: Option<IpAddr>, now: Now) {
        let (node, pod) = (arrival.node, arrival.pod);
        let mut held = Held { address, ..Held::default() };
        if !engine.is_over() {
            held.amounts = Amounts::of(arrival.view);
            held.ports = HostPort::of(arrival.view).into();
        }
        self.nodes.charge(node, held.amounts, &held.ports);
        let version = pod.version;
        let tracked = Tracked { engine, node, held, version, writing: false, not_before: now.mono };
        let slot = self.free.pop().unwrap_or(self.pods.len());
        if slot == self.pods.len() {
            self.pods.push(None);
            self.metas.push(pod.meta.clone());
        }
        self.metas[slot] = pod.meta.clone();
        self.pods[slot] = Some(tracked);
        self.by_uid.insert(pod.meta.uid.clone(), slot);
        self.timers.set(slot, Some(now.mono));
    }

    fn forget(&mut self, uid: &Uid, now: Now) {
        let Some(slot) = self.by_uid.remove(uid) else { return self.nodes.leave(uid) };
        self.timers.set(slot, None);
        self.free.push(slot);
        if let Some(tracked) = self.pods[slot].take() {
            self.give_back(tracked.node, &tracked.held, now);
        }
    }

    /// What the pod took of its node is free again; a pod that waits for an address gets it.
    fn give_back(&mut self, node: usize, held: &Held, now: Now) {
        self.nodes.refund(node, held.amounts, &held.ports);
        let Some(address) = held.address else { return };
        self.nodes.release_address(node, address);
        if let Some(next) = self.nodes.next_waiting(node) {
            self.accept(node, &next, None, now);
        }
    }

    /// A write that [`Fleet::due`] asked for got through, as that version, or has become moot: the next one of that pod may
    /// come.
    pub fn written(&mut self, uid: &Uid, version: Option<ResourceVersion>, now: Now) {
        self.answered(uid, version, Duration::ZERO, now);
    }

    /// A write that [`Fleet::due`] asked for did not get through: it is tried again after `delay`.
    pub fn retry(&mut self, uid: &Uid, delay: Duration, now: Now) {
        let tracked = self.by_uid.get(uid).and_then(|slot| self.pods[*slot].as_mut());
        if let Some(tracked) = tracked {
            tracked.engine.repeat();
        }
        self.answered(uid, None, delay, now);
    }

    fn answered(&mut self, uid: &Uid, version: Option<ResourceVersion>, delay: Duration, now: Now) {
        let Some(&slot) = self.by_uid.get(uid) else { return };
        let Some(tracked) = &mut self.pods[slot] else { return };
        tracked.writing = false;
        tracked.not_before = now.mono + delay;
        tracked.version = version.map_or(tracked.version, |version| version.max(tracked.version));
        self.settle(slot, now);
        // Time may have passed while the write was under way.
        self.timers.set_by(slot, now.mono + delay);
    }

    /// What is to be written by `now`, in order of time. Each task is to be answered by [`Fleet::written`] or
    /// [`Fleet::retry`]; until then its pod gets no other.
    pub fn due(&mut self, now: Now) -> Vec<Task> {
        self.due_some(now, usize::MAX)
    }

    /// The same, but no more than `limit` tasks: of a fleet of many pods that all have something to say at one time only
    /// as much is made as can be written. What is left stays due.
    pub fn due_some(&mut self, now: Now, limit: usize) -> Vec<Task> {
        let mut tasks = Vec::new();
        while tasks.len() < limit
            && let Some(slot) = self.timers.pop(now.mono)
        {
            let Self { pods, told, config, metas, .. } = self;
            let Some(tracked) = pods[slot].as_mut().filter(|tracked| !tracked.writing) else { continue };
            tracked.engine.advance(now, &mut teller(config, told));
            // Only the newest report counts: what a later step says includes what earlier ones said.
            if now.mono >= tracked.not_before
                && let Some(effect) = tracked.engine.news(now)
            {
                for note in tracked.engine.take_notes() {
                    teller(config, told)(&metas[slot], note);
                }
                tracked.writing = true;
                let (key, uid) = (metas[slot].key(), metas[slot].uid.clone());
                tasks.push(Task { key, uid, version: tracked.version, effect });
            }
            self.settle(slot, now);
        }
        tasks
    }

    /// When [`Fleet::due`] next has something; `None` while only pod changes can bring it.
    pub fn next_deadline(&mut self) -> Option<Mono> {
        self.timers.next()
    }

    /// What was told since it was last asked, where the fleet tells of events.
    pub fn take_told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }

    /// The node of a pod that the fleet runs.
    pub fn node_of(&self, uid: &Uid) -> Option<String> {
        let tracked = self.by_uid.get(uid).and_then(|slot| self.pods[*slot].as_ref());
        tracked.map(|tracked| self.config.node_name(tracked.node))
    }

    /// Pods on the fleet's nodes.
    pub fn len(&self) -> usize {
        self.by_uid.len()
    }

    /// Whether no pod is on any node.
    pub fn is_empty(&self) -> bool {
        self.by_uid.is_empty()
    }

    /// Decides when the pod is looked at next.
    fn settle(&mut self, slot: usize, now: Now) {
        let Some(tracked) = &mut self.pods[slot] else { return };
        if tracked.engine.is_over() && tracked.held != Held::default() {
            let held = std::mem::take(&mut tracked.held);
            let node = tracked.node;
            self.give_back(node, &held, now);
        }
        let Some(tracked) = &self.pods[slot] else { return };
        let at = if tracked.writing {
            None
        } else if tracked.engine.has_news() {
            Some(tracked.not_before.max(now.mono))
        } else {
            tracked.engine.deadline().map(|at| at.max(tracked.not_before))
        };
        self.timers.set(slot, at);
    }
}

/// A pod that comes to a node of the fleet.
struct Arrival<'a> {
    node: usize,
    pod: &'a Arc<NodePod>,
    view: &'a PodView,
    /// Whether the node reported on it before.
    known: bool,
}

/// The address that a pod already has.
fn present(status: &ReportedStatus) -> Option<IpAddr> {
    status.pod_ip.as_deref().and_then(|ip| ip.parse().ok())
}

/// Keeps what is told, where the fleet tells of events.
fn teller<'a>(config: &'a SimFleet, told: &'a mut Vec<Told>) -> impl FnMut(&Arc<Meta>, Note) + 'a {
    move |meta, note| {
        if config.events {
            told.push(Told { meta: meta.clone(), note });
        }
    }
}
