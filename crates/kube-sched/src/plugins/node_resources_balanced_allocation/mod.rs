//! `NodeResourcesBalancedAllocation`: nodes whose resources are used up evenly.
//!
//! Source: `pkg/scheduler/framework/plugins/noderesources` (`balanced_allocation.go`), v1.36: the balance with the pod
//! is compared to that without it.

#[cfg(test)]
mod tests;

use super::ResourceSpec;
use super::resource_allocation::{Allocation, Column, NodeLoad, cpu_and_memory};
use crate::framework::{MAX_NODE_SCORE, NodeRef, Nodes, Plugin, PodInfo, Points, PreScore, Reads};
use std::sync::Arc;

/// Prefers nodes that the pod makes more balanced, or less unbalanced.
#[derive(Clone, Debug)]
pub struct NodeResourcesBalancedAllocation {
    columns: Vec<Column>,
}

impl NodeResourcesBalancedAllocation {
    /// Balancing these resources. Weights do not count.
    pub fn new(resources: &[ResourceSpec]) -> Self {
        Self { columns: resources.iter().map(|resource| Column::of(&resource.name)).collect() }
    }
}

impl Default for NodeResourcesBalancedAllocation {
    fn default() -> Self {
        Self::new(&cpu_and_memory())
    }
}

impl Plugin for NodeResourcesBalancedAllocation {
    fn name(&self) -> &'static str {
        "NodeResourcesBalancedAllocation"
    }

    fn reads(&self) -> Reads {
        Reads::NODE_ALLOCATABLE | Reads::NODE_REQUESTED
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.pre_score(self);
    }
}

impl PreScore for NodeResourcesBalancedAllocation {
    /// What the pod requests of each resource.
    type State = Vec<i64>;

    fn pre_score(&self, pod: &PodInfo, _nodes: Nodes<'_>) -> Option<Vec<i64>> {
        let requests: Vec<i64> = self.columns.iter().map(|column| column.request(pod.requests())).collect();
        // A pod that requests nothing unbalances nothing.
        requests.iter().any(|request| *request != 0).then_some(requests)
    }

    fn score_all(&self, requests: &Vec<i64>, pod: &PodInfo, nodes: Nodes<'_>, scores: &mut Vec<i64>) {
        let ([Column::Cpu, Column::Memory], [cpu, memory]) = (self.columns.as_slice(), requests.as_slice())
        else {
            scores.extend(nodes.iter().map(|node| self.score(requests, pod, node)));
            return;
        };
        nodes.sweep(|block, at| {
            let (has, used) = (&block.allocatable()[at], &block.requested()[at]);
            if has.milli_cpu == 0 || has.memory == 0 {
                // One resource or none is in balance, with the pod and without.
                scores.push(compared(MAX_NODE_SCORE, MAX_NODE_SCORE));
                return;
            }
            let with = uneven(
                part(used.milli_cpu.wrapping_add(*cpu), has.milli_cpu),
                part(used.memory.wrapping_add(*memory), has.memory),
            );
            let without = uneven(part(used.milli_cpu, has.milli_cpu), part(used.memory, has.memory));
            scores.push(compared(even(with), even(without)));
        });
    }

    fn score(&self, requests: &Vec<i64>, _pod: &PodInfo, node: NodeRef<'_>) -> i64 {
        let load = NodeLoad::new(node, true);
        let resources = || self.columns.iter().zip(requests);
        let allocations = || resources().filter_map(|(column, request)| load.allocation(column, *request));
        let with = balance(allocations().map(|a| fraction(a.with_pod, a)));
        let without = balance(allocations().map(|a| fraction(a.before, a)));
        compared(with, without)
    }
}

/// The score of a node whose balance is so much with the pod and without.
fn compared(with: i64, without: i64) -> i64 {
    let half = MAX_NODE_SCORE / 2;
    half + (half + with - without) / 2
}

#[expect(clippy::cast_precision_loss, reason = "as Kubernetes computes it")]
fn part(requested: i64, allocatable: i64) -> f64 {
    let fraction = requested as f64 / allocatable as f64;
    if fraction > 1.0 { 1.0 } else { fraction }
}

fn fraction(requested: i64, allocation: Allocation) -> f64 {
    part(requested, allocation.allocatable)
}

/// The standard deviation of two numbers.
fn uneven(first: f64, second: f64) -> f64 {
    ((first - second) / 2.0).abs()
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "as Kubernetes computes it")]
fn even(deviation: f64) -> i64 {
    ((1.0 - deviation) * MAX_NODE_SCORE as f64) as i64
}

/// 100 less the standard deviation of the fractions in percent.
#[expect(clippy::cast_precision_loss, reason = "as Kubernetes computes it")]
fn balance(fractions: impl Iterator<Item = f64> + Clone) -> i64 {
    let (mut count, mut total) = (0_usize, 0.0);
    for fraction in fractions.clone() {
        count += 1;
        total += fraction;
    }
    let deviation = match count {
        0 | 1 => 0.0,
        2 => {
            let mut pair = fractions;
            let (first, second) = (pair.next().unwrap_or(0.0), pair.next().unwrap_or(0.0));
            uneven(first, second)
        }
        _ => {
            let mean = total / count as f64;
            // Not `sum()`: the order of additions is part of the result.
            let squares = fractions.fold(0.0, |sum, f| sum + (f - mean) * (f - mean));
            (squares / count as f64).sqrt()
        }
    };
    even(deviation)
}
