//! The state of the fleet, without I/O: pod changes and times in, reports out.

use super::SimFleet;
use super::addresses::Addresses;
use crate::machine::{Effect, Now, PodMachine};
use kube_core::env::{Mono, Rng};
use kube_core::resource::{ObjectKey, Uid};
use kube_core::view::PodView;
use kube_store::mutant::{self, Mutant};
use std::collections::{BTreeMap, BTreeSet};
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
    /// What to write.
    pub effect: Effect,
}

#[derive(Debug)]
struct Tracked {
    machine: PodMachine,
    pod: Arc<PodView>,
    node: usize,
    timer: Option<Mono>,
    // Writes of one pod go one after the other: two under way could arrive in the wrong order.
    writing: bool,
}

#[derive(Debug)]
struct Node {
    addresses: Addresses,
    // Pods that wait for an address, in order of arrival; as many as the store has pods bound to the node.
    waiting: Vec<Arc<PodView>>,
}

/// All simulated nodes and their pods: one timer set, no task per node.
#[derive(Debug)]
pub struct Fleet {
    config: SimFleet,
    nodes: Vec<Node>,
    by_name: BTreeMap<String, usize>,
    pods: BTreeMap<Uid, Tracked>,
    timers: BTreeSet<(Mono, Uid)>,
    rng: Rng,
}

impl Fleet {
    /// A fleet without pods. `rng` feeds the pods' behaviour.
    pub fn new(config: SimFleet, rng: Rng) -> Self {
        let by_name = config.node_names().enumerate().map(|(index, name)| (name, index)).collect();
        let nodes = (0..config.nodes)
            .map(|index| Node { addresses: Addresses::of_node(config.first + index), waiting: Vec::new() })
            .collect();
        Self { config, nodes, by_name, pods: BTreeMap::new(), timers: BTreeSet::new(), rng }
    }

    /// Takes notice of a pod: new, changed, or (without `pod`) gone.
    pub fn observe(&mut self, uid: &Uid, pod: Option<&Arc<PodView>>, now: Now) {
        let Some(pod) = pod else { return self.forget(uid, now) };
        let Some(&node) = pod.node_name().and_then(|name| self.by_name.get(&**name)) else { return };
        if let Some(tracked) = self.pods.get_mut(uid) {
            tracked.machine.observe(pod, now);
            tracked.pod = pod.clone();
            if tracked.machine.has_news() {
                self.wake(uid, now.mono);
            } else {
                self.set_timer(uid);
            }
        } else if !self.nodes[node].waiting.iter().any(|p| p.meta.uid == *uid) {
            self.accept(node, pod.clone(), now);
        }
    }

    fn accept(&mut self, node: usize, pod: Arc<PodView>, now: Now) {
        let present: Option<IpAddr> = pod.status.pod_ip.as_deref().and_then(|ip| ip.parse().ok());
        let addresses = &mut self.nodes[node].addresses;
        let address = match present {
            Some(ip) => {
                addresses.claim(ip);
                Some(ip)
            }
            None => addresses.take(),
        };
        let Some(ip) = address else {
            self.nodes[node].waiting.push(pod);
            return;
        };
        let script = self.config.behavior.script(&pod, &mut self.rng);
        let mut machine = if present.is_some() && !mutant::is(Mutant::StartsTwice) {
            PodMachine::resume(script, ip, &pod, now)
        } else {
            PodMachine::new(script, ip, now)
        };
        machine.observe(&pod, now);
        let uid = pod.meta.uid.clone();
        self.pods.insert(uid.clone(), Tracked { machine, pod, node, timer: None, writing: false });
        self.wake(&uid, now.mono);
    }

    fn forget(&mut self, uid: &Uid, now: Now) {
        let Some(tracked) = self.pods.remove(uid) else {
            for node in &mut self.nodes {
                node.waiting.retain(|pod| pod.meta.uid != *uid);
            }
            return;
        };
        if let Some(at) = tracked.timer {
            self.timers.remove(&(at, uid.clone()));
        }
        let node = &mut self.nodes[tracked.node];
        node.addresses.release(tracked.machine.ip());
        if !node.waiting.is_empty() {
            let next = node.waiting.remove(0);
            self.accept(tracked.node, next, now);
        }
    }

    /// A write that [`Fleet::due`] asked for got through, or has become moot: the next one of that pod may come.
    pub fn written(&mut self, uid: &Uid, now: Now) {
        if let Some(tracked) = self.pods.get_mut(uid) {
            tracked.writing = false;
            self.wake(uid, now.mono);
        }
    }

    /// A write that [`Fleet::due`] asked for did not get through: it is tried again after `delay`.
    pub fn retry(&mut self, uid: &Uid, delay: Duration, now: Now) {
        if let Some(tracked) = self.pods.get_mut(uid) {
            tracked.writing = false;
            tracked.machine.repeat_report();
            self.wake(uid, now.mono + delay);
        }
    }

    /// What is to be written by `now`, in order of time and uid. Each task is to be answered by [`Fleet::written`] or
    /// [`Fleet::retry`]; until then its pod gets no other.
    pub fn due(&mut self, now: Now) -> Vec<Task> {
        let later = self.timers.split_off(&(Mono::from_nanos(now.mono.nanos() + 1), Uid::default()));
        let due = std::mem::replace(&mut self.timers, later);
        let mut tasks = Vec::new();
        for (_, uid) in due {
            let Some(tracked) = self.pods.get_mut(&uid) else { continue };
            tracked.timer = None;
            if tracked.writing {
                continue;
            }
            // Only the newest report counts: what a later step says includes what earlier ones said.
            let mut newest = None;
            while let Some(effect) = tracked.machine.advance(&tracked.pod, now) {
                newest = Some(effect);
            }
            tracked.writing = newest.is_some();
            let key = tracked.pod.meta.key();
            tasks.extend(newest.map(|effect| Task { key, uid: uid.clone(), effect }));
            self.set_timer(&uid);
        }
        tasks
    }

    /// When [`Fleet::due`] next has something; `None` while only pod changes can bring it.
    pub fn next_deadline(&self) -> Option<Mono> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// The node of a pod that the fleet runs.
    pub fn node_of(&self, uid: &Uid) -> Option<String> {
        self.pods.get(uid).map(|tracked| self.config.node_name(tracked.node))
    }

    /// Pods on the fleet's nodes.
    pub fn len(&self) -> usize {
        self.pods.len()
    }

    /// Whether no pod is on any node.
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty()
    }

    fn set_timer(&mut self, uid: &Uid) {
        let waiting = self.pods.get(uid).filter(|tracked| !tracked.writing);
        if let Some(at) = waiting.and_then(|tracked| tracked.machine.deadline()) {
            self.wake(uid, at);
        }
    }

    fn wake(&mut self, uid: &Uid, at: Mono) {
        let Some(tracked) = self.pods.get_mut(uid) else { return };
        if let Some(before) = tracked.timer.replace(at) {
            self.timers.remove(&(before, uid.clone()));
        }
        self.timers.insert((at, uid.clone()));
    }
}
