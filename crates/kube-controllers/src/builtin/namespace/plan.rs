//! What a namespace on its way out reports, and when it is looked at again. Pure.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/namespace/deletion` (`namespaced_resources_deleter.go`,
//! `status_condition_utils.go`).

use jiff::{SignedDuration, Timestamp};
use kube_core::condition::{FALSE, TRUE};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{NamespaceCondition, NamespaceStatus};
use kube_core::kinds::meta::v1::Time;
use kube_core::resource::KindInfo;
use kube_core::view::RawObject;
use std::collections::BTreeMap;
use std::time::Duration;

/// Estimate for objects that are held by a finalizer.
const HELD: SignedDuration = SignedDuration::from_secs(15);

/// Objects of one kind that are left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Resource and group, as `deployments.apps`, and as `pods.` of the group without a name.
    pub resource: String,
    /// How many.
    pub count: usize,
    /// Of these, by finalizer.
    pub finalizers: BTreeMap<String, usize>,
    /// When the last of them should be gone.
    pub until: Option<Timestamp>,
}

impl Content {
    /// What is left; `None` for nothing.
    pub fn of(kind: &KindInfo, items: &[RawObject]) -> Option<Self> {
        let mut finalizers = BTreeMap::new();
        for finalizer in items.iter().flat_map(|item| &item.meta.finalizers) {
            *finalizers.entry(finalizer.to_string()).or_insert(0) += 1;
        }
        // The time of a deletion is when its grace ends.
        let until = items.iter().filter_map(|item| item.meta.deletion_timestamp).max();
        let resource = format!("{}.{}", kind.plural, kind.group);
        (!items.is_empty()).then_some(Self { resource, count: items.len(), finalizers, until })
    }
}

/// All that is left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remaining {
    kinds: BTreeMap<String, usize>,
    finalizers: BTreeMap<String, usize>,
}

impl Remaining {
    /// The sums.
    pub fn of(content: &[Content]) -> Self {
        let mut remaining = Self::default();
        for one in content {
            remaining.kinds.insert(one.resource.clone(), one.count);
            for (finalizer, count) in &one.finalizers {
                *remaining.finalizers.entry(finalizer.clone()).or_insert(0) += count;
            }
        }
        remaining
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }
}

/// When to look again: half of what the slowest object is expected to take, and a second more.
pub fn next(content: &[Content], now: Timestamp) -> Duration {
    let left = |one: &Content| {
        let held = if one.finalizers.is_empty() { SignedDuration::ZERO } else { HELD };
        one.until.map_or(held, |until| until.duration_since(now).max(held))
    };
    let longest = content.iter().map(left).max().unwrap_or(SignedDuration::ZERO);
    Duration::try_from(longest / 2).unwrap_or_default() + Duration::from_secs(1)
}

/// Reports how far it is.
pub fn conditions(
    status: &mut NamespaceStatus,
    remaining: &Remaining,
    failures: &[ApiError],
    now: Timestamp,
) {
    let conditions = status.conditions.get_or_insert_default();
    for (type_, holds, reason, message) in told(remaining, failures) {
        let new = NamespaceCondition {
            type_: type_.to_owned(),
            status: if holds { TRUE } else { FALSE }.to_owned(),
            reason: Some(reason.to_owned()),
            message: Some(message),
            last_transition_time: Some(Time(now)),
        };
        match conditions.iter_mut().find(|present| present.type_ == type_) {
            Some(present) => {
                let last = present.last_transition_time.clone().filter(|_| present.status == new.status);
                *present =
                    NamespaceCondition { last_transition_time: last.or(new.last_transition_time), ..new };
            }
            None => conditions.push(new),
        }
    }
}

/// Type, whether it holds, reason, message.
type Told = (&'static str, bool, &'static str, String);

fn told(remaining: &Remaining, failures: &[ApiError]) -> [Told; 5] {
    let mut failed: Vec<String> = failures.iter().map(ToString::to_string).collect();
    failed.sort_unstable();
    [
        (
            "NamespaceDeletionDiscoveryFailure",
            false,
            "ResourcesDiscovered",
            "All resources successfully discovered".to_owned(),
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            false,
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed".to_owned(),
        ),
        if failed.is_empty() {
            let message = "All content successfully deleted, may be waiting on finalization".to_owned();
            ("NamespaceDeletionContentFailure", false, "ContentDeleted", message)
        } else {
            let message = format!(
                "Failed to delete all resource types, {} remaining: {}",
                failed.len(),
                failed.join(", ")
            );
            ("NamespaceDeletionContentFailure", true, "ContentDeletionFailed", message)
        },
        if remaining.kinds.is_empty() {
            let message = "All content successfully removed".to_owned();
            ("NamespaceContentRemaining", false, "ContentRemoved", message)
        } else {
            let message = format!("Some resources are remaining: {}", counted(&remaining.kinds, "has"));
            ("NamespaceContentRemaining", true, "SomeResourcesRemain", message)
        },
        if remaining.finalizers.is_empty() {
            let message = "All content-preserving finalizers finished".to_owned();
            ("NamespaceFinalizersRemaining", false, "ContentHasNoFinalizers", message)
        } else {
            let text = counted(&remaining.finalizers, "in");
            let message = format!("Some content in the namespace has finalizers remaining: {text}");
            ("NamespaceFinalizersRemaining", true, "SomeFinalizersRemain", message)
        },
    ]
}

fn counted(all: &BTreeMap<String, usize>, what: &str) -> String {
    let parts: Vec<String> =
        all.iter().map(|(name, count)| format!("{name} {what} {count} resource instances")).collect();
    parts.join(", ")
}
