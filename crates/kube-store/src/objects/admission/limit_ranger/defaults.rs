//! Requests and limits of containers that state none.

use kube_core::kinds::ApiQuantity;
use kube_core::kinds::core::v1::{Container, LimitRange, Pod};
use std::collections::BTreeMap;

const ANNOTATION: &str = "kubernetes.io/limit-ranger";

type Amounts = BTreeMap<String, ApiQuantity>;

/// Fills in the defaults of `range`, and notes in an annotation what was filled in.
///
/// Source: `defaultContainerResourceRequirements`, `mergePodResourceRequirements`.
pub(super) fn fill(pod: &mut Pod, range: &LimitRange) {
    let (mut requests, mut limits) = (Amounts::new(), Amounts::new());
    let items = range.spec.iter().flat_map(|spec| &spec.limits).filter(|item| item.type_ == "Container");
    for item in items {
        requests.extend(item.default_request.iter().flatten().map(|(k, v)| (k.clone(), v.clone())));
        limits.extend(item.default.iter().flatten().map(|(k, v)| (k.clone(), v.clone())));
    }
    let Some(spec) = pod.spec.as_mut().filter(|_| !requests.is_empty() || !limits.is_empty()) else { return };
    let mut notes = Vec::new();
    for container in &mut spec.containers {
        merge(container, "container", &requests, &limits, &mut notes);
    }
    for container in spec.init_containers.iter_mut().flatten() {
        merge(container, "init container", &requests, &limits, &mut notes);
    }
    if !notes.is_empty() {
        let note = format!("LimitRanger plugin set: {}", notes.join("; "));
        pod.metadata.annotations.get_or_insert_default().insert(ANNOTATION.to_owned(), note);
    }
}

fn merge(
    container: &mut Container,
    what: &str,
    requests: &Amounts,
    limits: &Amounts,
    notes: &mut Vec<String>,
) {
    let resources = container.resources.get_or_insert_default();
    let set_limits = add_missing(&mut resources.limits, limits);
    let set_requests = add_missing(&mut resources.requests, requests);
    for (names, part) in [(set_requests, "request"), (set_limits, "limit")] {
        if !names.is_empty() {
            notes.push(format!("{} {part} for {what} {}", names.join(", "), container.name));
        }
    }
}

/// Adds what is missing and tells its names, sorted.
fn add_missing(list: &mut Option<Amounts>, defaults: &Amounts) -> Vec<String> {
    let mut names = Vec::new();
    for (name, amount) in defaults {
        let list = list.get_or_insert_default();
        if !list.contains_key(name) {
            list.insert(name.clone(), amount.clone());
            names.push(name.clone());
        }
    }
    names
}
