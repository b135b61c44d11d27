//! The claims of a StatefulSet's pods, and who owns them: that decides when they go.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/statefulset` (`stateful_set_utils.go`, KEP-1847).

use kube_core::kinds::apps::v1::StatefulSet;
use kube_core::kinds::core::v1::{PersistentVolumeClaim, Pod};
use kube_core::kinds::meta::v1::OwnerReference;
use kube_core::resource::{Resource, ResourceExt, owner_reference};
use kube_core::view::PodView;

/// The name of the claim that `template` makes for an ordinal.
pub fn claim_name(template: &PersistentVolumeClaim, set: &str, ordinal: i32) -> String {
    format!("{}-{set}-{ordinal}", template.name())
}

/// The claims that the pod of an ordinal needs.
///
/// Source: `getPersistentVolumeClaims`.
pub fn claims_of(set: &StatefulSet, ordinal: i32) -> Vec<PersistentVolumeClaim> {
    let Some(spec) = &set.spec else { return Vec::new() };
    let templates = spec.volume_claim_templates.iter().flatten();
    let claims = templates.map(|template| {
        let mut claim = template.clone();
        claim.metadata.name = Some(claim_name(template, set.name(), ordinal));
        claim.metadata.namespace = Some(set.namespace().to_owned());
        if let Some(labels) = &spec.selector.match_labels {
            claim.metadata.labels.get_or_insert_default().extend(labels.clone());
        }
        claim.status = None;
        claim
    });
    claims.collect()
}

/// Whether the name is that of a claim of some ordinal of `set`.
pub fn is_claim_of(set: &StatefulSet, name: &str) -> bool {
    let templates =
        set.spec.as_ref().and_then(|spec| spec.volume_claim_templates.as_deref()).unwrap_or_default();
    templates.iter().any(|template| {
        let ordinal = name.strip_prefix(template.name()).and_then(|rest| rest.strip_prefix('-'));
        ordinal.is_some_and(|pod| super::identity::ordinal_of(set.name(), pod).is_some())
    })
}

/// When claims are deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// After the StatefulSet is.
    pub deletes_with_set: bool,
    /// After their pod was scaled away.
    pub deletes_with_pod: bool,
}

impl Retention {
    /// The policy of `set`; claims are kept unless it says otherwise.
    pub fn of(set: &StatefulSet) -> Self {
        let policy =
            set.spec.as_ref().and_then(|spec| spec.persistent_volume_claim_retention_policy.as_ref());
        let deletes = |when: Option<&String>| when.is_some_and(|when| when == "Delete");
        Self {
            deletes_with_set: deletes(policy.and_then(|policy| policy.when_deleted.as_ref())),
            deletes_with_pod: deletes(policy.and_then(|policy| policy.when_scaled.as_ref())),
        }
    }
}

/// Who may own the claims of one pod.
#[derive(Clone, Debug)]
pub struct Owners {
    set: OwnerReference,
    /// With an empty uid before the pod exists.
    pod: OwnerReference,
    retention: Retention,
    /// Whether the pod is one that is wanted no more.
    condemned: bool,
}

impl Owners {
    /// Those of the pod of that name, which is `pod` if it exists.
    pub fn new(set: &StatefulSet, name: &str, pod: Option<&PodView>, condemned: bool) -> Self {
        let kind = Pod::kind_info();
        let reference = OwnerReference {
            api_version: kind.api_version(),
            kind: kind.kind.clone().into_owned(),
            name: name.to_owned(),
            uid: pod.map_or_else(String::new, |pod| pod.meta.uid.as_str().to_owned()),
            controller: Some(true),
            block_owner_deletion: Some(true),
        };
        Self { set: owner_reference(set), pod: reference, retention: Retention::of(set), condemned }
    }

    /// The owners that a claim with the owners `present` is to have; `None` where they are that already. One of a former
    /// StatefulSet or pod of that name is left as it is: it may be about to go with it.
    ///
    /// Source: `isClaimOwnerUpToDate`, `updateClaimOwnerRefForSetAndPod`.
    pub fn wanted(&self, present: &[OwnerReference]) -> Option<Vec<OwnerReference>> {
        let former = |own: &OwnerReference| {
            present.iter().find(|owner| alike(owner, own)).is_some_and(|owner| owner.uid != own.uid)
        };
        if former(&self.set) || former(&self.pod) {
            return None;
        }
        let stranger = self.has_stranger(present);
        let mut wanted = present.to_vec();
        wanted.retain(|owner| !alike(owner, &self.set) && !alike(owner, &self.pod));
        if !stranger {
            let Retention { deletes_with_set, deletes_with_pod } = self.retention;
            if deletes_with_pod && self.condemned {
                wanted.push(self.pod.clone());
            } else if deletes_with_set {
                wanted.push(self.set.clone());
            }
        }
        let same = wanted.len() == present.len()
            && wanted.iter().all(|owner| present.iter().any(|other| says_the_same(owner, other)));
        (!same).then_some(wanted)
    }

    /// Whether the claim is that of a pod of this name that is gone, and goes too.
    ///
    /// Source: `PodClaimIsStale`.
    pub fn is_stale(&self, present: &[OwnerReference]) -> bool {
        let of_another = |owner: &OwnerReference| alike(owner, &self.pod) && owner.uid != self.pod.uid;
        self.retention.deletes_with_pod && present.iter().any(of_another)
    }

    /// Whether somebody else manages the claim: then it is left to them.
    ///
    /// Source: `hasUnexpectedController`.
    pub fn has_stranger(&self, present: &[OwnerReference]) -> bool {
        self.retention != Retention::default()
            && present.iter().any(|owner| match () {
                () if alike(owner, &self.set) => owner.uid != self.set.uid,
                () if alike(owner, &self.pod) => owner.uid != self.pod.uid,
                () => owner.controller == Some(true),
            })
    }
}

/// Whether two references are to objects of one kind and name.
fn alike(a: &OwnerReference, b: &OwnerReference) -> bool {
    a.api_version == b.api_version && a.kind == b.kind && a.name == b.name
}

fn says_the_same(a: &OwnerReference, b: &OwnerReference) -> bool {
    alike(a, b) && a.uid == b.uid && a.controller.unwrap_or(false) == b.controller.unwrap_or(false)
}
