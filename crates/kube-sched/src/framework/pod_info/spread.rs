//! Constraints of how pods spread, read once.

use kube_core::kinds::core::v1::TopologySpreadConstraint;
use kube_core::selector::{LabelSet, Selector};
use kube_core::view::PodView;
use std::sync::Arc;

/// One constraint.
///
/// Source: `pkg/scheduler/framework/plugins/podtopologyspread` (`topologySpreadConstraint`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpreadConstraint {
    /// How many pods a domain may have more than the emptiest one.
    pub max_skew: i32,
    /// The label whose values are the domains.
    pub topology_key: Arc<str>,
    /// Which pods count.
    pub selector: Selector,
    /// With fewer domains than this the emptiest counts as empty.
    pub min_domains: i32,
    /// Whether only nodes that the pod's node affinity matches count.
    pub honors_affinity: bool,
    /// Whether only nodes whose taints the pod tolerates count.
    pub honors_taints: bool,
}

/// The constraints of a pod: those that must hold, and those that are wished.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpreadConstraints {
    /// `DoNotSchedule`.
    pub hard: Box<[SpreadConstraint]>,
    /// `ScheduleAnyway`.
    pub soft: Box<[SpreadConstraint]>,
}

impl SpreadConstraints {
    /// # Errors
    /// What is wrong with the first selector that cannot be read.
    pub(super) fn parse(pod: &PodView) -> Result<Self, String> {
        let (mut hard, mut soft) = (Vec::new(), Vec::new());
        for constraint in &pod.spec.topology_spread_constraints {
            let list = if constraint.when_unsatisfiable == "ScheduleAnyway" { &mut soft } else { &mut hard };
            list.push(parse(constraint, pod)?);
        }
        Ok(Self { hard: hard.into(), soft: soft.into() })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.hard.is_empty() && self.soft.is_empty()
    }
}

fn parse(constraint: &TopologySpreadConstraint, pod: &PodView) -> Result<SpreadConstraint, String> {
    let selector = Selector::from_label_selector(constraint.label_selector.as_ref())
        .map_err(|error| error.to_string())?;
    // The API server merges these into the selector; to ask twice changes nothing.
    let keys = constraint.match_label_keys.iter().flatten();
    let own: LabelSet =
        keys.filter_map(|key| Some((key.as_str(), pod.meta.labels.get(key)?.clone()))).collect();
    let selector = match Selector::from_labels(own).requirements() {
        Some(own) if !own.is_empty() => selector.and(own.iter().cloned()),
        _ => selector,
    };
    Ok(SpreadConstraint {
        max_skew: constraint.max_skew,
        topology_key: constraint.topology_key.as_str().into(),
        selector,
        min_domains: constraint.min_domains.unwrap_or(1),
        honors_affinity: constraint.node_affinity_policy.as_deref() != Some("Ignore"),
        honors_taints: constraint.node_taints_policy.as_deref() == Some("Honor"),
    })
}
