//! Requests, limits, QoS classes and defaults of pods against Kubernetes' own answers.

use kube_core::pod_resources::{
    ContainerResources, Options, PodResources, ResourceList, Resources, default_resources, pod_limits,
    pod_requests, qos_class,
};
use kube_testkit::parity;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

type Verdict = Result<(), String>;

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|error| format!("{value}: {error}"))
}

/// Compares as quantities.
fn same(name: &str, got: &ResourceList, want: &Value) -> Verdict {
    if !want.is_object() {
        return Err(format!("no {name}"));
    }
    let want: ResourceList = read(want)?;
    (*got == want).then_some(()).ok_or_else(|| format!("{name}: got {got:?}; want {want:?}"))
}

/// The pod as its vector saw it after the first call of `PodLimits`.
///
/// That call adds the overhead to the pod's own limit where Go holds it as a shared decimal, which the canonical texts
/// of the vectors do not show. Defaulting leaves a limit that is set alone, so a vector in which it "defaults" to
/// something else gives the changed limit away.
fn after_limits(pod: &PodResources, case: &Value) -> Result<PodResources, String> {
    let mut pod = pod.clone();
    if let (Some(resources), Some(want)) = (&mut pod.pod_level, case.get("defaultedPodLevel")) {
        let want: ResourceList = read(&want["limits"])?;
        let given = resources.limits.clone();
        for (name, limit) in given.iter() {
            let raised = limit + pod.overhead.get(name).unwrap_or_default();
            if want.get(name) == Some(raised) {
                resources.limits.insert(name, raised);
            }
        }
    }
    Ok(pod)
}

fn check(pod: &PodResources, later: &PodResources, want: &Value) -> Verdict {
    let normal = Options::default();
    let scoring = read(&json!({ "cpu": "100m", "memory": "200Mi" }))?;
    let scoring = Options { non_missing_container_requests: scoring, ..Options::default() };
    let bare = Options { exclude_overhead: true, ..Options::default() };
    let flat = Options { skip_pod_level: true, ..Options::default() };
    let status = Options { use_status: true, ..Options::default() };
    for (name, options) in [
        ("requests", &normal),
        ("requestsExcludeOverhead", &bare),
        ("requestsSkipPodLevel", &flat),
        ("requestsNonMissing", &scoring),
    ] {
        same(name, &pod_requests(pod, options), &want[name])?;
    }
    for (name, pod, options) in [
        ("limits", pod, &normal),
        ("limitsExcludeOverhead", later, &bare),
        ("limitsSkipPodLevel", later, &flat),
    ] {
        same(name, &pod_limits(pod, options), &want[name])?;
    }
    if !pod.container_statuses.is_empty() || want.get("requestsUseStatus").is_some() {
        same("requestsUseStatus", &pod_requests(pod, &status), &want["requestsUseStatus"])?;
        same("limitsUseStatus", &pod_limits(pod, &status), &want["limitsUseStatus"])?;
    }
    let class = qos_class(pod);
    (want["qosClass"] == class.as_str())
        .then_some(())
        .ok_or_else(|| format!("qosClass: got {class}; want {}", want["qosClass"]))
}

fn same_resources(name: &str, got: &Resources, want: &Value) -> Verdict {
    same(&format!("{name} requests"), &got.requests, &want["requests"])?;
    same(&format!("{name} limits"), &got.limits, &want["limits"])
}

fn check_defaults(pod: &PodResources, want: &Value) -> Verdict {
    let containers: Vec<&ContainerResources> = pod.init_containers.iter().chain(&pod.containers).collect();
    let wanted = want["defaultedContainers"].as_array().ok_or("no defaultedContainers")?;
    if containers.len() != wanted.len() {
        return Err(format!("{} containers; want {}", containers.len(), wanted.len()));
    }
    for (container, want) in containers.into_iter().zip(wanted) {
        if want["name"] != *container.name {
            return Err(format!("container {}; want {}", container.name, want["name"]));
        }
        same_resources(&container.name, &container.resources, want)?;
    }
    match (&pod.pod_level, want.get("defaultedPodLevel")) {
        (None, None) => Ok(()),
        (Some(resources), Some(want)) => same_resources("pod level", resources, want),
        (got, want) => Err(format!("pod level: got {got:?}; want {want:?}")),
    }
}

#[test]
fn parity_pod_resources() {
    parity::run(env!("CARGO_MANIFEST_DIR"), "pod-resources", "pods", |input, want| {
        let mut pod: PodResources = read(&input["pod"])?;
        check(&pod, &after_limits(&pod, want)?, want)?;
        default_resources(&mut pod);
        let later = after_limits(&pod, want)?;
        check_defaults(&later, want)?;
        check(&pod, &later, &want["afterDefaulting"]).map_err(|error| format!("after defaulting: {error}"))
    });
}
