//! `ImageLocality`: nodes that have the images already.
//!
//! Source: `pkg/scheduler/framework/plugins/imagelocality`.

#[cfg(test)]
mod tests;

use crate::framework::{MAX_NODE_SCORE, NodeRef, Nodes, Plugin, PodInfo, Points, PreScore, Reads};
use std::sync::Arc;

/// Prefers nodes by the size of the pod's images that they hold, less for images that few nodes have.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImageLocality;

impl Plugin for ImageLocality {
    fn name(&self) -> &'static str {
        "ImageLocality"
    }

    fn reads(&self) -> Reads {
        Reads::NODE_IMAGES
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.pre_score(self);
    }
}

impl PreScore for ImageLocality {
    /// What the images on each node count for, by its place; nodes behind the end have none.
    type State = Vec<i64>;

    fn pre_score(&self, pod: &PodInfo, nodes: Nodes<'_>) -> Option<Vec<i64>> {
        let mut sums = Vec::new();
        for name in pod.images() {
            let on = nodes.image(name);
            let count = on.len();
            for (slot, size) in on {
                if sums.len() <= slot.index() {
                    sums.resize(slot.index() + 1, 0);
                }
                sums[slot.index()] += spread(size, count, nodes.cluster_size());
            }
        }
        Some(sums)
    }

    fn score(&self, sums: &Vec<i64>, pod: &PodInfo, node: NodeRef<'_>) -> i64 {
        scaled(sums.get(node.slot().index()).copied().unwrap_or(0), pod.container_count())
    }

    fn score_all(&self, sums: &Vec<i64>, pod: &PodInfo, nodes: Nodes<'_>, scores: &mut Vec<i64>) {
        let containers = pod.container_count();
        scores.extend(nodes.slots().map(|slot| match sums.get(slot.index()) {
            Some(sum) => scaled(*sum, containers),
            None => 0,
        }));
    }
}

/// The size, scaled down to the part of nodes that have the image, so that pods do not crowd on one node.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "as Kubernetes computes it")]
fn spread(size_bytes: i64, nodes: usize, cluster_size: usize) -> i64 {
    let part = nodes as f64 / cluster_size as f64;
    (size_bytes as f64 * part) as i64
}

fn scaled(sum: i64, containers: usize) -> i64 {
    let most = MAX_PER_CONTAINER.saturating_mul(i64::try_from(containers).unwrap_or(i64::MAX));
    if most <= LEAST {
        return 0;
    }
    MAX_NODE_SCORE * (sum.min(most).max(LEAST) - LEAST) / (most - LEAST)
}

/// Bytes below which images do not count.
const LEAST: i64 = 23 * 1024 * 1024;
/// Bytes per container above which images do not count more.
const MAX_PER_CONTAINER: i64 = 1000 * 1024 * 1024;
