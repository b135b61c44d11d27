//! Which pods would have to go from which node.

use super::budgets::{Budgets, Shown};
use super::choice::{Harm, best};
use crate::engine::{Room, Trial};
use crate::explain::{Rejection, Why};
use crate::framework::{NodeRef, PodInfo, Reason, Reasons, Verdict};
use crate::snapshot::{BoundPod, Rank};
use kube_core::view::PodView;
use std::sync::Arc;

/// Where room can be made, and where it cannot.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Search {
    /// The nodes where it can, in the order of the snapshot.
    pub candidates: Vec<Candidate>,
    /// The nodes where it cannot, in the order of the snapshot: which plugin still rejects the pod (empty where there is
    /// nobody to go), and what it says.
    pub unhelpful: Vec<(Arc<str>, &'static str, Verdict)>,
}

/// A node where room can be made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Candidate {
    /// The node.
    pub node: Arc<str>,
    /// Who would have to go, most important first.
    pub victims: Vec<Arc<BoundPod>>,
    /// How many of them a disruption budget protects.
    pub violations: usize,
}

impl Search {
    pub(super) fn run(pod: &PodInfo, room: &Room<'_>) -> Self {
        let Finds { candidates, unhelpful } = Finds::run(pod, room);
        Self { candidates: candidates.iter().map(Find::to_candidate).collect(), unhelpful }
    }

    /// The best candidates; several only where nothing tells them apart.
    pub fn chosen(&self) -> Vec<&Candidate> {
        best(self.candidates.iter().collect())
    }
}

impl Harm for Candidate {
    fn violations(&self) -> usize {
        self.violations
    }

    fn victims(&self) -> impl ExactSizeIterator<Item = Rank> {
        self.victims.iter().map(|pod| Rank::of(pod))
    }
}

/// A search as it goes: nothing of the snapshot is cloned for nodes that are not taken.
#[derive(Debug, Default)]
pub(super) struct Finds<'r> {
    candidates: Vec<Find<'r>>,
    unhelpful: Vec<(Arc<str>, &'static str, Verdict)>,
}

#[derive(Debug)]
struct Find<'r> {
    node: NodeRef<'r>,
    victims: Vec<Shown<'r>>,
    violations: usize,
}

impl Find<'_> {
    fn to_candidate(&self) -> Candidate {
        Candidate {
            node: self.node.name().clone(),
            victims: self.victims.iter().map(|victim| victim.pod.clone()).collect(),
            violations: self.violations,
        }
    }
}

impl Harm for Find<'_> {
    fn violations(&self) -> usize {
        self.violations
    }

    fn victims(&self) -> impl ExactSizeIterator<Item = Rank> {
        self.victims.iter().map(Shown::rank)
    }
}

impl<'r> Finds<'r> {
    pub(super) fn run(pod: &PodInfo, room: &Room<'r>) -> Self {
        let budgets = Budgets::new(room.cluster());
        let mut finds = Self::default();
        let (mut trial, mut lesser) = (None, Vec::new());
        for node in possible(room) {
            lesser.clear();
            let pods = node.holdings().iter().zip(node.pods());
            let shown = pods.map(|(holding, pod)| Shown { holding, pod });
            lesser.extend(shown.filter(|other| other.holding.priority() < pod.priority()));
            match victims_among(&mut lesser, node, room, &mut trial, &budgets) {
                Ok((victims, violations)) => finds.candidates.push(Find { node, victims, violations }),
                Err((plugin, verdict)) => finds.unhelpful.push((node.name().clone(), plugin, verdict)),
            }
        }
        finds
    }

    /// The first of the best candidates.
    pub(super) fn first(&self) -> Option<Candidate> {
        best(self.candidates.iter().collect()).first().map(|find| find.to_candidate())
    }

    /// Why no room can be made, in Kubernetes' words.
    pub(super) fn message(&self, room: &Room<'_>) -> String {
        let why = room.why();
        let mut all = Why { nodes: why.nodes, ..Why::default() };
        for (node, plugin, verdict) in &self.unhelpful {
            if let Some(reasons) = verdict.reasons() {
                let (node, reasons) = (node.clone(), reasons.clone());
                all.rejections.push(Rejection { node, plugin, for_good: false, reasons });
            }
        }
        let mut tried = self.unhelpful.iter().map(|(name, ..)| name).peekable();
        for node in room.cluster().nodes() {
            if tried.next_if(|name| *name == node.name()).is_none() {
                let reasons = Reasons::from(Reason::from(NOT_HELPFUL));
                all.rejections.push(Rejection {
                    node: node.name().clone(),
                    plugin: "",
                    for_good: true,
                    reasons,
                });
            }
        }
        format!("preemption: {all}")
    }
}

/// Whether the pod may ask for room.
///
/// # Errors
/// Why not.
pub(super) fn is_eligible(pod: &PodInfo, room: &Room<'_>) -> Result<(), &'static str> {
    if pod.view().spec.preemption_policy.as_deref() == Some("Never") {
        return Err(NEVER);
    }
    let stated = pod.view().status.nominated_node_name.as_ref().filter(|name| !name.is_empty());
    let Some(node) = room.cluster().nominated_node(pod.key()).or(stated) else { return Ok(()) };
    // Room there would not help any more: another node must be looked for.
    if room.why().rejections.iter().any(|rejection| rejection.node == *node && rejection.for_good) {
        return Ok(());
    }
    let pods = room.cluster().node(node).map(|node| node.pods()).unwrap_or_default();
    let makes_room = |other: &Arc<BoundPod>| other.priority() < pod.priority() && is_preempted(other.view());
    if pods.iter().any(makes_room) { Err(UNDER_WAY) } else { Ok(()) }
}

/// Whether the pod is on its way out to make room.
fn is_preempted(pod: &PodView) -> bool {
    pod.is_terminating()
        && pod.condition("DisruptionTarget").is_some_and(|condition| {
            &*condition.status == "True" && condition.reason.as_deref() == Some("PreemptionByScheduler")
        })
}

/// The nodes that pods can make fit by going, in the order of the snapshot.
fn possible<'r>(room: &Room<'r>) -> Vec<NodeRef<'r>> {
    let why = room.why();
    match &why.pod {
        Some(rejection) if rejection.for_good => Vec::new(),
        Some(_) => room.cluster().nodes().collect(),
        None => {
            let may = why.rejections.iter().filter(|rejection| !rejection.for_good);
            let mut names = may.map(|rejection| &rejection.node).peekable();
            // Both are in one order.
            let may = |node: &NodeRef<'_>| names.next_if(|name| *name == node.name()).is_some();
            room.cluster().nodes().filter(may).collect()
        }
    }
}

type Victims<'r> = (Vec<Shown<'r>>, usize);

/// Who of `lesser` has to go. `trial` is used again for the next node: most of what it takes is the same for all.
fn victims_among<'r>(
    lesser: &mut Vec<Shown<'r>>,
    node: NodeRef<'r>,
    room: &Room<'r>,
    trial: &mut Option<Trial<'r>>,
    budgets: &Budgets,
) -> Result<Victims<'r>, (&'static str, Verdict)> {
    if lesser.is_empty() {
        return Err(("", Verdict::never(NO_VICTIMS)));
    }
    match trial {
        Some(trial) => trial.move_to(node),
        None => *trial = room.trial(node.name()),
    }
    let Some(trial) = trial else { return Err(("", Verdict::never(NO_VICTIMS))) };
    for other in &*lesser {
        trial.remove_held(other.holding, other.pod);
    }
    if let Some(said) = trial.verdict() {
        return Err(said);
    }
    sort_by_importance(lesser);
    let protected = budgets.take_protected(lesser);
    let mut victims = Vec::new();
    // The more important ones get the chance to stay first.
    let mut stays = |other: &Shown<'r>| {
        trial.add_held(other.holding, other.pod);
        let stays = trial.still_fits();
        if !stays {
            trial.remove_held(other.holding, other.pod);
            victims.push(*other);
        }
        stays
    };
    let violations = protected.iter().filter(|other| !stays(other)).count();
    for other in &*lesser {
        stays(other);
    }
    if !protected.is_empty() && !lesser.is_empty() {
        sort_by_importance(&mut victims);
    }
    Ok((victims, violations))
}

/// Sorts the most important first: by priority, then by how long they have run; by name where nothing else tells.
fn sort_by_importance(pods: &mut [Shown<'_>]) {
    pods.sort_unstable_by(|a, b| {
        a.rank().cmp(&b.rank()).then_with(|| {
            let (a, b) = (a.pod.key(), b.pod.key());
            (&a.name, &a.namespace).cmp(&(&b.name, &b.namespace))
        })
    });
}

const NO_VICTIMS: &str = "No preemption victims found for incoming pod";
const NOT_HELPFUL: &str = "Preemption is not helpful for scheduling";
const NEVER: &str = "not eligible due to preemptionPolicy=Never.";
const UNDER_WAY: &str = "not eligible due to a terminating pod on the nominated node.";
