//! A Deployment's ReplicaSets, as numbers.

use jiff::Timestamp;
use kube_core::kinds::apps::v1::ReplicaSet;
use kube_core::resource::{ResourceExt, Uid};
use std::cmp::{Ordering, Reverse};

use super::fenceposts::Target;

/// Annotation: how many replicas the Deployment wanted when the ReplicaSet was last scaled.
pub const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
/// Annotation: how many pods the Deployment could have at most when the ReplicaSet was last scaled.
pub const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";

/// One ReplicaSet in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetSize {
    /// Its name.
    pub name: String,
    /// Its uid; empty while it is only planned.
    pub uid: Uid,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// Pods it is to have.
    pub size: i32,
    /// Pods it reports.
    pub replicas: i32,
    /// Pods it reports as ready.
    pub ready: i32,
    /// Pods it reports as available.
    pub available: i32,
    /// Pods it reports as terminating; `None` where it was looked at by somebody who does not count them.
    pub terminating: Option<i32>,
    /// Whether what it reports is about what is wanted of it now.
    pub is_observed: bool,
    /// The annotation [`DESIRED_REPLICAS`].
    pub desired: Option<i32>,
    /// The annotation [`MAX_REPLICAS`].
    pub max: Option<i32>,
}

impl SetSize {
    /// The numbers of `set`.
    pub fn of(set: &ReplicaSet) -> Self {
        let status = set.status.as_ref();
        let annotation = |key: &str| set.metadata.annotations.as_ref()?.get(key)?.parse().ok();
        let count = |value: Option<i32>| value.unwrap_or(0);
        let is_new = status.and_then(|status| status.observed_generation).is_none_or(|seen| seen == 0);
        let terminating = status.and_then(|status| status.terminating_replicas);
        Self {
            name: set.name().to_owned(),
            uid: set.uid(),
            created: set.metadata.creation_timestamp.as_ref().map(|time| time.0),
            size: set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1),
            replicas: status.map_or(0, |status| status.replicas),
            ready: count(status.and_then(|status| status.ready_replicas)),
            available: count(status.and_then(|status| status.available_replicas)),
            terminating: if is_new { terminating.or(Some(0)) } else { terminating },
            is_observed: set.metadata.generation <= status.and_then(|status| status.observed_generation),
            desired: annotation(DESIRED_REPLICAS),
            max: annotation(MAX_REPLICAS),
        }
    }

    /// Whether it is to have pods.
    pub fn is_active(&self) -> bool {
        self.size > 0
    }

    /// Gives it another size, and the numbers of the Deployment along with it.
    pub fn resize(&mut self, size: i32, target: &Target) {
        self.size = size;
        self.desired = Some(target.replicas);
        self.max = Some(target.max_total());
    }
}

/// The ReplicaSets of a Deployment: the one of its present template, and all others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sets {
    /// The ReplicaSet of the present template, if there is one.
    pub new: Option<SetSize>,
    /// Those of former templates.
    pub old: Vec<SetSize>,
}

impl Sets {
    /// All ReplicaSets, the old ones first.
    pub fn all(&self) -> impl Iterator<Item = &SetSize> + Clone {
        self.old.iter().chain(&self.new)
    }

    /// Pods wanted by all.
    pub fn total_size(&self) -> i32 {
        sum(self.all().map(|set| set.size))
    }

    /// Pods available in all.
    pub fn total_available(&self) -> i32 {
        sum(self.all().map(|set| set.available))
    }

    /// Pods that the ReplicaSets report, old ones and the new one.
    pub fn total_replicas(&self) -> i32 {
        sum(self.all().map(|set| set.replicas))
    }

    /// Every ReplicaSet, to change it, the old ones first.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut SetSize> {
        self.old.iter_mut().chain(&mut self.new)
    }

    /// The old ReplicaSets that are to have pods, oldest first, to change them.
    pub(super) fn active_old(&mut self) -> impl Iterator<Item = &mut SetSize> {
        self.old.sort_by(by_creation);
        self.old.iter_mut().filter(|set| set.is_active())
    }
}

/// Oldest first; of equal age, by name.
pub(super) fn by_creation(a: &SetSize, b: &SetSize) -> Ordering {
    (a.created, &a.name).cmp(&(b.created, &b.name))
}

/// Largest first; of equal size, oldest first.
pub(super) fn by_size_older(a: &SetSize, b: &SetSize) -> Ordering {
    Reverse(a.size).cmp(&Reverse(b.size)).then_with(|| by_creation(a, b))
}

/// Largest first; of equal size, newest first.
pub(super) fn by_size_newer(a: &SetSize, b: &SetSize) -> Ordering {
    Reverse(a.size).cmp(&Reverse(b.size)).then_with(|| by_creation(b, a))
}

pub(super) fn sum(numbers: impl Iterator<Item = i32>) -> i32 {
    numbers.fold(0, i32::saturating_add)
}
