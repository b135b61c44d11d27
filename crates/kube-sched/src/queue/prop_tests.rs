//! No wake-up is lost and none is for nothing, whatever happens in whatever order.

use super::{Place, Queue, QueueConfig, QueuedPod};
use crate::engine::Engine;
use crate::fixtures::{node, pod};
use crate::framework::{
    ClusterEvent, EnqueueHints, EventSet, Filter, Hint, NodeRef, Plugin, PodInfo, Points, Reads, Verdict,
};
use crate::profile::Profile;
use kube_core::env::Mono;
use kube_core::resource::ObjectKey;
use proptest::prelude::{Strategy, prop_oneof, proptest};
use proptest::{collection, prop_assert, prop_assert_eq};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Wants a node of the colour that the pod's name ends with.
struct Colour;

impl Plugin for Colour {
    fn name(&self) -> &'static str {
        "Colour"
    }

    fn reads(&self) -> Reads {
        Reads::NODE_LABELS
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.filter(self.clone()).hints(self);
    }
}

impl Filter for Colour {
    fn filter(&self, _pod: &PodInfo, _node: NodeRef<'_>) -> Verdict {
        Verdict::no("wrong colour")
    }
}

impl EnqueueHints for Colour {
    fn events(&self) -> EventSet {
        EventSet::NODE_ADD
    }

    fn hint(&self, pod: &PodInfo, event: &ClusterEvent) -> Hint {
        let ClusterEvent::NodeAdded(node) = event else { return Hint::Queue };
        Hint::when(colour(pod.key()) == colour(&ObjectKey::cluster(node.meta.name.clone())))
    }
}

fn colour(key: &ObjectKey) -> Option<char> {
    key.name.chars().last()
}

#[derive(Clone, Debug)]
enum Step {
    Add(u8),
    Remove(u8),
    Pop,
    /// The pod that was taken first comes back.
    Reject,
    Fail,
    Bind,
    NodeOf(u8),
    Wait(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..6_u8).prop_map(Step::Add),
        1 => (0..6_u8).prop_map(Step::Remove),
        6 => proptest::strategy::Just(Step::Pop),
        4 => proptest::strategy::Just(Step::Reject),
        1 => proptest::strategy::Just(Step::Fail),
        1 => proptest::strategy::Just(Step::Bind),
        4 => (0..3_u8).prop_map(Step::NodeOf),
        2 => (0..12_000_u16).prop_map(Step::Wait),
    ]
}

/// What a queue owes its pods, without saying how.
#[derive(Default)]
struct Model {
    /// Every pod, and whether it is owed an attempt.
    owed: BTreeMap<ObjectKey, bool>,
    out: Vec<QueuedPod>,
}

struct World {
    queue: Queue,
    model: Model,
    now: Mono,
}

impl World {
    fn new(pop_from_backoff: bool) -> Self {
        let engine = Engine::new(&Profile::empty().with(Colour)).unwrap();
        let config = QueueConfig { pop_from_backoff, ..QueueConfig::default() };
        Self { queue: Queue::new(config, &engine), model: Model::default(), now: Mono::default() }
    }

    fn apply(&mut self, step: &Step) {
        match *step {
            Step::Add(id) => {
                let info = Arc::new(PodInfo::new(pod(&name(id), json!({}))));
                self.model.owed.entry(info.key().clone()).or_insert(true);
                self.queue.add(info, self.now);
            }
            Step::Remove(id) => {
                let key = ObjectKey::new("default", name(id).as_str());
                self.model.owed.remove(&key);
                self.model.out.retain(|popped| *popped.pod.key() != key);
                self.queue.remove(&key, self.now);
            }
            Step::Pop => self.pop(),
            Step::Reject => {
                if let Some(popped) = self.first_out() {
                    self.queue.unschedulable(&popped, BTreeSet::from(["Colour"]), self.now, |_| true);
                }
            }
            Step::Fail => {
                if let Some(popped) = self.first_out() {
                    self.model.owed.insert(popped.pod.key().clone(), true);
                    self.queue.failed(&popped, self.now);
                }
            }
            Step::Bind => {
                if let Some(popped) = self.first_out() {
                    self.model.owed.remove(popped.pod.key());
                    self.queue.binding(&popped);
                    self.queue.done(&popped, self.now);
                }
            }
            Step::NodeOf(id) => {
                let wanted = char::from(b'a' + id);
                for (key, owed) in &mut self.model.owed {
                    *owed |= colour(key) == Some(wanted);
                }
                let event = ClusterEvent::NodeAdded(node(&format!("node-{wanted}"), json!({})));
                self.queue.event(&event, self.now, |_| true);
            }
            Step::Wait(millis) => self.now = self.now + Duration::from_millis(u64::from(millis)),
        }
    }

    fn pop(&mut self) {
        if let Some(popped) = self.queue.pop(self.now) {
            let owed = self.model.owed.insert(popped.pod.key().clone(), false);
            assert_eq!(owed, Some(true), "{} was taken for nothing", popped.pod.key());
            self.model.out.push(popped);
        }
    }

    fn first_out(&mut self) -> Option<QueuedPod> {
        (!self.model.out.is_empty()).then(|| self.model.out.remove(0))
    }
}

fn name(id: u8) -> String {
    format!("pod-{id}-{}", char::from(b'a' + id % 3))
}

proptest! {
    #[test]
    fn no_wake_up_is_lost_and_none_is_for_nothing(
        steps in collection::vec(step(), 1..80),
        pop_from_backoff: bool,
    ) {
        let mut world = World::new(pop_from_backoff);
        for step in &steps {
            world.apply(step);
            prop_assert_eq!(world.queue.len(), world.model.owed.len());
        }
        // Everything that is out comes back; then only time passes, and too little of it for the long flush.
        while !world.model.out.is_empty() {
            world.apply(&Step::Reject);
        }
        prop_assert_eq!(world.queue.in_flight.held(), 0);
        world.now = world.now + Duration::from_secs(10);
        let before = world.now;
        while world.queue.pop(before).map(|popped| {
            world.model.owed.insert(popped.pod.key().clone(), false);
        }).is_some() {}
        for (key, owed) in &world.model.owed {
            prop_assert!(!owed, "{key} was never tried again: {:?}", world.queue.place(key));
            let parked = matches!(world.queue.place(key), Some(Place::Unschedulable { .. } | Place::InFlight));
            prop_assert!(parked, "{key}: {:?}", world.queue.place(key));
        }
    }
}
