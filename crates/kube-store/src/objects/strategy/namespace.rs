//! Namespaces: a phase, and finalizers in the spec.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/core/namespace` (`namespaceStrategy`, `REST.Delete`).

use super::SelectableField;
use super::coded::Life;
use crate::objects::candidate::Candidate;
use kube_core::kinds::core::v1::Namespace;

pub(super) const FIELDS: &[SelectableField] = &[SelectableField::new("status.phase")];

pub(super) const LIFE: Life = Life { begin_deletion, holds, ..Life::PLAIN };

fn begin_deletion(object: &mut Candidate) {
    if let Some(namespace) = object.typed_mut::<Namespace>() {
        namespace.status.get_or_insert_default().phase = Some("Terminating".to_owned());
    }
}

fn holds(object: &Candidate) -> bool {
    let spec = object.typed::<Namespace>().and_then(|namespace| namespace.spec.as_ref());
    spec.and_then(|spec| spec.finalizers.as_ref()).is_some_and(|names| !names.is_empty())
}
