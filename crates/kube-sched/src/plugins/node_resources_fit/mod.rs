//! `NodeResourcesFit`: what a pod requests must be there.
//!
//! Source: `pkg/scheduler/framework/plugins/noderesources` (`fit.go`).

mod hints;
mod strategy;

#[cfg(test)]
mod tests;

pub use strategy::{Prefer, ScoringStrategy, Shape};

use super::resource_allocation::{Column, NodeLoad};
use crate::framework::{
    Amounts, Core, NodeRef, NodeSet, Nodes, Plugin, PodInfo, Points, PreFilter, PreFiltered, PreScore, Reads,
    Reason, Reasons, Remedy, Verdict,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rejects nodes with too little of a resource left; scores by how much is left, or how little.
#[derive(Clone, Debug)]
pub struct NodeResourcesFit {
    strategy: ScoringStrategy,
    columns: Vec<(Column, i64)>,
    ignored: Ignored,
}

/// Extended resources that are not looked at: somebody else does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignored {
    resources: BTreeSet<String>,
    groups: BTreeSet<String>,
}

impl Ignored {
    /// By name, and by what stands before the `/`.
    pub fn new(
        resources: impl IntoIterator<Item = String>,
        groups: impl IntoIterator<Item = String>,
    ) -> Self {
        Self { resources: resources.into_iter().collect(), groups: groups.into_iter().collect() }
    }

    fn contains(&self, name: &str) -> bool {
        let Some((group, _)) = name.split_once('/') else { return false };
        self.resources.contains(name) || self.groups.contains(group)
    }
}

impl NodeResourcesFit {
    /// With this strategy of scoring.
    pub fn new(strategy: ScoringStrategy) -> Self {
        let columns = strategy.resources.iter().map(|r| (Column::of(&r.name), r.weight)).collect();
        Self { strategy, columns, ignored: Ignored::default() }
    }

    /// Not looking at these resources.
    #[must_use]
    pub fn ignoring(self, ignored: Ignored) -> Self {
        Self { ignored, ..self }
    }
}

impl Default for NodeResourcesFit {
    fn default() -> Self {
        Self::new(ScoringStrategy::default())
    }
}

impl Plugin for NodeResourcesFit {
    fn name(&self) -> &'static str {
        "NodeResourcesFit"
    }

    fn reads(&self) -> Reads {
        Reads::NODE_ALLOCATABLE | Reads::NODE_REQUESTED
    }

    fn monotone(&self) -> bool {
        true
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.pre_filter(self.clone()).pre_score(self.clone()).hints(self);
    }
}

/// What a pod wants, with the reasons for scalar resources made once.
#[derive(Clone, Debug)]
pub struct Wanted {
    core: Core,
    scalars: Vec<(Arc<str>, i64, Reason)>,
}

impl Wanted {
    fn new(requests: &Amounts, ignored: &Ignored) -> Self {
        let scalars = requests.scalars().iter();
        let scalars = scalars.filter(|(name, amount)| *amount != 0 && !ignored.contains(name));
        Self {
            core: Core::of(requests),
            scalars: scalars
                .map(|(name, amount)| (name.clone(), *amount, Reason::from(format!("Insufficient {name}"))))
                .collect(),
        }
    }

    /// Every resource that `node` has too little of, in Kubernetes' order.
    fn lacking(&self, node: NodeRef<'_>) -> Vec<Lack> {
        let (has, used) = (node.allocatable(), node.requested());
        let core = [
            ("cpu", "Insufficient cpu", self.core.milli_cpu, has.milli_cpu, used.milli_cpu),
            ("memory", "Insufficient memory", self.core.memory, has.memory, used.memory),
            (
                "ephemeral-storage",
                "Insufficient ephemeral-storage",
                self.core.ephemeral_storage,
                has.ephemeral_storage,
                used.ephemeral_storage,
            ),
        ];
        let mut lacking: Vec<Lack> = core
            .into_iter()
            .filter_map(|(name, reason, wanted, has, used)| {
                Lack::find((name.into(), reason.into()), wanted, has, used)
            })
            .collect();
        for (name, wanted, reason) in &self.scalars {
            let has = node.allocatable_scalar(name).unwrap_or(0);
            let names = (name.clone().into(), reason.clone());
            lacking.extend(Lack::find(names, *wanted, has, node.requested_scalar(name)));
        }
        lacking
    }

    /// Whether nothing is lacking: what most calls find, without allocating.
    fn fits(&self, node: NodeRef<'_>) -> bool {
        self.has_core(&node.allocatable(), &node.requested()) && self.has_scalars(node)
    }

    fn has_core(&self, has: &Core, used: &Core) -> bool {
        // Not `&&`: that nodes fit is the rule, and jumps cost more than comparisons.
        enough(self.core.milli_cpu, has.milli_cpu, used.milli_cpu)
            & enough(self.core.memory, has.memory, used.memory)
            & enough(self.core.ephemeral_storage, has.ephemeral_storage, used.ephemeral_storage)
    }

    fn has_scalars(&self, node: NodeRef<'_>) -> bool {
        self.scalars.iter().all(|(name, wanted, _)| {
            enough(*wanted, node.allocatable_scalar(name).unwrap_or(0), node.requested_scalar(name))
        })
    }
}

fn enough(wanted: i64, has: i64, used: i64) -> bool {
    (wanted <= 0) | (wanted <= has.wrapping_sub(used))
}

/// A resource that a node has too little of.
struct Lack {
    name: Reason,
    reason: Reason,
    wanted: i64,
    has: i64,
    used: i64,
}

impl Lack {
    fn find(names: (Reason, Reason), wanted: i64, has: i64, used: i64) -> Option<Self> {
        let lacks = wanted > 0 && wanted > has.wrapping_sub(used);
        lacks.then_some(Self { name: names.0, reason: names.1, wanted, has, used })
    }

    fn remedy(&self, node: &str) -> Remedy {
        let short = self.wanted.saturating_sub(self.has.saturating_sub(self.used));
        let permille = i128::from(short) * 1000 / i128::from(self.has.max(1));
        let amount = if self.name.as_str() == "cpu" { format!("{short}m") } else { short.to_string() };
        Remedy {
            change: format!("free or add {amount} of {} on {node}", self.name),
            distance_permille: u64::try_from(permille).unwrap_or(u64::MAX),
        }
    }
}

impl PreFilter for NodeResourcesFit {
    type State = Wanted;

    fn pre_filter(&self, pod: &PodInfo, _nodes: Nodes<'_>) -> PreFiltered<Wanted> {
        PreFiltered::All(Wanted::new(pod.requests(), &self.ignored))
    }

    fn fits(&self, wanted: &Wanted, _pod: &PodInfo, node: NodeRef<'_>) -> bool {
        node.pod_count() < node.pod_limit() && wanted.fits(node)
    }

    fn filter(&self, wanted: &Wanted, pod: &PodInfo, node: NodeRef<'_>) -> Verdict {
        if self.fits(wanted, pod, node) {
            return Verdict::Fits;
        }
        let full = node.pod_count() + 1 > node.pod_limit();
        let lacking = wanted.lacking(node);
        // More than the node has at all: no pod that goes can help.
        let hopeless = lacking.iter().any(|lack| lack.wanted > lack.has);
        let full = full.then(|| Reason::from(TOO_MANY_PODS));
        match Reasons::collect(full.into_iter().chain(lacking.into_iter().map(|lack| lack.reason))) {
            None => Verdict::Fits,
            Some(reasons) if hopeless => Verdict::Never(reasons),
            Some(reasons) => Verdict::No(reasons),
        }
    }

    fn retain(&self, wanted: &Wanted, _pod: &PodInfo, nodes: Nodes<'_>, set: &mut NodeSet) {
        for block in nodes.blocks() {
            let (has, used) = (block.allocatable(), block.requested());
            let (limit, count) = (block.pod_limit(), block.pod_count());
            set.retain_in(&block, |at| count[at] < limit[at] && wanted.has_core(&has[at], &used[at]));
        }
        if !wanted.scalars.is_empty() {
            set.retain(|slot| nodes.at(slot).is_some_and(|node| wanted.has_scalars(node)));
        }
    }

    fn remedies(&self, wanted: &Wanted, _pod: &PodInfo, node: NodeRef<'_>) -> Vec<Remedy> {
        let mut remedies: Vec<Remedy> =
            wanted.lacking(node).iter().map(|lack| lack.remedy(node.name())).collect();
        if node.pod_count() + 1 > node.pod_limit() {
            remedies.push(Remedy {
                change: format!(
                    "remove a pod from {} or raise its limit of {}",
                    node.name(),
                    node.pod_limit()
                ),
                distance_permille: u64::try_from(1000 / node.pod_limit().max(1)).unwrap_or(1000),
            });
        }
        remedies
    }
}

impl PreScore for NodeResourcesFit {
    /// What the pod requests of each resource that counts.
    type State = Vec<i64>;

    fn pre_score(&self, pod: &PodInfo, _nodes: Nodes<'_>) -> Option<Vec<i64>> {
        Some(self.columns.iter().map(|(column, _)| column.request(pod.scoring_requests())).collect())
    }

    fn score_all(&self, requests: &Vec<i64>, pod: &PodInfo, nodes: Nodes<'_>, scores: &mut Vec<i64>) {
        let plain = match (self.columns.as_slice(), requests.as_slice()) {
            ([(Column::Cpu, 1), (Column::Memory, 1)], [cpu, memory]) => Some((*cpu, *memory)),
            _ => None,
        };
        match plain {
            Some(wanted) if self.strategy.prefer == Prefer::LeastAllocated => {
                strategy::least_allocated(wanted, nodes, scores);
            }
            _ => scores.extend(nodes.iter().map(|node| self.score(requests, pod, node))),
        }
    }

    fn score(&self, requests: &Vec<i64>, _pod: &PodInfo, node: NodeRef<'_>) -> i64 {
        let load = NodeLoad::new(node, false);
        let resources = self.columns.iter().zip(requests);
        self.strategy.prefer.score(
            resources.filter_map(|((column, weight), request)| {
                Some((load.allocation(column, *request)?, *weight))
            }),
        )
    }
}

const TOO_MANY_PODS: &str = "Too many pods";
