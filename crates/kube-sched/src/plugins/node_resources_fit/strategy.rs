//! How free or full a node should be: the scoring strategies.
//!
//! Source: `least_allocated.go`, `most_allocated.go`, `requested_to_capacity_ratio.go` of `noderesources`.

use crate::framework::{MAX_NODE_SCORE, Nodes, percent};
use crate::plugins::ResourceSpec;
use crate::plugins::resource_allocation::{Allocation, cpu_and_memory};

/// What a node's score is made from: `scoringStrategy` of `NodeResourcesFitArgs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoringStrategy {
    /// The resources that count.
    pub resources: Vec<ResourceSpec>,
    /// Which nodes are better.
    pub prefer: Prefer,
}

/// Which nodes are better.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Prefer {
    /// Those with most left: `LeastAllocated`.
    LeastAllocated,
    /// Those with least left: `MostAllocated`.
    MostAllocated,
    /// By a function of utilization: `RequestedToCapacityRatio`.
    RequestedToCapacityRatio(Shape),
}

impl Default for ScoringStrategy {
    fn default() -> Self {
        Self { resources: cpu_and_memory(), prefer: Prefer::LeastAllocated }
    }
}

/// A function of utilization (percent) that is linear between its points, and flat before the first and after the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Utilization in percent, and the score from 0 to 100.
    points: Vec<(i64, i64)>,
}

impl Shape {
    /// A shape of points (utilization in percent, score from 0 to 10), sorted by utilization.
    pub fn new(points: impl IntoIterator<Item = (i64, i64)>) -> Self {
        let scale = MAX_NODE_SCORE / MAX_SHAPE_SCORE;
        Self { points: points.into_iter().map(|(utilization, score)| (utilization, score * scale)).collect() }
    }

    fn at(&self, utilization: i64) -> i64 {
        let mut before: Option<(i64, i64)> = None;
        for &(u, s) in &self.points {
            if utilization <= u {
                return before.map_or(s, |(u0, s0)| s0 + (s - s0) * (utilization - u0) / (u - u0));
            }
            before = Some((u, s));
        }
        before.map_or(0, |(_, score)| score)
    }
}

impl Prefer {
    /// The score of a node from its resources and their weights.
    pub(super) fn score(&self, allocations: impl Iterator<Item = (Allocation, i64)>) -> i64 {
        let (mut sum, mut weights) = (0, 0);
        for (allocation, weight) in allocations {
            let score = self.score_one(allocation);
            if score == 0 && matches!(self, Self::RequestedToCapacityRatio(_)) {
                continue;
            }
            sum += score * weight;
            weights += weight;
        }
        match (weights, self) {
            (0, _) => 0,
            (_, Self::RequestedToCapacityRatio(_)) => rounded(sum, weights),
            _ => sum / weights,
        }
    }

    fn score_one(&self, Allocation { with_pod: requested, allocatable, .. }: Allocation) -> i64 {
        match self {
            Self::LeastAllocated if requested > allocatable => 0,
            Self::LeastAllocated => (allocatable - requested).wrapping_mul(MAX_NODE_SCORE) / allocatable,
            Self::MostAllocated => requested.min(allocatable).wrapping_mul(MAX_NODE_SCORE) / allocatable,
            Self::RequestedToCapacityRatio(shape) if requested > allocatable => shape.at(FULL),
            Self::RequestedToCapacityRatio(shape) => shape.at(requested.wrapping_mul(FULL) / allocatable),
        }
    }
}

/// What [`Prefer::score`] gives for `LeastAllocated` of cpu and memory alike, of all nodes in one go.
pub(super) fn least_allocated((cpu, memory): (i64, i64), nodes: Nodes<'_>, scores: &mut Vec<i64>) {
    nodes.sweep(|block, at| {
        let (has, used) = (&block.allocatable()[at], &block.non_zero_requested()[at]);
        let cpu = left_percent(has.milli_cpu, used.milli_cpu.wrapping_add(cpu));
        let memory = left_percent(has.memory, used.memory.wrapping_add(memory));
        scores.push(match (has.milli_cpu, has.memory) {
            (0, 0) => 0,
            (0, _) => memory,
            (_, 0) => cpu,
            _ => i64::midpoint(cpu, memory),
        });
    });
}

/// How much of `has` is left, in percent; 0 where more is used.
fn left_percent(has: i64, used: i64) -> i64 {
    if used > has || has == 0 { 0 } else { percent(has.wrapping_sub(used), has) }
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "as Kubernetes computes it")]
fn rounded(sum: i64, weights: i64) -> i64 {
    (sum as f64 / weights as f64).round() as i64
}

const MAX_SHAPE_SCORE: i64 = 10;
/// Utilization in percent of a node without anything left.
const FULL: i64 = 100;
