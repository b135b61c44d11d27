//! The Pod Security Standards: what the labels of a namespace forbid its pods.
//!
//! Source: `k8s.io/pod-security-admission` v1.36 (`admission`, `policy`). Only `enforce` acts here: `warn` and `audit`
//! have no one to tell in process.

mod baseline;
mod check;
mod level;
mod restricted;

pub use level::{Level, LevelVersion, ParseLevelError};

use super::Admission;
use crate::objects::{Candidate, Contribution, Operation, Stored};
use crate::service::Subresource;
use async_trait::async_trait;
use check::Finding;
use kube_core::error::{ApiError, FieldError, FieldPath};
use kube_core::kinds::core::v1::{Namespace, Pod};
use kube_core::resource::ObjectKey;
use std::collections::BTreeMap;

/// The plugin.
#[derive(Clone, Debug, Default)]
pub struct PodSecurity {
    /// What holds in namespaces that say nothing.
    pub enforce: LevelVersion,
    /// Namespaces in which nothing is checked.
    pub exempt_namespaces: Vec<String>,
    /// Runtime classes whose pods are not checked.
    pub exempt_runtime_classes: Vec<String>,
}

const ENFORCE: &str = "pod-security.kubernetes.io/enforce";
const ENFORCE_VERSION: &str = "pod-security.kubernetes.io/enforce-version";

#[async_trait]
impl Admission for PodSecurity {
    fn name(&self) -> &'static str {
        "PodSecurity"
    }

    fn leaves_nothing_out(&self) -> bool {
        true
    }

    fn handles(&self, cx: &Contribution<'_>) -> bool {
        if cx.operation() == Operation::Delete {
            return false;
        }
        cx.is("", "Pod", Subresource::Main)
            || cx.is("", "Pod", Subresource::EphemeralContainers)
            || cx.is("", "Namespace", Subresource::Main)
    }

    async fn validate(
        &self,
        cx: &Contribution<'_>,
        old: Option<&Stored>,
        object: Option<&Candidate>,
    ) -> Result<(), ApiError> {
        let Some(object) = object else { return Ok(()) };
        if let Some(namespace) = object.typed::<Namespace>() {
            return check_labels(cx, old, namespace);
        }
        let Some(pod) = object.typed::<Pod>() else { return Ok(()) };
        if let Some(old) = old
            && let Some(old) = old.typed::<Pod>()?
            && !is_significant(pod, old)
        {
            return Ok(());
        }
        self.check_pod(cx, pod).await
    }
}

impl PodSecurity {
    async fn check_pod(&self, cx: &Contribution<'_>, pod: &Pod) -> Result<(), ApiError> {
        let name = &*cx.key().namespace;
        let runtime_class = pod.spec.as_ref().and_then(|spec| spec.runtime_class_name.as_ref());
        if self.exempt_namespaces.iter().any(|exempt| exempt == name)
            || runtime_class.is_some_and(|class| self.exempt_runtime_classes.contains(class))
        {
            return Ok(());
        }
        let namespace = cx.cached::<Namespace>(&ObjectKey::cluster(name)).await?;
        let labels = namespace.as_ref().and_then(|namespace| namespace.metadata.labels.as_ref());
        let policy = labels.map_or(self.enforce, |labels| self.policy(labels));
        let findings = evaluate(policy, pod);
        if findings.is_empty() {
            return Ok(());
        }
        let details: Vec<String> = findings.iter().map(Finding::to_string).collect();
        Err(cx.forbidden(&format!("violates PodSecurity \"{policy}\": {}", details.join(", "))))
    }

    /// What the labels of a namespace enforce. Labels that do not read enforce the most there is.
    ///
    /// Source: `PolicyToEvaluate`.
    fn policy(&self, labels: &BTreeMap<String, String>) -> LevelVersion {
        let mut policy = self.enforce;
        if let Some(text) = labels.get(ENFORCE) {
            policy = match text.parse() {
                Ok(level) => LevelVersion { level, ..LevelVersion::default() },
                Err(_) => return LevelVersion { level: Level::Restricted, ..LevelVersion::default() },
            };
        }
        if let Some(text) = labels.get(ENFORCE_VERSION) {
            match level::parse_version(text) {
                Ok(minor) => policy.minor = minor,
                Err(_) => return LevelVersion { level: Level::Restricted, ..LevelVersion::default() },
            }
        }
        policy
    }
}

/// What a pod does against a policy, in Kubernetes' order: the checks of `baseline`, then those of `restricted`.
fn evaluate(policy: LevelVersion, pod: &Pod) -> Vec<Finding> {
    let Some(spec) = &pod.spec else { return Vec::new() };
    let applies = |check: &&check::Check| policy.minor.is_none_or(|minor| minor >= check.since);
    let run = |checks: &'static [check::Check]| {
        checks.iter().filter(applies).filter_map(|check| (check.run)(&pod.metadata, spec))
    };
    match policy.level {
        Level::Privileged => Vec::new(),
        Level::Baseline => run(baseline::CHECKS).collect(),
        Level::Restricted => {
            let replaced: Vec<&str> = restricted::CHECKS
                .iter()
                .filter(applies)
                .flat_map(|check| check.replaces.iter().copied())
                .collect();
            let kept = baseline::CHECKS.iter().filter(applies).filter(|check| !replaced.contains(&check.id));
            let base = kept.filter_map(|check| (check.run)(&pod.metadata, spec));
            base.chain(run(restricted::CHECKS)).collect()
        }
    }
}

/// New labels must read; those that were wrong before may stay.
fn check_labels(cx: &Contribution<'_>, old: Option<&Stored>, new: &Namespace) -> Result<(), ApiError> {
    let path = FieldPath::new("metadata").child("labels");
    let value =
        |labels: Option<&BTreeMap<String, String>>, name: &str| labels.and_then(|l| l.get(name).cloned());
    let mut errors = Vec::new();
    for mode in ["enforce", "audit", "warn"] {
        let names = [
            format!("pod-security.kubernetes.io/{mode}"),
            format!("pod-security.kubernetes.io/{mode}-version"),
        ];
        for (index, name) in names.iter().enumerate() {
            let Some(text) = value(new.metadata.labels.as_ref(), name) else { continue };
            if old.and_then(|old| value(old.meta().labels.as_ref(), name)).is_some_and(|old| old == text) {
                continue;
            }
            let wrong =
                if index == 0 { text.parse::<Level>().err() } else { level::parse_version(&text).err() };
            errors.extend(wrong.map(|error| FieldError::invalid(&path.key(name), &text, error.to_string())));
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(ApiError::invalid("", "Namespace", &cx.key().name, &errors))
}

/// Whether an update changes something that a check looks at: everything else of a pod is immutable.
///
/// Source: `isSignificantPodUpdate`.
fn is_significant(new: &Pod, old: &Pod) -> bool {
    let (Some(new_spec), Some(old_spec)) = (&new.spec, &old.spec) else { return true };
    let images = |spec: &kube_core::kinds::core::v1::PodSpec| -> Vec<(String, Option<String>)> {
        let init = spec.init_containers.iter().flatten();
        let all = init.chain(&spec.containers).map(|c| (c.name.clone(), c.image.clone()));
        let ephemeral = spec.ephemeral_containers.iter().flatten();
        all.chain(ephemeral.map(|c| (c.name.clone(), c.image.clone()))).collect()
    };
    let annotations = |pod: &Pod| -> Vec<(String, String)> {
        let all = pod.metadata.annotations.iter().flatten();
        let looked_at = all.filter(|(name, _)| {
            name.starts_with(check::APPARMOR_ANNOTATION)
                || name.contains("seccomp.security.alpha.kubernetes.io")
        });
        looked_at.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    images(new_spec) != images(old_spec) || annotations(new) != annotations(old)
}
