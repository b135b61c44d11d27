//! What the failure of a pod means.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/job` (`pod_failure_policy.go`).

use kube_core::kinds::batch::v1::{
    PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyOnPodConditionsPattern,
};
use kube_core::view::{ContainerStatusView, PodView};

/// What a policy says about a failed pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What is to be done, if a rule matched: `FailJob`, `FailIndex`, `Ignore` or `Count`.
    pub action: Option<String>,
    /// Whether the failure counts.
    pub counts: bool,
    /// For `FailJob`: why, for people.
    pub message: Option<String>,
}

/// Judges a failed pod; without a policy, and where no rule matches, its failure counts.
pub fn judge(policy: Option<&PodFailurePolicy>, pod: &PodView) -> Verdict {
    for (at, rule) in policy.iter().flat_map(|policy| policy.rules.iter().enumerate()) {
        let matched = match (&rule.on_exit_codes, &rule.on_pod_conditions) {
            (Some(codes), _) => by_exit_code(codes, pod),
            (None, Some(patterns)) => by_condition(patterns, pod),
            (None, None) => None,
        };
        let Some(what) = matched else { continue };
        let action = rule.action.clone();
        return Verdict {
            counts: action != "Ignore",
            message: (action == "FailJob").then(|| format!("{what} matching {action} rule at index {at}")),
            action: Some(action),
        };
    }
    Verdict { action: None, counts: true, message: None }
}

/// The first container whose exit code is meant: init containers after the others.
fn by_exit_code(wanted: &PodFailurePolicyOnExitCodesRequirement, pod: &PodView) -> Option<String> {
    let all = pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses);
    let named = |status: &&ContainerStatusView| {
        wanted.container_name.as_deref().is_none_or(|name| *name == *status.name)
    };
    all.filter(named).find_map(|status| {
        let code = status.state.terminated.as_ref()?.exit_code;
        let listed = wanted.values.contains(&code);
        let meant = match wanted.operator.as_str() {
            "In" => listed,
            "NotIn" => !listed,
            _ => false,
        };
        (code != 0 && meant).then(|| {
            let (name, namespace, pod) = (&status.name, &pod.meta.namespace, &pod.meta.name);
            format!("Container {name} for pod {namespace}/{pod} failed with exit code {code}")
        })
    })
}

fn by_condition(patterns: &[PodFailurePolicyOnPodConditionsPattern], pod: &PodView) -> Option<String> {
    let found = pod.status.conditions.iter().find(|condition| {
        patterns.iter().any(|wanted| {
            *condition.kind == *wanted.type_ && Some(&*condition.status) == wanted.status.as_deref()
        })
    })?;
    Some(format!("Pod {}/{} has condition {}", pod.meta.namespace, pod.meta.name, found.kind))
}
