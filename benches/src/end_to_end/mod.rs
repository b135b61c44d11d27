//! A Deployment from nothing to every replica running and behind its Service, on simulated nodes.

pub mod baseline;
mod manifests;
mod progress;
mod report;

pub use report::{Report, Stage};

use futures::future::{Either, select};
use kube_controllers::builtin;
use kube_core::error::ApiError;
use kube_core::kinds::apps::v1::Deployment;
use kube_node::SimFleet;
use kube_plane::ControlPlaneBuilder;
use progress::Progress;
use std::time::Duration;

/// Starts a control plane with every controller, `nodes` nodes whose pods start at once, and a Deployment of no
/// replicas with its Service; then scales it to `replicas` and waits until each is ready in an `EndpointSlice`.
///
/// # Errors
/// What the control plane answers; that it is not done within `limit`.
pub async fn ours(
    builder: ControlPlaneBuilder,
    nodes: usize,
    replicas: usize,
    limit: Duration,
) -> Result<Report, ApiError> {
    let plane = builder.controllers(builtin()).nodes(SimFleet::new(nodes)).start().await?;
    plane.apply_yaml("end-to-end", manifests::DEPLOYMENT_AND_SERVICE).await.map_err(ApiError::internal)?;
    let settled = plane.until(limit, |view| {
        // The node lifecycle takes the taints of a new node away once it has seen that the node is ready.
        view.nodes().iter().filter(|node| node.is_ready() && node.spec.taints.is_empty()).count() == nodes
            && view.deployment("default/web").is_some_and(|deployment| deployment.status.is_some())
    });
    settled.await.map_err(ApiError::internal)?;

    let env = plane.env().clone();
    let (progress, done) = Progress::begin(plane.informers(), replicas);
    let wanted = i32::try_from(replicas).map_err(ApiError::internal)?;
    plane.api::<Deployment>().in_namespace("default").scale("web", wanted).await?;
    let report = match select(done, env.sleep(limit)).await {
        Either::Left(_) => Ok(progress.report()),
        Either::Right(_) => Err(ApiError::internal(format!("not done within {limit:?}: {progress:?}"))),
    };
    let stopped = plane.shutdown().await;
    let report = report?;
    stopped.map_err(|stopped| ApiError::internal(format!("{stopped:?}")))?;
    Ok(report)
}
