//! Discovery documents: which groups, versions and resources are served.

use kube_core::resource::KindInfo;
use kube_store::service::ObjectService;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Verbs that every stored resource serves.
const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// The answer to `/api`.
pub fn core_versions() -> Value {
    json!({ "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [] })
}

/// The answer to `/apis`.
pub fn groups(service: &dyn ObjectService) -> Value {
    let groups: Vec<Value> =
        versions(service).iter().map(|(group, versions)| group_value(group, versions)).collect();
    json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })
}

/// The answer to `/apis/<group>`; `None` when the group is not served.
pub fn group(service: &dyn ObjectService, group: &str) -> Option<Value> {
    let all = versions(service);
    let mut answer = group_value(group, all.get(group)?);
    answer["kind"] = "APIGroup".into();
    answer["apiVersion"] = "v1".into();
    Some(answer)
}

/// The versions of each group but the core one, in the order in which they are served.
fn versions(service: &dyn ObjectService) -> BTreeMap<String, Vec<String>> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for kind in service.kinds() {
        if kind.group.is_empty() {
            continue;
        }
        let versions = groups.entry(kind.group.to_string()).or_default();
        if !versions.iter().any(|v| *v == kind.version) {
            versions.push(kind.version.to_string());
        }
    }
    groups
}

fn group_value(group: &str, versions: &[String]) -> Value {
    let versions: Vec<Value> = versions
        .iter()
        .map(|version| json!({ "groupVersion": format!("{group}/{version}"), "version": version }))
        .collect();
    json!({ "name": group, "preferredVersion": versions.first(), "versions": versions })
}

/// The answer to `/api/v1` and `/apis/<group>/<version>`; `None` when the version is not served.
pub fn resources(service: &dyn ObjectService, group: &str, version: &str) -> Option<Value> {
    let kinds = service.kinds();
    let served: Vec<&KindInfo> =
        kinds.iter().map(AsRef::as_ref).filter(|k| k.group == group && k.version == version).collect();
    let first = served.first()?;
    let resources: Vec<Value> = served.iter().flat_map(|kind| entries(kind)).collect();
    Some(json!({
        "kind": "APIResourceList", "apiVersion": "v1",
        "groupVersion": first.api_version(), "resources": resources,
    }))
}

fn entries(kind: &KindInfo) -> Vec<Value> {
    let mut entry = json!({
        "name": kind.plural, "singularName": kind.singular.to_lowercase(), "kind": kind.kind,
        "namespaced": kind.is_namespaced(), "verbs": VERBS,
    });
    for (field, names) in [("shortNames", &kind.short_names), ("categories", &kind.categories)] {
        let names: Vec<&str> = names.iter().collect();
        if !names.is_empty() {
            entry[field] = json!(names);
        }
    }
    let parts = kind.subresources.iter().map(|subresource| {
        json!({
            "name": format!("{}/{subresource}", kind.plural), "singularName": "", "kind": kind.kind,
            "namespaced": kind.is_namespaced(), "verbs": ["get", "patch", "update"],
        })
    });
    std::iter::once(entry).chain(parts).collect()
}
