//! What the exit of a container leads to.

use super::spec::{ContainerSpec, LifeSpec, RestartPolicy, RestartRule, RuleAction};

impl LifeSpec {
    /// Whether container `index` is started again after it exited with `code`.
    ///
    /// Source: `k8s.io/kubernetes/pkg/api/v1/pod` (`ContainerShouldRestart`); of init containers
    /// `pkg/kubelet/kuberuntime` (`computeInitContainerActions`).
    pub fn restarts(&self, index: usize, code: i32) -> bool {
        let Some(container) = self.container(index) else { return false };
        container.own_restart(code).unwrap_or(match self.restart_policy {
            RestartPolicy::Always => true,
            RestartPolicy::OnFailure => code != 0,
            RestartPolicy::Never => false,
        })
    }

    /// Whether the exit of container `index` with `code` starts all containers again.
    pub fn restarts_all(&self, index: usize, code: i32) -> bool {
        self.container(index)
            .filter(|container| container.restart_policy.is_some())
            .and_then(|container| container.rule(code))
            .is_some_and(|rule| rule.action == RuleAction::RestartAllContainers)
    }

    /// Whether any exit can start all containers again.
    pub(super) fn can_restart_all(&self) -> bool {
        let mut rules = self.all().flat_map(|container| &container.restart_policy_rules);
        rules.any(|rule| rule.action == RuleAction::RestartAllContainers)
    }
}

impl ContainerSpec {
    /// What the container's own rules and policy say; `None` where they say nothing.
    fn own_restart(&self, code: i32) -> Option<bool> {
        let policy = self.restart_policy?;
        if self.rule(code).is_some_and(|rule| rule.action == RuleAction::Restart) {
            return Some(true);
        }
        Some(match policy {
            RestartPolicy::Always => true,
            RestartPolicy::OnFailure => code != 0,
            RestartPolicy::Never => false,
        })
    }

    /// The first rule for `code`.
    fn rule(&self, code: i32) -> Option<&RestartRule> {
        self.restart_policy_rules.iter().find(|rule| {
            rule.exit_codes.as_ref().is_some_and(|codes| match &*codes.operator {
                "In" => codes.values.contains(&code),
                "NotIn" => !codes.values.contains(&code),
                _ => false,
            })
        })
    }
}
