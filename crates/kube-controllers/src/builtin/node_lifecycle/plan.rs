//! Which nodes live, and what follows for those that do not. Pure: times and sights in, acts out.
//!
//! A node is as old as this controller's own knowledge of it: what counts is when it *saw* a heartbeat or a lease
//! change, by its own clock. So a lease that ran out while nobody looked is no proof of anything, and no clock of a
//! node matters.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/nodelifecycle` (`monitorNodeHealth`, `tryUpdateNodeHealth`,
//! `handleDisruption`, `doNoExecuteTaintingPass`).

use super::sight::{NodeSight, Readiness};
use super::taints::{NOT_READY, UNREACHABLE};
use super::zones::{Zone, ZoneState};
use jiff::Timestamp;
use kube_core::env::Mono;
use kube_core::resource::Uid;
use kube_core::taint::Effect;
use kube_store::mutant::{self, Mutant};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Times and rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Time between two looks at all nodes: 5 s.
    pub period: Duration,
    /// How long a node may be silent: 50 s.
    pub grace: Duration,
    /// How long a node may take to report for the first time: 60 s.
    pub startup_grace: Duration,
    /// Time between two nodes of a zone that are cleared of their pods: 10 s.
    pub interval: Duration,
    /// The same where a large zone is disrupted: 100 s.
    pub secondary_interval: Duration,
    /// Nodes beyond which a zone is large: 50. In smaller ones that are disrupted no node is cleared.
    pub large_zone: usize,
    /// The part of a zone, in thousandths, from which on it is disrupted: 550.
    pub unhealthy_thousandths: usize,
}

/// Those of kube-controller-manager v1.36.
impl Default for Settings {
    fn default() -> Self {
        Self {
            period: Duration::from_secs(5),
            grace: Duration::from_secs(50),
            startup_grace: Duration::from_mins(1),
            interval: Duration::from_secs(10),
            secondary_interval: Duration::from_secs(100),
            large_zone: 50,
            unhealthy_thousandths: 550,
        }
    }
}

/// A node, and when its lease was renewed.
#[derive(Clone, Debug)]
pub struct Sight {
    /// The node.
    pub node: Arc<NodeSight>,
    /// By the node's clock.
    pub renewed: Option<Timestamp>,
}

/// Something to do.
#[derive(Clone, Debug)]
pub enum Act {
    /// Tell people of a node that was not known.
    Register(Arc<NodeSight>),
    /// Tell people of a node that is gone.
    Remove(Arc<str>, Uid),
    /// Note that the node is silent; its pods are to count as not ready where it was ready before.
    Silence {
        /// The node, as it was read.
        node: Arc<NodeSight>,
        /// Whether it was ready before.
        was_ready: bool,
    },
    /// Say of the node's pods that they are not ready: the last try failed.
    Unready(Arc<NodeSight>),
    /// Give the node the `NoExecute` taint of that key, in place of the others.
    Clear(Arc<NodeSight>, &'static str),
    /// Take the node's `NoExecute` taints off.
    Restore(Arc<NodeSight>),
}

/// What is known of a node.
#[derive(Clone, Debug)]
struct Health {
    /// As it was read last.
    sight: Arc<NodeSight>,
    zone: Arc<str>,
    /// Whether it counts for the state of its zone.
    counts: bool,
    /// When it last gave a sign of life, by the controller's clock.
    seen: Mono,
    reported: bool,
    heartbeat: Option<Timestamp>,
    renewed: Option<Timestamp>,
}

/// What is known of all nodes. Lost with the controller: a new one begins with the trust that all nodes live.
#[derive(Clone, Debug, Default)]
pub struct Monitor {
    settings: Settings,
    /// By name.
    nodes: Vec<Health>,
    zones: BTreeMap<Arc<str>, Zone>,
    /// Nodes whose pods could not all be told of.
    unready: BTreeSet<Arc<str>>,
    /// When the next look is due.
    next: Option<Mono>,
}

/// How the nodes of a zone are, after a look.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    ready: usize,
    not_ready: usize,
}

impl Monitor {
    /// A monitor that knows no node yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Takes a look at all nodes where it is time for one, and clears nodes as fast as may be. Gives what to do, and when
    /// to come again; never, where there is no node.
    pub fn step(&mut self, sights: &[Sight], now: Mono) -> (Vec<Act>, Option<Duration>) {
        let mut acts = Vec::new();
        if self.next.is_none_or(|next| now >= next) {
            self.excuse(now);
            self.look(sights, now, &mut acts);
            self.next = Some(now + self.settings.period);
        }
        self.clear(sights, now, &mut acts);
        if sights.is_empty() {
            self.next = None;
            return (acts, None);
        }
        let busy = self.zones.values().filter(|zone| !zone.waiting.is_empty());
        let due = busy.filter_map(|zone| zone.limiter.next()).chain(self.next).min();
        (acts, due.map(|due| due.since(now).max(Duration::from_millis(1))))
    }

    /// The node could not be tainted: it waits again.
    pub fn not_cleared(&mut self, node: &NodeSight) {
        if let Some(zone) = self.zones.get_mut(&*node.zone()) {
            zone.waiting.push_front(node.meta.name.clone());
        }
    }

    /// Not all of the node's pods could be told of, or now they are.
    pub fn pods_told(&mut self, node: &Arc<str>, all: bool) {
        if all {
            self.unready.remove(node)
        } else {
            self.unready.insert(node.clone())
        };
    }

    /// A look that comes late proves nothing of the time in which nobody looked: a process that stood still has not seen
    /// the signs of life that are waiting for it.
    fn excuse(&mut self, now: Mono) {
        let late = self.next.map(|due| now.since(due)).filter(|late| *late > self.settings.period);
        if let Some(late) = late {
            self.nodes.iter_mut().for_each(|health| health.seen = health.seen + late);
        }
    }

    fn look(&mut self, sights: &[Sight], now: Mono, acts: &mut Vec<Act>) {
        let mut tallies: BTreeMap<Arc<str>, Tally> = BTreeMap::new();
        self.forget(sights, acts);
        // Both are in order of names, and what is known is of nodes that are there.
        let mut known = std::mem::take(&mut self.nodes).into_iter().peekable();
        self.nodes.reserve(sights.len());
        for sight in sights {
            let before = known.next_if(|health| health.sight.meta.name == sight.node.meta.name);
            let (health, readiness) = self.judge(sight, before, now, acts);
            let tally = match tallies.get_mut(&health.zone) {
                Some(tally) => tally,
                None => tallies.entry(health.zone.clone()).or_default(),
            };
            if health.counts {
                let ready = readiness == Some(Readiness::Ready);
                *(if ready { &mut tally.ready } else { &mut tally.not_ready }) += 1;
            }
            if readiness.is_some() {
                self.react(&sight.node, &health.zone, acts);
            }
            self.nodes.push(health);
        }
        self.zones.retain(|key, _| tallies.contains_key(key));
        tallies.retain(|_, tally| tally.ready + tally.not_ready > 0);
        self.disruption(&tallies, sights, now, acts);
    }

    /// Both are in order of names.
    fn forget(&mut self, sights: &[Sight], acts: &mut Vec<Act>) {
        let mut present = sights.iter().map(|sight| &sight.node.meta).peekable();
        let mut gone = Vec::new();
        self.nodes.retain(|health| {
            let meta = &health.sight.meta;
            while present.next_if(|present| present.name < meta.name).is_some() {}
            let stays = present.peek().is_some_and(|p| p.name == meta.name && p.uid == meta.uid);
            if !stays {
                gone.push(health.clone());
            }
            stays
        });
        for health in gone {
            let meta = &health.sight.meta;
            if let Some(zone) = self.zones.get_mut(&health.zone) {
                zone.remove(&meta.name);
            }
            self.unready.remove(&meta.name);
            acts.push(Act::Remove(meta.name.clone(), meta.uid.clone()));
        }
    }

    /// How the node is after this look; `None` while it has not reported yet and still may.
    fn judge(
        &mut self,
        sight: &Sight,
        before: Option<Health>,
        now: Mono,
        acts: &mut Vec<Act>,
    ) -> (Health, Option<Readiness>) {
        let node = &sight.node;
        let beat = node.beat();
        let same = before.as_ref().filter(|health| Arc::ptr_eq(&health.sight, node));
        let (zone, counts) = match same {
            Some(health) => (health.zone.clone(), health.counts),
            None => (node.zone().into(), !node.meta.labels.contains_key(EXCLUDED)),
        };
        let settings = self.settings;
        if !self.zones.contains_key(&zone) {
            self.zones.insert(zone.clone(), Zone::new(&settings, now));
        }
        let heartbeat = beat.and_then(|beat| beat.last_heartbeat_time);
        let mut health = Health {
            sight: node.clone(),
            zone,
            counts,
            seen: now,
            reported: beat.is_some(),
            heartbeat,
            renewed: sight.renewed,
        };
        match before {
            None => {
                acts.push(Act::Register(node.clone()));
                if mutant::is(Mutant::TrustsOldLeases) {
                    health.seen = Mono::default();
                }
            }
            Some(before) => {
                let renewed =
                    sight.renewed.is_some_and(|renewed| before.renewed.is_none_or(|before| before < renewed));
                let lives = node.never_beats()
                    || before.reported != beat.is_some()
                    || before.heartbeat != heartbeat
                    || renewed;
                if !lives {
                    health.seen = before.seen;
                    health.renewed = before.renewed;
                }
            }
        }
        let grace = if beat.is_some() { settings.grace } else { settings.startup_grace };
        let observed = node.readiness();
        if now.since(health.seen) <= grace {
            return (health, observed);
        }
        if observed != Some(Readiness::Unknown) {
            let was_ready = observed == Some(Readiness::Ready);
            acts.push(Act::Silence { node: node.clone(), was_ready });
        }
        (health, Some(Readiness::Unknown))
    }

    /// What follows from what the node says, or what was noted of it before.
    fn react(&mut self, node: &Arc<NodeSight>, zone: &str, acts: &mut Vec<Act>) {
        let observed = node.readiness().unwrap_or(Readiness::Unknown);
        let has = |key: &str| node.has_taint(key, Effect::NoExecute);
        let Some(zone) = self.zones.get_mut(zone) else { return };
        let (own, other) = match observed {
            Readiness::Ready => {
                zone.remove(&node.meta.name);
                self.unready.remove(&node.meta.name);
                if has(NOT_READY) || has(UNREACHABLE) {
                    acts.push(Act::Restore(node.clone()));
                }
                return;
            }
            Readiness::NotReady => (NOT_READY, UNREACHABLE),
            Readiness::Unknown => (UNREACHABLE, NOT_READY),
        };
        if has(other) {
            // It is being cleared already: only the reason differs.
            acts.push(Act::Clear(node.clone(), own));
        } else if !has(own) {
            zone.enqueue(&node.meta.name);
        }
        if self.unready.contains(&node.meta.name) {
            acts.push(Act::Unready(node.clone()));
        }
    }

    /// Where no node of any zone answers it is the control plane that is cut off: nothing is cleared then.
    fn disruption(
        &mut self,
        tallies: &BTreeMap<Arc<str>, Tally>,
        sights: &[Sight],
        now: Mono,
        acts: &mut Vec<Act>,
    ) {
        let state_of = |tally: &Tally| ZoneState::of(tally.ready, tally.not_ready, &self.settings);
        let all_are = tallies.values().all(|tally| state_of(tally) == ZoneState::FullDisruption);
        let mut known = self.zones.iter().filter(|(key, _)| tallies.contains_key(*key));
        let all_were = known.all(|(_, zone)| zone.state == ZoneState::FullDisruption);
        if all_are && all_were {
            return;
        }
        if all_are {
            acts.retain(|act| !matches!(act, Act::Clear(..) | Act::Restore(_)));
            let tainted = |node: &NodeSight| {
                [NOT_READY, UNREACHABLE].iter().any(|key| node.has_taint(key, Effect::NoExecute))
            };
            let tainted = sights.iter().filter(|sight| tainted(&sight.node));
            acts.extend(tainted.map(|sight| Act::Restore(sight.node.clone())));
            for zone in self.zones.values_mut() {
                zone.waiting.clear();
                zone.stop(now);
            }
            return;
        }
        if all_were {
            // What was not seen meanwhile says nothing about any node.
            self.nodes.iter_mut().for_each(|health| health.seen = now);
        }
        for (key, tally) in tallies {
            let state = ZoneState::of(tally.ready, tally.not_ready, &self.settings);
            if let Some(zone) = self.zones.get_mut(key).filter(|zone| all_were || zone.state != state) {
                zone.set(state, tally.ready + tally.not_ready, &self.settings, now);
            }
        }
    }

    /// Lets nodes through, zone by zone, as fast as each may.
    fn clear(&mut self, sights: &[Sight], now: Mono, acts: &mut Vec<Act>) {
        for zone in self.zones.values_mut() {
            while let Some(name) = zone.waiting.front().cloned() {
                let place = sights.binary_search_by(|sight| sight.node.meta.name.cmp(&name));
                let node = place.ok().and_then(|place| sights.get(place)).map(|sight| &sight.node);
                let key = match node.and_then(|node| node.readiness()) {
                    Some(Readiness::NotReady) => NOT_READY,
                    Some(Readiness::Unknown) => UNREACHABLE,
                    _ => {
                        zone.waiting.pop_front();
                        continue;
                    }
                };
                if node.is_none_or(|node| node.has_taint(key, Effect::NoExecute)) {
                    zone.waiting.pop_front();
                    continue;
                }
                if !zone.limiter.try_accept(now) {
                    break;
                }
                zone.waiting.pop_front();
                acts.extend(node.map(|node| Act::Clear(node.clone(), key)));
            }
        }
    }
}

/// Label of nodes that do not count for the state of their zone.
const EXCLUDED: &str = "node.kubernetes.io/exclude-disruption";
