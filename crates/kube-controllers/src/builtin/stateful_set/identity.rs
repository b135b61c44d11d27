//! Which pod is which: names, ordinals, and the pod that an ordinal gets.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/statefulset` (`stateful_set_utils.go`).

use super::claims::claim_name;
use crate::builtin::pod_template::pod_from;
use kube_core::int_or_percent::scaled_value;
use kube_core::kinds::apps::v1::{StatefulSet, StatefulSetSpec};
use kube_core::kinds::core::v1::{PersistentVolumeClaimVolumeSource, Pod, PodTemplateSpec, Volume};
use kube_core::resource::ResourceExt;
use kube_core::view::PodView;

/// Label: the pod's name, so that a Service can select one pod.
pub const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
/// Label: the pod's ordinal.
pub const POD_INDEX: &str = "apps.kubernetes.io/pod-index";
/// Label: the name of the revision that the pod was made from.
pub const REVISION: &str = "controller-revision-hash";

/// What a StatefulSet asks for, with its defaults.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// Its specification.
    pub spec: &'a StatefulSetSpec,
    /// The first ordinal.
    pub start: i32,
    /// How many there are.
    pub replicas: i32,
    /// Seconds of readiness after which a pod counts as available.
    pub min_ready_seconds: i32,
    /// One pod after the other (`OrderedReady`), or all at once (`Parallel`).
    pub ordered: bool,
    /// Whether pods of an old revision are replaced (`RollingUpdate`), or left alone (`OnDelete`).
    pub rolls: bool,
    /// How many of the first pods keep their revision; `None` where the strategy does not say.
    pub partition: Option<i32>,
    /// How many pods may be unavailable during an update; `None`: one at a time, in order.
    pub max_unavailable: Option<i32>,
}

impl<'a> Wanted<'a> {
    /// Reads the specification; `None` where there is none.
    pub fn of(set: &'a StatefulSet) -> Option<Self> {
        let spec = set.spec.as_ref()?;
        let strategy = spec.update_strategy.as_ref();
        let rolling = strategy.and_then(|strategy| strategy.rolling_update.as_ref());
        let replicas = spec.replicas.unwrap_or(1);
        let most = rolling.and_then(|rolling| rolling.max_unavailable.as_ref());
        Some(Self {
            spec,
            start: spec.ordinals.as_ref().and_then(|ordinals| ordinals.start).unwrap_or(0),
            replicas,
            min_ready_seconds: spec.min_ready_seconds.unwrap_or(0),
            ordered: spec.pod_management_policy.as_deref() != Some("Parallel"),
            rolls: strategy.and_then(|strategy| strategy.type_.as_deref()) != Some("OnDelete"),
            partition: rolling.map(|rolling| rolling.partition.unwrap_or(0)),
            max_unavailable: most.map(|most| scaled_value(most, replicas, false).unwrap_or(1).max(1)),
        })
    }

    /// The position of an ordinal among the pods that are wanted; `None` for one that is not.
    pub fn position(&self, ordinal: i32) -> Option<usize> {
        let position = ordinal.checked_sub(self.start).filter(|position| *position < self.replicas)?;
        usize::try_from(position).ok()
    }

    /// The ordinal at a position.
    pub fn ordinal(&self, position: usize) -> i32 {
        i32::try_from(position).unwrap_or(i32::MAX).saturating_add(self.start)
    }

    /// Whether a missing pod of that ordinal comes back as it was before the update.
    ///
    /// Source: `newVersionedStatefulSetPod`.
    pub fn keeps_revision(&self, ordinal: i32, current_replicas: i32) -> bool {
        let kept = match self.partition {
            Some(partition) => partition,
            None if self.rolls => current_replicas,
            None => 0,
        };
        ordinal < self.start.saturating_add(kept)
    }
}

/// The name of the pod of an ordinal.
pub fn pod_name(set: &str, ordinal: i32) -> String {
    format!("{set}-{ordinal}")
}

/// The ordinal of the pod `pod` of the StatefulSet `set`; `None` where the name is not that of one of its pods.
pub fn ordinal_of(set: &str, pod: &str) -> Option<i32> {
    let digits = pod.strip_prefix(set)?.strip_prefix('-')?;
    let plain = digits == "0" || !digits.starts_with('0');
    digits.parse().ok().filter(|_| plain && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The name of the revision that a pod was made from.
pub fn revision_of(pod: &PodView) -> &str {
    pod.meta.labels.get(REVISION).map_or("", AsRef::as_ref)
}

/// Whether the pod has the label that tells its name.
pub fn has_identity(pod: &PodView) -> bool {
    pod.meta.labels.get(POD_NAME) == Some(&pod.meta.name)
}

/// The labels that tell the pod of an ordinal.
pub fn identity(set: &str, ordinal: i32) -> [(String, String); 2] {
    [(POD_NAME.to_owned(), pod_name(set, ordinal)), (POD_INDEX.to_owned(), ordinal.to_string())]
}

/// The pod of an ordinal, from the template of the revision of that name.
///
/// Source: `newStatefulSetPod`, `initIdentity`, `updateStorage`.
pub fn pod_of(set: &StatefulSet, ordinal: i32, revision: &str, template: &PodTemplateSpec) -> Pod {
    let name = pod_name(set.name(), ordinal);
    let mut pod = pod_from(set, template);
    let labels = pod.metadata.labels.get_or_insert_default();
    labels.extend(identity(set.name(), ordinal));
    labels.insert(REVISION.to_owned(), revision.to_owned());
    let spec = pod.spec.get_or_insert_default();
    spec.hostname = Some(name.clone());
    spec.subdomain =
        set.spec.as_ref().and_then(|spec| spec.service_name.clone()).filter(|name| !name.is_empty());
    let templates =
        set.spec.as_ref().and_then(|spec| spec.volume_claim_templates.as_deref()).unwrap_or_default();
    let of_claims = templates.iter().map(|template| Volume {
        name: template.name().to_owned(),
        persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
            claim_name: claim_name(template, set.name(), ordinal),
            read_only: None,
        }),
        ..Volume::default()
    });
    let mut volumes: Vec<Volume> = of_claims.collect();
    let others = spec.volumes.take().unwrap_or_default();
    volumes.extend(
        others.into_iter().filter(|volume| templates.iter().all(|claim| claim.name() != volume.name)),
    );
    spec.volumes = Some(volumes).filter(|volumes| !volumes.is_empty());
    pod.metadata.name = Some(name);
    pod
}
