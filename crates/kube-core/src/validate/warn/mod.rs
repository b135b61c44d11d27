//! What a client is told of a valid object: fields that are deprecated, or do not what they seem to do.
//!
//! Texts and their order are Kubernetes'. Source: `k8s.io/kubernetes/pkg/api/{pod,service,persistentvolumeclaim,node}`
//! (`warnings.go`) and the strategies of `pkg/registry`.

mod claim;
mod labels;
mod pod;
mod ports;
mod service;
#[cfg(test)]
mod tests;

pub(super) use claim::{of_claim, of_claim_spec, of_volume};
pub(super) use labels::of_term;
pub(super) use pod::{of_pod, of_template};
pub(super) use service::{of_endpoints, of_network_policy, of_service};

use crate::kinds::meta::v1::ObjectMeta;
use crate::names::is_dns1123_label;
use crate::quantity::Quantity;
use crate::validate::resources::{ApiQuantity, ResourceList};

/// What is said of a path; empty paths stand for the object itself.
fn said(path: &crate::error::FieldPath, what: &str) -> String {
    format!("{path}: {what}")
}

/// A name that others are made of, which are then host names; `of` says which.
pub(super) fn of_name(meta: &ObjectMeta, of: &str) -> Option<String> {
    let complaints = is_dns1123_label(meta.name.as_deref().unwrap_or_default());
    (!complaints.is_empty()).then(|| {
        let complaints = complaints.join(" ");
        format!(
            "metadata.name: this is used in {of}, which can result in surprising behavior; a DNS label is recommended: [{complaints}]"
        )
    })
}

/// What the names of pods that a controller makes become.
pub(super) const PODS_OF: &str = "Pod names and hostnames";

/// Whether generations tell that something is wanted that was not: only then are templates looked at again.
pub(super) fn wants_anew(new: &ObjectMeta, old: Option<&ObjectMeta>) -> bool {
    old.is_none_or(|old| new.generation != old.generation)
}

/// An amount of bytes that is no whole number.
fn fractional(list: Option<&ResourceList>, name: &str, path: &crate::error::FieldPath) -> Option<String> {
    let amount = list?.get(name)?;
    fraction(amount).map(|amount| {
        let text = format!("fractional byte value {:?} is invalid, must be an integer", amount.to_string());
        said(&path.key(name), &text)
    })
}

fn fraction(amount: &ApiQuantity) -> Option<Quantity> {
    let amount: Quantity = amount.0.parse().ok()?;
    (amount.milli_value() % 1000 != 0).then_some(amount)
}
