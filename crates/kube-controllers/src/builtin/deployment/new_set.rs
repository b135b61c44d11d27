//! The ReplicaSet of a Deployment's present template.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/deployment` (`getNewReplicaSet`).

use kube_core::kinds::apps::v1::{Deployment, ReplicaSet, ReplicaSetSpec};
use kube_core::kinds::core::v1::PodTemplateSpec;
use kube_core::kinds::meta::v1::{LabelSelector, ObjectMeta};
use kube_core::resource::{ResourceExt, owner_reference};
use std::sync::Arc;

use super::fenceposts::Target;
use super::plan::Change;
use super::revision::{Annotations, annotations_of_new_set, revision_of};
use super::sets::{DESIRED_REPLICAS, MAX_REPLICAS, SetSize};
use super::template::{POD_TEMPLATE_HASH, equal_ignoring_hash, pod_template_hash};

/// What the new ReplicaSet needs besides a size.
#[derive(Clone, Debug, Default)]
pub(super) struct NewSet {
    annotations: Annotations,
    min_ready_seconds: Option<i32>,
    /// The revision to note at the Deployment.
    pub(super) revision: Option<i64>,
}

impl NewSet {
    /// What the existing `set` needs to be `deployment`'s revision `revision`, or a later one if it is that.
    pub(super) fn upkeep(deployment: &Deployment, set: &ReplicaSet, revision: i64) -> Self {
        let empty = Annotations::new();
        let present = set.metadata.annotations.as_ref().unwrap_or(&empty);
        let wanted = deployment.metadata.annotations.as_ref().unwrap_or(&empty);
        let annotations = annotations_of_new_set(present, wanted, revision);
        let noted = revision_of(Some(&annotations));
        let ready_for = |seconds: Option<i32>| seconds.unwrap_or(0);
        let of_set = ready_for(set.spec.as_ref().and_then(|spec| spec.min_ready_seconds));
        let of_deployment = ready_for(deployment.spec.as_ref().and_then(|spec| spec.min_ready_seconds));
        Self {
            annotations,
            min_ready_seconds: (of_set != of_deployment).then_some(of_deployment),
            revision: (noted > 0).then_some(noted),
        }
    }
}

/// The oldest ReplicaSet whose template is the Deployment's.
pub(super) fn find_new<'a>(
    deployment: &Deployment,
    sets: &'a [Arc<ReplicaSet>],
) -> Option<&'a Arc<ReplicaSet>> {
    let template = &deployment.spec.as_ref()?.template;
    let same = |set: &&Arc<ReplicaSet>| {
        let other = set.spec.as_ref().and_then(|spec| spec.template.as_ref());
        other.is_some_and(|other| equal_ignoring_hash(template, other))
    };
    let created = |set: &&Arc<ReplicaSet>| set.metadata.creation_timestamp.as_ref().map(|time| time.0);
    sets.iter().filter(same).min_by(|a, b| (created(a), a.name()).cmp(&(created(b), b.name())))
}

/// The change that makes `set` as planned, if it is not.
pub(super) fn change(set: &ReplicaSet, planned: &SetSize, upkeep: Option<&NewSet>) -> Option<Change> {
    let before = SetSize::of(set);
    let empty = Annotations::new();
    let present = set.metadata.annotations.as_ref().unwrap_or(&empty);
    let mut wanted = upkeep.map(|upkeep| upkeep.annotations.clone()).unwrap_or_default();
    if (before.desired, before.max) != (planned.desired, planned.max) {
        wanted.extend(numbers(planned));
    }
    wanted.retain(|key, value| present.get(key) != Some(value));
    let min_ready_seconds = upkeep.and_then(|upkeep| upkeep.min_ready_seconds);
    let change = Change {
        name: planned.name.clone(),
        size: (before.size, planned.size),
        annotations: wanted,
        min_ready_seconds,
    };
    let nothing =
        change.size.0 == change.size.1 && change.annotations.is_empty() && min_ready_seconds.is_none();
    (!nothing).then_some(change)
}

fn numbers(set: &SetSize) -> impl Iterator<Item = (String, String)> {
    let numbers = [(DESIRED_REPLICAS, set.desired), (MAX_REPLICAS, set.max)];
    numbers.into_iter().filter_map(|(key, number)| Some((key.to_owned(), number?.to_string())))
}

/// The ReplicaSet to create for the present template.
pub(super) fn planned_set(deployment: &Deployment, target: &Target, size: i32, revision: i64) -> ReplicaSet {
    let spec = deployment.spec.clone().unwrap_or_default();
    let collisions = deployment.status.as_ref().and_then(|status| status.collision_count);
    let hash = pod_template_hash(&spec.template, collisions);
    let label = (POD_TEMPLATE_HASH.to_owned(), hash.clone());

    let mut meta = spec.template.metadata.unwrap_or_default();
    let labels = meta.labels.get_or_insert_default();
    labels.extend([label.clone()]);
    let labels = labels.clone();
    let mut selector: LabelSelector = spec.selector;
    selector.match_labels.get_or_insert_default().extend([label]);

    let empty = Annotations::new();
    let wanted = deployment.metadata.annotations.as_ref().unwrap_or(&empty);
    let mut annotations = annotations_of_new_set(&empty, wanted, revision);
    annotations.insert(DESIRED_REPLICAS.to_owned(), target.replicas.to_string());
    annotations.insert(MAX_REPLICAS.to_owned(), target.max_total().to_string());
    ReplicaSet {
        metadata: ObjectMeta {
            name: Some(set_name(deployment.name(), &hash)),
            namespace: deployment.metadata.namespace.clone(),
            labels: Some(labels),
            annotations: Some(annotations),
            owner_references: Some(vec![owner_reference(deployment)]),
            ..ObjectMeta::default()
        },
        spec: Some(ReplicaSetSpec {
            replicas: Some(size),
            min_ready_seconds: spec.min_ready_seconds,
            selector,
            template: Some(PodTemplateSpec { metadata: Some(meta), spec: spec.template.spec }),
        }),
        status: None,
    }
}

/// Longest name of an object in bytes.
const NAME_BYTES: usize = 253;

fn set_name(deployment: &str, hash: &str) -> String {
    let room = NAME_BYTES.saturating_sub(hash.len() + 1);
    format!("{}-{hash}", deployment.get(..room).unwrap_or(deployment))
}
