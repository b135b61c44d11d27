//! A pod's priority is that of its class, and there is one default class.
//!
//! Source: `k8s.io/kubernetes/plugin/pkg/admission/priority`.

use super::Admission;
use crate::objects::{Candidate, Contribution, Operation, Stored};
use crate::service::Subresource;
use async_trait::async_trait;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{Pod, PodSpec};
use kube_core::kinds::scheduling::v1::PriorityClass;
use kube_core::resource::{ObjectKey, ResourceExt};
use std::sync::Arc;

/// The plugin.
#[derive(Clone, Copy, Debug, Default)]
pub struct Priority;

/// The classes that every cluster has, with their values. They need no object to be used.
const SYSTEM: [(&str, i32); 2] =
    [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

/// What a pod gets from its class.
struct Resolved {
    class: Option<String>,
    value: i32,
    preemption: Option<String>,
}

#[async_trait]
impl Admission for Priority {
    fn name(&self) -> &'static str {
        "Priority"
    }

    fn leaves_nothing_out(&self) -> bool {
        true
    }

    fn handles(&self, cx: &Contribution<'_>) -> bool {
        let kind = cx.is("", "Pod", Subresource::Main)
            || cx.is("scheduling.k8s.io", "PriorityClass", Subresource::Main);
        kind && cx.operation() != Operation::Delete
    }

    async fn mutate(
        &self,
        cx: &Contribution<'_>,
        old: Option<&Stored>,
        object: &mut Candidate,
    ) -> Result<(), ApiError> {
        let Some(spec) = object.typed_mut::<Pod>().and_then(|pod| pod.spec.as_mut()) else { return Ok(()) };
        if let Some(old) = old {
            // What was resolved at the create stays where an update leaves it out.
            if let Some(old) = old.typed::<Pod>()?.and_then(|pod| pod.spec.as_ref()) {
                spec.priority = spec.priority.or(old.priority);
                if spec.preemption_policy.is_none() {
                    spec.preemption_policy.clone_from(&old.preemption_policy);
                }
            }
            return Ok(());
        }
        resolve(cx, spec).await
    }

    async fn validate(
        &self,
        cx: &Contribution<'_>,
        _old: Option<&Stored>,
        object: Option<&Candidate>,
    ) -> Result<(), ApiError> {
        let Some(class) = object.and_then(|object| object.typed::<PriorityClass>()) else { return Ok(()) };
        if class.global_default != Some(true) {
            return Ok(());
        }
        match default_class(cx).await? {
            Some(other) if other.name() != class.name() => {
                let name = other.name();
                Err(cx.forbidden(&format!(
                    "PriorityClass {name} is already marked as default. Only one default can exist"
                )))
            }
            _ => Ok(()),
        }
    }
}

/// The default class; the lowest one, should there be several.
async fn default_class(cx: &Contribution<'_>) -> Result<Option<Arc<PriorityClass>>, ApiError> {
    let all = cx.all_cached::<PriorityClass>("").await?;
    let defaults = all.into_iter().filter(|class| class.global_default == Some(true));
    Ok(defaults.min_by_key(|class| class.value))
}

async fn class_of(cx: &Contribution<'_>, spec: &PodSpec) -> Result<Resolved, ApiError> {
    let name = spec.priority_class_name.as_deref().unwrap_or_default();
    if name.is_empty() {
        return Ok(match default_class(cx).await? {
            Some(class) => Resolved {
                class: Some(class.name().to_owned()),
                value: class.value.unwrap_or(0),
                preemption: class.preemption_policy.clone(),
            },
            None => Resolved { class: None, value: 0, preemption: Some("PreemptLowerPriority".to_owned()) },
        });
    }
    let class = Some(name.to_owned());
    if let Some(found) = cx.cached::<PriorityClass>(&ObjectKey::cluster(name)).await? {
        return Ok(Resolved {
            class,
            value: found.value.unwrap_or(0),
            preemption: found.preemption_policy.clone(),
        });
    }
    match SYSTEM.iter().find(|(system, _)| *system == name) {
        Some((_, value)) => {
            Ok(Resolved { class, value: *value, preemption: Some("PreemptLowerPriority".to_owned()) })
        }
        None => Err(cx.forbidden(&format!("no PriorityClass with name {name} was found"))),
    }
}

async fn resolve(cx: &Contribution<'_>, spec: &mut PodSpec) -> Result<(), ApiError> {
    let resolved = class_of(cx, spec).await?;
    if let Some(given) = spec.priority.filter(|given| *given != resolved.value) {
        let computed = resolved.value;
        return Err(cx.forbidden(&format!(
            "the integer value of priority ({given}) must not be provided in pod spec; priority admission controller computed {computed} from the given PriorityClass name"
        )));
    }
    spec.priority_class_name = resolved.class;
    spec.priority = Some(resolved.value);
    let Some(policy) = resolved.preemption else { return Ok(()) };
    if let Some(given) = spec.preemption_policy.as_ref().filter(|given| **given != policy) {
        return Err(cx.forbidden(&format!(
            "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission controller computed {policy} from the given PriorityClass name"
        )));
    }
    spec.preemption_policy = Some(policy);
    Ok(())
}
