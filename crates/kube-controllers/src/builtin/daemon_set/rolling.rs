//! Replacing pods of an old revision, node by node.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/daemon` (`rollingUpdate`, `updatedDesiredNodeCounts`).

use super::nodes::Verdict;
use super::plan::{Op, Post, View};
use kube_core::int_or_percent::scaled_value;
use kube_core::kinds::IntOrString;
use kube_core::kinds::apps::v1::DaemonSet;
use kube_core::view::PodView;
use std::sync::Arc;

/// How far a rolling update may stray.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Nodes that may be without an available pod.
    pub unavailable: usize,
    /// Nodes that may have a second pod.
    pub surge: usize,
}

impl Bounds {
    /// Those of `set` with `desired` nodes. Both are rounded up.
    pub fn of(set: &DaemonSet, desired: usize) -> Self {
        let strategy = set.spec.as_ref().and_then(|spec| spec.update_strategy.as_ref());
        let rolling = strategy.and_then(|strategy| strategy.rolling_update.as_ref());
        let total = i32::try_from(desired).unwrap_or(i32::MAX);
        let scale = |value: Option<&IntOrString>| {
            let scaled = value.and_then(|value| scaled_value(value, total, true).ok()).unwrap_or(0);
            usize::try_from(scaled).unwrap_or(0)
        };
        let unavailable = scale(rolling.and_then(|rolling| rolling.max_unavailable.as_ref()));
        let surge = scale(rolling.and_then(|rolling| rolling.max_surge.as_ref()));
        let stuck = desired > 0 && unavailable == 0 && surge == 0;
        Self { unavailable: if stuck { 1 } else { unavailable }, surge }
    }
}

/// Whether `set` may have a second pod on a node.
pub(super) fn allows_surge(set: &DaemonSet) -> bool {
    let strategy = set.spec.as_ref().and_then(|spec| spec.update_strategy.as_ref());
    let rolling = strategy.filter(|strategy| strategy.type_.as_deref() == Some("RollingUpdate"));
    let surge = rolling.and_then(|strategy| strategy.rolling_update.as_ref()?.max_surge.as_ref());
    // Only whether it comes out as nothing matters.
    surge.is_some_and(|surge| scaled_value(surge, 100, true).is_ok_and(|surge| surge > 0))
}

/// At most one pod of each revision, of those that stay.
struct Pair<'a> {
    new: Option<&'a Arc<PodView>>,
    old: Option<&'a Arc<PodView>>,
}

impl<'a> Pair<'a> {
    /// `None` where there are more: those go first.
    fn of(view: &View<'_>, pods: &'a [Arc<PodView>]) -> Option<Self> {
        let mut pair = Self { new: None, old: None };
        for pod in pods.iter().filter(|pod| !pod.is_terminating()) {
            let place = if view.is_new(pod) { &mut pair.new } else { &mut pair.old };
            if place.replace(pod).is_some() {
                return None;
            }
        }
        Some(pair)
    }
}

/// The next step of an update.
pub(super) fn roll(view: &View<'_>, posts: &[Post<'_>]) -> Vec<Op> {
    let desired = posts.iter().filter(|post| post.verdict == Verdict::Runs).count();
    let bounds = Bounds::of(view.set, desired);
    if bounds.surge == 0 {
        replace(view, posts, bounds.unavailable)
    } else {
        surge(view, posts, bounds.surge, desired)
    }
}

/// Without a second pod: pods that are unavailable are replaced at once, others while few enough are missing. Pods that
/// are going count as nothing, so that an update gets past nodes that are down.
fn replace(view: &View<'_>, posts: &[Post<'_>], most: usize) -> Vec<Op> {
    let mut unavailable = 0_usize;
    let mut free = Vec::new();
    let mut candidates = Vec::new();
    for post in posts.iter().filter(|post| post.concerns()) {
        match Pair::of(view, &post.pods) {
            Some(Pair { new: Some(new), old: None }) => unavailable += usize::from(!view.is_available(new)),
            Some(Pair { new: None, old: Some(old) }) if !view.is_available(old) => {
                // It is replaced in any case, and is missing all the same.
                free.push(delete(old));
                unavailable += 1;
            }
            Some(Pair { new: None, old: Some(old) }) => candidates.push(delete(old)),
            _ => unavailable += 1,
        }
    }
    candidates.truncate(most.saturating_sub(unavailable));
    free.extend(candidates);
    free
}

/// With a second pod: the old one goes when the new one is available.
fn surge(view: &View<'_>, posts: &[Post<'_>], most: usize, desired: usize) -> Vec<Op> {
    let (mut surging, mut available) = (0_usize, 0_usize);
    let mut gone = Vec::new();
    let mut sunset = Vec::new();
    let mut free = Vec::new();
    let mut candidates = Vec::new();
    for post in posts.iter().filter(|post| post.concerns()) {
        let Some(Pair { new, old }) = Pair::of(view, &post.pods) else {
            surging += 1;
            continue;
        };
        available += usize::from(old.or(new).is_some_and(|pod| view.is_available(pod)));
        match (new, old) {
            (_, None) => {}
            (None, Some(old)) if post.verdict != Verdict::Runs => {
                let last = if view.is_available(old) { &mut sunset } else { &mut gone };
                last.push(delete(old));
            }
            (None, Some(old)) if !view.is_available(old) => free.push(Op::Create(post.name.clone())),
            (None, Some(_)) => candidates.push(Op::Create(post.name.clone())),
            (Some(new), Some(old)) if view.is_available(new) => gone.push(delete(old)),
            (Some(_), Some(_)) => surging += 1,
        }
    }
    // Where pods move from node to node, the old ones go only when there are enough without them.
    sunset.truncate(available.saturating_sub(desired));
    candidates.truncate(most.saturating_sub(surging));
    free.into_iter().chain(candidates).chain(gone).chain(sunset).collect()
}

pub(super) fn delete(pod: &PodView) -> Op {
    Op::Delete(pod.meta.key(), pod.meta.uid.clone())
}
