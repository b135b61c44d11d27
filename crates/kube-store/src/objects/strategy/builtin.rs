//! The strategies of Kubernetes' own kinds.

use super::{Coded, Plain, SelectableField, Strategy, namespace, pod};
use kube_core::codec::find_codec;
use kube_core::resource::KindInfo;
use std::sync::Arc;

/// The strategy that a built-in kind has unless another is registered; metadata rules alone for a kind whose type is
/// not known here.
pub fn default_strategy(kind: &KindInfo) -> Arc<dyn Strategy> {
    let counts = counts_generation(&kind.group, &kind.kind);
    let Some(found) = find_codec(&kind.group, &kind.version, &kind.kind) else {
        let plain = Plain::default().selectable(untyped_fields(&kind.group, &kind.kind).iter().cloned());
        return Arc::new(if counts { plain } else { plain.uncounted() });
    };
    let coded = Coded::new(kind, found);
    let coded = if counts { coded } else { coded.uncounted() };
    Arc::new(match (&*kind.group, &*kind.kind) {
        ("", "Pod") => coded.selectable(pod::FIELDS).living(pod::LIFE),
        ("", "Namespace") => coded.selectable(namespace::FIELDS).living(namespace::LIFE),
        ("", "Node") => coded.selectable(NODE).with_status(),
        ("", "Secret") => coded.selectable(SECRET),
        ("", "Service") => coded.selectable(SERVICE),
        ("", "Event") => coded.selectable(EVENT),
        ("", "ReplicationController") | ("apps", "ReplicaSet") => coded.selectable(REPLICAS),
        ("batch", "Job") => coded.selectable(JOB),
        _ => coded,
    })
}

/// The fields of kinds whose type is not known here.
///
/// Source: `k8s.io/kubernetes/pkg/apis/{certificates,resource}/v1/conversion.go`.
fn untyped_fields(group: &str, kind: &str) -> &'static [SelectableField] {
    match (group, kind) {
        ("certificates.k8s.io", "CertificateSigningRequest") => SIGNING_REQUEST,
        ("resource.k8s.io", "ResourceSlice") => RESOURCE_SLICE,
        _ => &[],
    }
}

/// The kinds whose strategies set `metadata.generation` (`PrepareForCreate`).
fn counts_generation(group: &str, kind: &str) -> bool {
    match group {
        "" => matches!(kind, "Pod" | "ReplicationController" | "PodTemplate"),
        "apps" => kind != "ControllerRevision",
        "batch"
        | "apiextensions.k8s.io"
        | "admissionregistration.k8s.io"
        | "flowcontrol.apiserver.k8s.io"
        | "policy"
        | "scheduling.k8s.io"
        | "discovery.k8s.io" => true,
        "networking.k8s.io" => !matches!(kind, "IPAddress" | "ServiceCIDR"),
        "resource.k8s.io" => kind != "ResourceClaim" && kind != "ResourceClaimTemplate",
        _ => false,
    }
}

const NODE: &[SelectableField] = &[SelectableField::new("spec.unschedulable").or("false")];
const EVENT: &[SelectableField] = &[
    SelectableField::new("involvedObject.kind"),
    SelectableField::new("involvedObject.namespace"),
    SelectableField::new("involvedObject.name"),
    SelectableField::new("involvedObject.uid"),
    SelectableField::new("involvedObject.apiVersion"),
    SelectableField::new("involvedObject.resourceVersion"),
    SelectableField::new("involvedObject.fieldPath"),
    SelectableField::new("reason"),
    SelectableField::new("reportingComponent"),
    SelectableField::named("source", "source.component"),
    SelectableField::new("type"),
];
const SERVICE: &[SelectableField] =
    &[SelectableField::new("spec.clusterIP"), SelectableField::new("spec.type")];
const SIGNING_REQUEST: &[SelectableField] = &[SelectableField::new("spec.signerName")];
const RESOURCE_SLICE: &[SelectableField] =
    &[SelectableField::new("spec.nodeName"), SelectableField::new("spec.driver")];
const SECRET: &[SelectableField] = &[SelectableField::new("type")];
const REPLICAS: &[SelectableField] = &[SelectableField::new("status.replicas").or("0")];
const JOB: &[SelectableField] = &[SelectableField::named("status.successful", "status.succeeded").or("0")];
