//! Pods and templates of pods.
//!
//! Source: `k8s.io/kubernetes/pkg/api/pod` (`GetWarningsForPod`, `GetWarningsForPodTemplate`).

use super::labels::deprecated;
use super::ports::of_ports;
use super::{fractional, of_claim_spec, of_name, of_term, said};
use crate::error::FieldPath;
use crate::kinds::core::v1::{
    Affinity, Container, EphemeralContainer, Pod, PodAffinityTerm, PodSpec, PodTemplateSpec, Volume,
    WeightedPodAffinityTerm,
};
use crate::kinds::meta::v1::ObjectMeta;
use crate::validate::fields::{Items, Text};
use std::collections::BTreeSet;

const NO_SELECTOR: &str = "a null labelSelector results in matching no pod";

/// Source: `podStrategy.WarningsOnCreate`; updates of pods are not looked at.
pub(in super::super) fn of_pod(pod: &Pod) -> Vec<String> {
    let mut warnings: Vec<String> = of_name(&pod.metadata, "the Pod's hostname").into_iter().collect();
    if let Some(spec) = &pod.spec {
        warnings.extend(of_spec(spec, &pod.metadata, &FieldPath::root(), false));
    }
    warnings
}

pub(in super::super) fn of_template(template: &PodTemplateSpec, path: &FieldPath) -> Vec<String> {
    let nothing = ObjectMeta::default();
    let meta = template.metadata.as_ref().unwrap_or(&nothing);
    template.spec.as_ref().map(|spec| of_spec(spec, meta, path, true)).unwrap_or_default()
}

fn of_spec(spec: &PodSpec, meta: &ObjectMeta, root: &FieldPath, template: bool) -> Vec<String> {
    let path = root.child("spec");
    let annotations = root.child("metadata").child("annotations");
    let mut warnings = of_placement(spec, &path);
    for (name, text) in ANNOTATIONS {
        if has(meta, name) {
            warnings.push(said(&annotations.key(name), text));
        }
    }
    let volumes = spec.volumes.items();
    for (index, volume) in volumes.iter().enumerate() {
        warnings.extend(of_volume(volume, &path.child("volumes").index(index)));
    }
    warnings.extend(of_token_paths(volumes, &path.child("volumes")));
    warnings.extend(of_lists(spec, &path));
    for name in ["memory", "ephemeral-storage"] {
        warnings.extend(fractional(spec.overhead.as_ref(), name, &path.child("overhead")));
    }
    let profile = spec.security_context.as_ref().is_some_and(|context| context.seccomp_profile.is_some());
    if !profile && has(meta, SECCOMP_POD) {
        warnings.push(said(&annotations.key(SECCOMP_POD), SECCOMP));
    }
    let armor = spec.security_context.as_ref().is_some_and(|context| context.app_armor_profile.is_some());
    for (path, container) in containers(spec, &path) {
        warnings.extend(of_container(container, meta, &annotations, template && !armor));
        warnings.extend(of_resources(container, &path));
        warnings.extend(of_env(container, &path));
    }
    warnings.extend(of_ports(spec, &path));
    if spec.termination_grace_period_seconds.is_some_and(|seconds| seconds < 0) {
        let text = "must be >= 0; negative values are invalid and will be treated as 1";
        warnings.push(said(&path.child("terminationGracePeriodSeconds"), text));
    }
    if let Some(affinity) = &spec.affinity {
        warnings.extend(of_affinity(affinity, &path.child("affinity")));
    }
    warnings
}

fn has(meta: &ObjectMeta, annotation: &str) -> bool {
    meta.annotations.as_ref().is_some_and(|annotations| annotations.contains_key(annotation))
}

/// Every container with its path, those that come first first.
pub(super) fn containers<'a>(spec: &'a PodSpec, path: &FieldPath) -> Vec<(FieldPath, Seen<'a>)> {
    let at = |field: &str, index: usize| path.child(field).index(index);
    let init = spec.init_containers.items().iter().enumerate();
    let init = init.map(|(index, one)| (at("initContainers", index), Seen::of(one)));
    let main = spec.containers.iter().enumerate();
    let main = main.map(|(index, one)| (at("containers", index), Seen::of(one)));
    let late = spec.ephemeral_containers.items().iter().enumerate();
    let late = late.map(|(index, one)| (at("ephemeralContainers", index), Seen::late(one)));
    init.chain(main).chain(late).collect()
}

/// What is looked at of a container of whatever list.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    name: &'a str,
    pub(super) ports: &'a Option<Vec<crate::kinds::core::v1::ContainerPort>>,
    env: &'a Option<Vec<crate::kinds::core::v1::EnvVar>>,
    resources: Option<&'a crate::kinds::core::v1::ResourceRequirements>,
    security: Option<&'a crate::kinds::core::v1::SecurityContext>,
}

impl<'a> Seen<'a> {
    fn of(container: &'a Container) -> Self {
        Self {
            name: &container.name,
            ports: &container.ports,
            env: &container.env,
            resources: container.resources.as_ref(),
            security: container.security_context.as_ref(),
        }
    }

    fn late(container: &'a EphemeralContainer) -> Self {
        Self {
            name: &container.name,
            ports: &container.ports,
            env: &container.env,
            resources: container.resources.as_ref(),
            security: container.security_context.as_ref(),
        }
    }
}

/// Labels of nodes, and selectors that select nothing.
fn of_placement(spec: &PodSpec, path: &FieldPath) -> Vec<String> {
    let mut warnings = Vec::new();
    for label in spec.node_selector.iter().flatten().map(|(label, _)| label) {
        warnings.extend(deprecated(label).map(|text| said(&path.child("nodeSelector").key(label), &text)));
    }
    if let Some(affinity) = spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref()) {
        let path = path.child("affinity").child("nodeAffinity");
        let required = affinity.required_during_scheduling_ignored_during_execution.iter();
        let terms = path.child("requiredDuringSchedulingIgnoredDuringExecution").child("nodeSelectorTerms");
        for (index, term) in required.flat_map(|required| &required.node_selector_terms).enumerate() {
            warnings.extend(of_term(term, false, &terms.index(index)));
        }
        let preferred = affinity.preferred_during_scheduling_ignored_during_execution.items();
        let terms = path.child("preferredDuringSchedulingIgnoredDuringExecution");
        for (index, term) in preferred.iter().enumerate() {
            warnings.extend(of_term(&term.preference, true, &terms.index(index).child("preference")));
        }
    }
    for (index, constraint) in spec.topology_spread_constraints.items().iter().enumerate() {
        let path = path.child("topologySpreadConstraints").index(index);
        let key = &constraint.topology_key;
        let instead = deprecated(key);
        warnings.extend(instead.map(|text| said(&path.child("topologyKey"), &format!("{key} is {text}"))));
        if constraint.label_selector.is_none() {
            warnings.push(said(&path.child("labelSelector"), NO_SELECTOR));
        }
    }
    warnings
}

/// Kinds of volumes that are gone or will be.
fn of_volume(volume: &Volume, path: &FieldPath) -> Vec<String> {
    let gone = [
        ("photonPersistentDisk", volume.photon_persistent_disk.is_some(), "v1.11, non-functional in v1.16+"),
        ("gitRepo", volume.git_repo.is_some(), "v1.11"),
        ("scaleIO", volume.scale_io.is_some(), "v1.16, non-functional in v1.22+"),
        ("flocker", volume.flocker.is_some(), "v1.22, non-functional in v1.25+"),
        ("storageOS", volume.storageos.is_some(), "v1.22, non-functional in v1.25+"),
        ("quobyte", volume.quobyte.is_some(), "v1.22, non-functional in v1.25+"),
        ("glusterfs", volume.glusterfs.is_some(), "v1.25, non-functional in v1.26+"),
        ("cephfs", volume.cephfs.is_some(), "v1.28, non-functional in v1.31+"),
        ("rbd", volume.rbd.is_some(), "v1.28, non-functional in v1.31+"),
    ];
    let gone = gone.into_iter().filter(|(_, there, _)| *there);
    let mut warnings: Vec<String> =
        gone.map(|(field, _, since)| said(&path.child(field), &format!("deprecated in {since}"))).collect();
    let template = volume.ephemeral.as_ref().and_then(|ephemeral| ephemeral.volume_claim_template.as_ref());
    if let Some(template) = template {
        let path = path.child("ephemeral").child("volumeClaimTemplate").child("spec");
        warnings.extend(of_claim_spec(&template.spec, &path));
    }
    warnings
}

/// Files that hide a token. The paths are Kubernetes'.
fn of_token_paths(volumes: &[Volume], path: &FieldPath) -> Vec<String> {
    let sources =
        |volume: &'_ Volume| volume.projected.as_ref().map(|projected| projected.sources.items().to_vec());
    let tokens: BTreeSet<String> = volumes
        .iter()
        .filter_map(sources)
        .flatten()
        .filter_map(|source| source.service_account_token.map(|token| token.path))
        .collect();
    if tokens.is_empty() {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    for (index, volume) in volumes.iter().enumerate() {
        let path = path.index(index).child("projected").child("sources");
        let mut clash = |at: FieldPath, file: &String| {
            if tokens.contains(file) {
                warnings.push(said(&at, &format!("has duplicated path with ServiceAccountToken {file:?}")));
            }
        };
        for source in sources(volume).into_iter().flatten() {
            let map = source.config_map.as_ref().map_or(&[][..], |map| map.items.items());
            map.iter()
                .enumerate()
                .for_each(|(at, item)| clash(path.child("configMap").index(at), &item.path));
            let secret = source.secret.as_ref().map_or(&[][..], |secret| secret.items.items());
            secret
                .iter()
                .enumerate()
                .for_each(|(at, item)| clash(path.child("secrets").index(at), &item.path));
            let fields = source.downward_api.as_ref().map_or(&[][..], |fields| fields.items.items());
            fields.iter().enumerate().for_each(|(at, item)| {
                clash(path.child("downwardAPI").index(at), &item.path);
            });
            if let Some(bundle) = &source.cluster_trust_bundle {
                clash(path.child("ClusterTrustBundle"), &bundle.path);
            }
        }
    }
    warnings
}

/// Lists that are keyed by what may stand twice in them.
fn of_lists(spec: &PodSpec, path: &FieldPath) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, alias) in spec.host_aliases.items().iter().enumerate() {
        if !seen.insert(&alias.ip) {
            let path = path.child("hostAliases").index(index).child("ip");
            warnings.push(said(&path, &format!("duplicate ip {:?}", alias.ip)));
        }
    }
    let secrets = spec.image_pull_secrets.items();
    let at = |index: usize| path.child("imagePullSecrets").index(index).child("name");
    let mut seen = BTreeSet::new();
    for (index, secret) in secrets.iter().enumerate() {
        if !seen.insert(&secret.name) {
            warnings.push(said(&at(index), &format!("duplicate name {:?}", secret.name)));
        }
    }
    for (index, _) in secrets.iter().enumerate().filter(|(_, secret)| secret.name.is_empty()) {
        warnings.push(said(&at(index), "invalid empty name \"\""));
    }
    warnings
}

/// Annotations that were fields once.
fn of_container(container: Seen<'_>, meta: &ObjectMeta, annotations: &FieldPath, armor: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    let key = format!("{SECCOMP_CONTAINER}{}", container.name);
    if container.security.is_none_or(|context| context.seccomp_profile.is_none()) && has(meta, &key) {
        warnings.push(said(&annotations.key(&key), SECCOMP));
    }
    let key = format!("{APP_ARMOR}{}", container.name);
    let field = container.security.is_some_and(|context| context.app_armor_profile.is_some());
    if armor && !field && has(meta, &key) {
        let text = r#"deprecated since v1.30; use the \"appArmorProfile\" field instead"#;
        warnings.push(said(&annotations.key(&key), text));
    }
    warnings
}

fn of_resources(container: Seen<'_>, path: &FieldPath) -> Vec<String> {
    let Some(resources) = container.resources else { return Vec::new() };
    let path = path.child("resources");
    let lists = [("limits", resources.limits.as_ref()), ("requests", resources.requests.as_ref())];
    let each = ["memory", "ephemeral-storage"].into_iter();
    each.flat_map(|name| lists.map(|(field, list)| fractional(list, name, &path.child(field))))
        .flatten()
        .collect()
}

/// A variable that hides one of the same name, unless it is made of it.
fn of_env(container: Seen<'_>, path: &FieldPath) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, variable) in container.env.items().iter().enumerate() {
        if seen.insert(&variable.name) {
            continue;
        }
        let reference = format!("$({})", variable.name);
        let value = variable.value.text();
        if variable.value_from.is_some() || value == reference || !value.contains(&reference) {
            let name = &variable.name;
            let text =
                format!("hides previous definition of {name:?}, which may be dropped when using apply");
            warnings.push(said(&path.child("env").index(index), &text));
        }
    }
    warnings
}

fn of_affinity(affinity: &Affinity, path: &FieldPath) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut look = |field: &str, required: &[PodAffinityTerm], preferred: &[WeightedPodAffinityTerm]| {
        let path = path.child(field);
        let at = path.child("requiredDuringSchedulingIgnoredDuringExecution");
        for (index, _) in required.iter().enumerate().filter(|(_, term)| term.label_selector.is_none()) {
            warnings.push(said(&at.index(index).child("labelSelector"), NO_SELECTOR));
        }
        let at = path.child("preferredDuringSchedulingIgnoredDuringExecution");
        let empty = |term: &WeightedPodAffinityTerm| term.pod_affinity_term.label_selector.is_none();
        for (index, _) in preferred.iter().enumerate().filter(|(_, term)| empty(term)) {
            let path = at.index(index).child("podAffinityTerm").child("labelSelector");
            warnings.push(said(&path, NO_SELECTOR));
        }
    };
    if let Some(near) = &affinity.pod_affinity {
        look(
            "podAffinity",
            near.required_during_scheduling_ignored_during_execution.items(),
            near.preferred_during_scheduling_ignored_during_execution.items(),
        );
    }
    if let Some(far) = &affinity.pod_anti_affinity {
        look(
            "podAntiAffinity",
            far.required_during_scheduling_ignored_during_execution.items(),
            far.preferred_during_scheduling_ignored_during_execution.items(),
        );
    }
    warnings
}

const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
/// The backslashes are Kubernetes'.
const SECCOMP: &str = r#"non-functional in v1.27+; use the \"seccompProfile\" field instead"#;
const SYSCTLS: &str = "non-functional in v1.11+; use the \"sysctls\" field instead";
const ANNOTATIONS: [(&str, &str); 3] = [
    (
        "scheduler.alpha.kubernetes.io/critical-pod",
        "non-functional in v1.16+; use the \"priorityClassName\" field instead",
    ),
    ("security.alpha.kubernetes.io/sysctls", SYSCTLS),
    ("security.alpha.kubernetes.io/unsafe-sysctls", SYSCTLS),
];
