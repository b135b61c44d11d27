//! What a client is told of a valid object: fields that are deprecated, or do not what they seem to do.
//!
//! Texts and their order are Kubernetes'. Source: `k8s.io/kubernetes/pkg/api/{pod,service,persistentvolumeclaim,node}`
//! (`warnings.go`) and the strategies of `pkg/registry`.

mod claim;
mod labels;
mod pem;
mod pod;
mod ports;
mod secret;
mod service;
#[cfg(test)]
mod tests;

pub(super) use claim::{of_claim, of_claim_spec, of_volume};
pub(super) use labels::{of_runtime_class, of_storage_capacity, of_storage_class, of_term};
pub(super) use pod::{of_pod, of_template};
pub(super) use secret::{of_secret, of_service_account};
pub(super) use service::{of_endpoints, of_network_policy, of_service};

use crate::error::FieldPath;
use crate::kinds::core::v1::{Node, PodTemplateSpec};
use crate::kinds::meta::v1::ObjectMeta;
use crate::names::{is_dns1123_label, warnings_for_cidr};
use crate::quantity::Quantity;
use crate::validate::fields::{Items, Text};
use crate::validate::resources::{ApiQuantity, ResourceList};

/// What is said of a path; empty paths stand for the object itself.
fn said(path: &FieldPath, what: &str) -> String {
    format!("{path}: {what}")
}

/// A name that others are made of, which are then host names; `of` says which.
fn of_name(meta: &ObjectMeta, of: &str) -> Option<String> {
    let complaints = is_dns1123_label(meta.name.as_deref().unwrap_or_default());
    (!complaints.is_empty()).then(|| {
        let complaints = complaints.join(" ");
        format!(
            "metadata.name: this is used in {of}, which can result in surprising behavior; a DNS label is recommended: [{complaints}]"
        )
    })
}

/// A name that the pods of a controller are called after; looked at when it is given.
pub(super) fn of_name_of_pods(new: &ObjectMeta, old: Option<&ObjectMeta>) -> Option<String> {
    if old.is_some() { None } else { of_name(new, "Pod names and hostnames") }
}

/// The name and the template of a controller that keeps so many pods.
pub(super) fn of_replicated(
    new: &ObjectMeta,
    old: Option<&ObjectMeta>,
    template: Option<&PodTemplateSpec>,
) -> Vec<String> {
    let mut warnings: Vec<String> = of_name_of_pods(new, old).into_iter().collect();
    warnings.extend(of_wanted(new, old, template));
    warnings
}

/// The template of a controller, where something else is wanted than before.
pub(super) fn of_wanted(
    new: &ObjectMeta,
    old: Option<&ObjectMeta>,
    template: Option<&PodTemplateSpec>,
) -> Vec<String> {
    let path = FieldPath::new("spec").child("template");
    let template = template.filter(|_| wants_anew(new, old));
    template.map(|template| of_template(template, &path)).unwrap_or_default()
}

/// Whether generations tell that something is wanted that was not: only then are templates looked at again.
pub(super) fn wants_anew(new: &ObjectMeta, old: Option<&ObjectMeta>) -> bool {
    old.is_none_or(|old| new.generation != old.generation)
}

/// Fields of nodes that nobody reads, and ranges that may mean something else.
///
/// Source: `fieldIsDeprecatedWarnings` of `k8s.io/kubernetes/pkg/registry/core/node`.
pub(super) fn of_node(node: &Node) -> Vec<String> {
    let mut warnings = Vec::new();
    let Some(spec) = &node.spec else { return warnings };
    if spec.config_source.is_some() {
        warnings.push("spec.configSource: the feature is removed".to_owned());
    }
    if !spec.external_id.text().is_empty() {
        let text = "spec.externalID: this field is deprecated, and is unused by Kubernetes";
        warnings.push(text.to_owned());
    }
    let path = FieldPath::new("spec").child("podCIDRs");
    for (index, range) in spec.pod_cidrs.items().iter().enumerate() {
        warnings.extend(warnings_for_cidr(&path.index(index), range));
    }
    warnings
}

/// An amount of bytes that is no whole number.
fn fractional(list: Option<&ResourceList>, name: &str, path: &FieldPath) -> Option<String> {
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
