//! Which pods go first when there are too many.
//!
//! Source: `k8s.io/kubernetes/pkg/controller` (`ActivePodsWithRanks`, `ActivePods`).

use jiff::Timestamp;
use kube_core::resource::Uid;
use kube_core::view::{PodPhase, PodView};
use kube_store::mutant::{self, Mutant};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Annotation: pods of lower cost go before pods of higher cost.
pub const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// Pods in the order in which they are to be deleted.
///
/// `related` are the pods of all ReplicaSets of the same owner: of pods that are otherwise alike, those go first that
/// share their node with most of them. Ages are compared by their order of magnitude (logarithm to base 2), so that
/// the youngest are not always the ones to go.
///
/// Kubernetes compares in pairs, by a relation that can run in circles (ready since different times of one order of
/// magnitude: by uid; since the same time: by restarts). Here pods that became ready at the same moment stay together,
/// at the place of the one with the lowest uid.
pub fn deletion_order(pods: &[Arc<PodView>], related: &[Arc<PodView>], now: Timestamp) -> Vec<Arc<PodView>> {
    let mut on_node: BTreeMap<&str, usize> = BTreeMap::new();
    for pod in related.iter().filter(|pod| pod.is_active()) {
        *on_node.entry(node(pod)).or_default() += 1;
    }
    let mut together: BTreeMap<Timestamp, &Uid> = BTreeMap::new();
    for pod in pods {
        let Some(since) = ready_since(pod) else { continue };
        let first = together.entry(since).or_insert(&pod.meta.uid);
        *first = (*first).min(&pod.meta.uid);
    }
    let mut order = pods.to_vec();
    order.sort_by_cached_key(|pod| {
        let colocated = on_node.get(node(pod)).copied().unwrap_or(0);
        Rank::of(pod, colocated, &together, now)
    });
    order
}

/// The same for pods of Jobs: costs and nodes do not matter, and of two ages the younger goes first however close they
/// are.
pub fn youth_order(pods: &[Arc<PodView>]) -> Vec<Arc<PodView>> {
    let mut order = pods.to_vec();
    order.sort_by_cached_key(|pod| {
        // Without a time comes before everything, then what is young.
        let young = |since: Option<Timestamp>| (since.is_some(), Reverse(since));
        let ready = pod.is_ready().then(|| young(ready_since(pod)));
        let created = young(pod.meta.creation_timestamp);
        (pod.node_name().is_some(), phase(pod), ready, Reverse(restarts(pod)), created, pod.meta.uid.clone())
    });
    order
}

/// The place of a pod in the order; lower goes first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    assigned: bool,
    phase: u8,
    ready: bool,
    cost: i32,
    colocated: Reverse<usize>,
    ready_for: Option<(Age, Uid)>,
    restarts: Reverse<(i32, i32)>,
    age: Age,
    uid: Uid,
}

impl Rank {
    fn of(pod: &PodView, colocated: usize, together: &BTreeMap<Timestamp, &Uid>, now: Timestamp) -> Self {
        let since = ready_since(pod);
        Self {
            assigned: pod.node_name().is_some(),
            phase: phase(pod),
            ready: pod.is_ready() != mutant::is(Mutant::GivesUpReadyPods),
            cost: deletion_cost(pod),
            colocated: Reverse(colocated),
            ready_for: since
                .and_then(|since| Some((Age::of(Some(since), now), (*together.get(&since)?).clone()))),
            restarts: Reverse(restarts(pod)),
            age: Age::of(pod.meta.creation_timestamp, now),
            uid: pod.meta.uid.clone(),
        }
    }
}

/// How old, in powers of two of nanoseconds; without a time comes before everything.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Age(Option<i32>);

impl Age {
    fn of(since: Option<Timestamp>, now: Timestamp) -> Self {
        Self(since.map(|since| {
            let nanos = now.duration_since(since).as_nanos();
            u128::try_from(nanos).ok().and_then(u128::checked_ilog2).map_or(-1, u32::cast_signed)
        }))
    }
}

fn phase(pod: &PodView) -> u8 {
    match pod.status.phase {
        PodPhase::Pending => 0,
        PodPhase::Unknown => 1,
        _ => 2,
    }
}

fn node(pod: &PodView) -> &str {
    pod.node_name().map_or("", |name| name)
}

fn ready_since(pod: &PodView) -> Option<Timestamp> {
    pod.condition("Ready").filter(|ready| &*ready.status == "True")?.last_transition_time
}

/// A cost that is no number of 32 bits, or is written with `+` or leading zeros, counts as 0.
fn deletion_cost(pod: &PodView) -> i32 {
    let Some(text) = pod.meta.annotations.get(DELETION_COST) else { return 0 };
    let valid = &**text == "0" || text.starts_with(|c: char| c == '-' || ('1'..='9').contains(&c));
    text.parse().ok().filter(|_| valid).unwrap_or(0)
}

/// Most restarts of a container, then of a sidecar.
fn restarts(pod: &PodView) -> (i32, i32) {
    let most = |counts: &mut dyn Iterator<Item = i32>| counts.max().unwrap_or(0);
    let sidecar = |name: &Arc<str>| {
        let mut containers = pod.spec.init_containers.iter();
        containers.any(|c| c.name == *name && c.restart_policy.as_deref() == Some("Always"))
    };
    let init = pod.status.init_container_statuses.iter();
    (
        most(&mut pod.status.container_statuses.iter().map(|status| status.restart_count)),
        most(&mut init.filter(|status| sidecar(&status.name)).map(|status| status.restart_count)),
    )
}
