//! Profiles of `AppArmor` and seccomp, which were annotations before they were fields.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`ValidateSeccompPodAnnotations`,
//! `ValidateAppArmorPodAnnotations` and those that compare them with the fields), `pkg/registry/core/pod`
//! (`applyAppArmorVersionSkew`).

use std::collections::BTreeMap;

use crate::error::{FieldError, FieldPath, quoted};
use crate::kinds::core::v1::{AppArmorProfile, Container, Pod, PodSpec, SeccompProfile};
use crate::validate::core::container::{every_container, validate_local_descending_path};
use crate::validate::core::security::validate_app_armor;
use crate::validate::fields::Items;

type Annotations = BTreeMap<String, String>;

/// What is wrong with profiles in annotations; `path` is theirs.
pub(super) fn validate_annotations(
    annotations: &Annotations,
    spec: &PodSpec,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let seccomp = annotations.iter().filter(|(key, _)| *key == SECCOMP_POD || key.starts_with(SECCOMP));
    for (key, profile) in seccomp {
        errors.extend(validate_seccomp(profile, &path.child(key)));
    }
    for (key, profile) in annotations {
        let Some(name) = key.strip_prefix(APP_ARMOR) else { continue };
        if !every_container(spec, path).any(|(_, container)| container.name == name) {
            errors.push(FieldError::invalid(&path.key(key), name, "container not found"));
        }
        let known = matches!(profile.as_str(), "" | RUNTIME_DEFAULT | UNCONFINED);
        if !known && !profile.starts_with(LOCALHOST) {
            let detail = format!("invalid AppArmor profile name: {}", quoted(profile));
            errors.push(FieldError::invalid(&path.key(key), profile, detail));
        }
    }
    errors
}

/// Source: `ValidateSeccompProfile`.
fn validate_seccomp(profile: &str, path: &FieldPath) -> Vec<FieldError> {
    match (profile, profile.strip_prefix(LOCALHOST)) {
        (RUNTIME_DEFAULT | DOCKER_DEFAULT | UNCONFINED, _) => Vec::new(),
        (_, Some(file)) => validate_local_descending_path(file, path),
        _ => vec![FieldError::invalid(path, profile, "must be a valid seccomp profile")],
    }
}

/// What is wrong with profiles that stand in both: they must be the same. `path` is that of the spec.
///
/// Source: `validateSeccompAnnotationsAndFields`, `validateAppArmorAnnotationsAndFieldsMatchOnCreate`.
pub(in super::super::super) fn validate_both(
    annotations: Option<&Annotations>,
    spec: &PodSpec,
    path: &FieldPath,
) -> Vec<FieldError> {
    let Some(annotations) = annotations else { return Vec::new() };
    let context = spec.security_context.as_ref();
    let mut errors = Vec::new();
    let of_pod = context.and_then(|context| context.seccomp_profile.as_ref());
    if let (Some(profile), Some(annotation)) = (of_pod, annotations.get(SECCOMP_POD)) {
        let path = path.child("securityContext").child("seccompProfile");
        errors.extend(other_seccomp(annotation, profile, &path));
    }
    for (path, container) in every_container(spec, path) {
        let own = container.security.and_then(|context| context.seccomp_profile.as_ref());
        if let (Some(profile), Some(annotation)) = (own, annotations.get(&[SECCOMP, container.name].concat()))
        {
            let path = path().child("securityContext").child("seccompProfile");
            errors.extend(other_seccomp(annotation, profile, &path));
        }
    }
    if is_windows(spec) {
        return errors;
    }
    let of_pod = context.and_then(|context| context.app_armor_profile.as_ref());
    for (path, container) in every_container(spec, path) {
        let own = container.security.and_then(|context| context.app_armor_profile.as_ref());
        let annotation = annotations.get(&[APP_ARMOR, container.name].concat());
        if let (Some(profile), Some(annotation)) = (own.or(of_pod), annotation) {
            let path = path().child("securityContext").child("appArmorProfile");
            errors.extend(other_app_armor(annotation, profile, &path));
        }
    }
    errors
}

fn other_seccomp(annotation: &str, profile: &SeccompProfile, path: &FieldPath) -> Option<FieldError> {
    let same = [RUNTIME_DEFAULT, DOCKER_DEFAULT].contains(&annotation);
    other("seccomp", annotation, (&profile.type_, profile.localhost_profile.as_deref()), same, path)
}

fn other_app_armor(annotation: &str, profile: &AppArmorProfile, path: &FieldPath) -> Option<FieldError> {
    let same = annotation == RUNTIME_DEFAULT;
    other("apparmor", annotation, (&profile.type_, profile.localhost_profile.as_deref()), same, path)
}

/// `is_default` tells whether the annotation means the profile of the runtime.
fn other(
    what: &str,
    annotation: &str,
    (sort, file): (&str, Option<&str>),
    is_default: bool,
    path: &FieldPath,
) -> Option<FieldError> {
    let same = match sort {
        "Unconfined" => annotation == UNCONFINED,
        "RuntimeDefault" => is_default,
        "Localhost" => match annotation.strip_prefix(LOCALHOST) {
            Some(named) if Some(named) != file => {
                let detail = format!("{what} profile in annotation and field must match");
                return Some(FieldError::forbidden(&path.child("localhostProfile"), detail));
            }
            named => named.is_some(),
        },
        _ => true,
    };
    let detail = || format!("{what} type in annotation and field must match");
    (!same).then(|| FieldError::forbidden(&path.child("type"), detail()))
}

/// Brings the profiles of annotations into the fields of containers that have none.
///
/// Source: `applyAppArmorVersionSkew`.
pub(super) fn apply_annotations(pod: &mut Pod) {
    let Pod { metadata, spec: Some(spec), .. } = pod else { return };
    let Some(annotations) = &metadata.annotations else { return };
    if is_windows(spec) || !annotations.keys().any(|key| key.starts_with(APP_ARMOR)) {
        return;
    }
    let of_pod = spec.security_context.as_ref().and_then(|context| context.app_armor_profile.clone());
    for container in spec.init_containers.items_mut().iter_mut().chain(&mut spec.containers) {
        let given = container.security_context.as_ref().is_some_and(|c| c.app_armor_profile.is_some());
        let named = annotations.get(&[APP_ARMOR, &container.name].concat());
        let Some(profile) = named.filter(|_| !given).and_then(|named| named_profile(named)) else { continue };
        if of_pod.as_ref() != Some(&profile) {
            set_profile(container, profile);
        }
    }
}

fn set_profile(container: &mut Container, profile: AppArmorProfile) {
    container.security_context.get_or_insert_default().app_armor_profile = Some(profile);
}

/// Source: `ApparmorFieldForAnnotation`; what would be wrong as a field is none.
fn named_profile(annotation: &str) -> Option<AppArmorProfile> {
    let (sort, file) = match annotation {
        UNCONFINED => ("Unconfined", None),
        RUNTIME_DEFAULT => ("RuntimeDefault", None),
        _ => ("Localhost", Some(annotation.strip_prefix(LOCALHOST)?.to_owned())),
    };
    let profile = AppArmorProfile { type_: sort.to_owned(), localhost_profile: file };
    validate_app_armor(Some(&profile), &FieldPath::root()).is_empty().then_some(profile)
}

fn is_windows(spec: &PodSpec) -> bool {
    spec.os.as_ref().is_some_and(|os| os.name.as_str() == "windows")
}

const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP: &str = "container.seccomp.security.alpha.kubernetes.io/";
/// What the names of annotations with the profile of a container start with.
pub(super) const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
const RUNTIME_DEFAULT: &str = "runtime/default";
const DOCKER_DEFAULT: &str = "docker/default";
const UNCONFINED: &str = "unconfined";
const LOCALHOST: &str = "localhost/";
