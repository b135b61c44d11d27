//! What a slice carries from its Service: labels, owner, name.

use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::{EndpointPort, EndpointSlice};
use kube_core::kinds::meta::v1::ObjectMeta;
use kube_core::names::name_is_dns_subdomain;
use kube_core::resource::{ResourceExt, owner_reference};
use std::collections::BTreeMap;

/// Label with the name of the Service that a slice belongs to.
pub const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";
/// Label with the name of the controller that looks after a slice.
pub const MANAGED_BY_LABEL: &str = "endpointslice.kubernetes.io/managed-by";
/// Label of slices of headless Services.
pub const HEADLESS_LABEL: &str = "service.kubernetes.io/headless";
/// What [`MANAGED_BY_LABEL`] says on slices planned here.
pub const MANAGED_BY: &str = "endpointslice-controller.k8s.io";

const RESERVED: [&str; 3] = [SERVICE_NAME_LABEL, MANAGED_BY_LABEL, HEADLESS_LABEL];

/// Whether `slice` is one that the planner looks after.
pub(super) fn is_ours(slice: &EndpointSlice) -> bool {
    let labels = slice.metadata.labels.as_ref();
    labels.and_then(|labels| labels.get(MANAGED_BY_LABEL)).is_some_and(|by| by == MANAGED_BY)
        && slice.metadata.deletion_timestamp.is_none()
}

/// Whether `service`, not an earlier one of its name, owns `slice`.
pub(super) fn is_owned(slice: &EndpointSlice, service: &Service) -> bool {
    let uid = service.metadata.uid.as_deref().unwrap_or_default();
    let mut owners = slice.metadata.owner_references.iter().flatten();
    owners.any(|owner| owner.uid == uid && owner.kind == "Service" && owner.api_version == "v1")
}

/// The labels that every slice of `service` carries.
pub(super) fn wanted(service: &Service) -> BTreeMap<String, String> {
    let own = service.metadata.labels.iter().flatten();
    let mut labels: BTreeMap<String, String> = own
        .filter(|(key, _)| !RESERVED.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if is_headless(service) {
        labels.insert(HEADLESS_LABEL.to_owned(), String::new());
    }
    labels.insert(SERVICE_NAME_LABEL.to_owned(), service.name().to_owned());
    labels.insert(MANAGED_BY_LABEL.to_owned(), MANAGED_BY.to_owned());
    labels
}

/// Whether `slice` mirrors other labels than `wanted`; the reserved ones do not count.
pub(super) fn changed(slice: &EndpointSlice, wanted: &BTreeMap<String, String>) -> bool {
    let free = |(key, _): &(&String, &String)| !RESERVED.contains(&key.as_str());
    let has = slice.metadata.labels.iter().flatten().filter(free);
    !has.eq(wanted.iter().filter(free))
}

/// A slice without endpoints; `generateName` names it.
pub(super) fn new_slice(
    service: &Service,
    address_type: &str,
    ports: Vec<EndpointPort>,
    labels: &BTreeMap<String, String>,
) -> EndpointSlice {
    EndpointSlice {
        address_type: address_type.to_owned(),
        endpoints: Some(Vec::new()),
        metadata: ObjectMeta {
            generate_name: Some(name_prefix(service.name())),
            namespace: service.metadata.namespace.clone(),
            labels: Some(labels.clone()),
            owner_references: Some(vec![owner_reference(service)]),
            ..ObjectMeta::default()
        },
        ports: Some(ports),
    }
}

/// Whether `slice` says the same as the placeholder: the owner does not count, as in Kubernetes.
pub(super) fn is_placeholder(slice: &EndpointSlice, placeholder: &EndpointSlice) -> bool {
    let labels = |slice: &EndpointSlice| -> Vec<(String, String)> {
        let all = slice.metadata.labels.iter().flatten();
        // Kubernetes compares with Go's map look-up, which answers "" for absent keys.
        all.filter(|(_, value)| !value.is_empty()).map(|(k, v)| (k.clone(), v.clone())).collect()
    };
    slice.endpoints.as_ref().is_none_or(Vec::is_empty)
        && slice.ports.as_ref().is_none_or(Vec::is_empty)
        && slice.address_type == placeholder.address_type
        && slice.metadata.namespace == placeholder.metadata.namespace
        && labels(slice) == labels(placeholder)
}

fn is_headless(service: &Service) -> bool {
    let ip = service.spec.as_ref().and_then(|spec| spec.cluster_ip.as_deref());
    matches!(ip, None | Some("" | "None"))
}

/// The Service's name and a dash, unless that makes no name.
pub(super) fn name_prefix(service: &str) -> String {
    let prefix = format!("{service}-");
    if name_is_dns_subdomain(&prefix, true).is_empty() { prefix } else { service.to_owned() }
}
