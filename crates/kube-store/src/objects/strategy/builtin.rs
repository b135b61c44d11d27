//! The strategies of Kubernetes' own kinds.

use super::{Coded, NamespaceStrategy, Plain, PodStrategy, SelectableField, Strategy};
use kube_core::codec::find_codec;
use kube_core::resource::KindInfo;
use std::sync::Arc;

/// The strategy that a built-in kind has unless another is registered; metadata rules alone for a kind whose type is
/// not known here.
pub fn default_strategy(kind: &KindInfo) -> Arc<dyn Strategy> {
    let Some(found) = find_codec(&kind.group, &kind.version, &kind.kind) else {
        return Arc::new(Plain::default());
    };
    let coded = Coded::new(kind, found);
    match (&*kind.group, &*kind.kind) {
        ("", "Pod") => Arc::new(PodStrategy::new(coded)),
        ("", "Namespace") => Arc::new(NamespaceStrategy::new(coded)),
        ("", "Node") => Arc::new(coded.selectable(NODE).with_status()),
        ("", "Secret") => Arc::new(coded.selectable(SECRET)),
        ("", "Event") => Arc::new(coded.selectable(EVENT)),
        ("", "ReplicationController") | ("apps", "ReplicaSet") => Arc::new(coded.selectable(REPLICAS)),
        ("batch", "Job") => Arc::new(coded.selectable(JOB)),
        _ => Arc::new(coded),
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
const SECRET: &[SelectableField] = &[SelectableField::new("type")];
const REPLICAS: &[SelectableField] = &[SelectableField::new("status.replicas").or("0")];
const JOB: &[SelectableField] = &[SelectableField::named("status.successful", "status.succeeded").or("0")];
