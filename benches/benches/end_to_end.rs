//! Scales a Deployment from 0 to 5,000 pods on 500 simulated nodes, and to 3,000 on 1,000, and prints the seconds per
//! stage.
//!
//! A plain program: one run takes seconds, so that it is run once per size and not sampled. The baseline runs at sizes
//! at which it ends.

use kube_benches::end_to_end::baseline::polling;
use kube_benches::end_to_end::{Report, ours};
use kube_benches::process;
use kube_core::error::ApiError;
use kube_plane::ControlPlane;
use kube_store::rt;
use kube_store::storage::MemoryStorage;
use std::sync::Arc;
use std::time::Duration;

/// Pods that each node gets.
const PODS_PER_NODE: usize = 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    process::print_row(13, &["pods", "nodes", "who", "create", "schedule", "run", "slices", "total s"]);
    for pods in [200, 400, 800] {
        let nodes = pods / PODS_PER_NODE;
        let ours = runtime.block_on(run_ours(pods, nodes))?;
        print((pods, nodes), "ours", &ours);
        let baseline = runtime.block_on(run_baseline(pods, nodes))?;
        print((pods, nodes), "baseline", &baseline);
    }
    for pods in [1_250, 2_500, 5_000] {
        let nodes = pods / PODS_PER_NODE;
        print((pods, nodes), "ours", &runtime.block_on(run_ours(pods, nodes))?);
    }
    // The size at which Kubernetes was measured.
    let (pods, nodes) = (3_000, 1_000);
    print((pods, nodes), "ours", &runtime.block_on(run_ours(pods, nodes))?);
    Ok(())
}

async fn run_ours(pods: usize, nodes: usize) -> Result<Report, ApiError> {
    ours(ControlPlane::builder(), nodes, pods, Duration::from_mins(5)).await
}

async fn run_baseline(pods: usize, nodes: usize) -> Result<Report, ApiError> {
    polling(Arc::new(MemoryStorage::new()), rt::env(), nodes, pods).await
}

/// One line: when the first and the last pod passed each stage.
fn print((pods, nodes): (usize, usize), who: &str, report: &Report) {
    let span = |stage: &kube_benches::end_to_end::Stage| {
        format!("{:.2}-{:.2}", stage.first.as_secs_f64(), stage.last.as_secs_f64())
    };
    let mut row = vec![pods.to_string(), nodes.to_string(), who.to_owned()];
    row.extend(report.stages.iter().map(span));
    row.push(format!("{:.2}", report.total().as_secs_f64()));
    process::print_row(13, &row);
}
