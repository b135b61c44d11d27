//! How large a cluster one process holds: pods to Running on simulated nodes, and nodes that idle.

mod process;
mod progress;

use crate::screen::Screen;
use futures::future::{Either, select};
use kube_controllers::builtin;
use kube_core::error::ApiError;
use kube_core::kinds::apps::v1::Deployment;
use kube_node::SimFleet;
use kube_node::fleet::Heartbeats;
use kube_plane::ControlPlane;
use kube_sim::TestPlane;
use kube_store::rt;
use process::Process;
use progress::Progress;
use std::time::Duration;

/// Longest that a run may take.
const LIMIT: Duration = Duration::from_mins(15);

/// How often nodes that idle are looked at.
const BEAT: Duration = Duration::from_secs(10);

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: default }
spec:
  replicas: 0
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
      - { name: web, image: registry.example/web:1, resources: { requests: { cpu: 100m, memory: 128Mi } } }
";

/// Starts a whole control plane with `nodes` nodes, scales a Deployment from nothing to `pods`, waits until all are ready,
/// and shows what each stage took. Pods per second, from the first to the last.
///
/// # Errors
/// What the control plane answers; that it is not done within a quarter of an hour.
pub async fn pods(screen: &mut Screen, pods: usize, nodes: usize) -> Result<f64, ApiError> {
    let env = rt::env();
    let begin = env.now();
    let fleet = SimFleet::new(nodes).heartbeats(Heartbeats::Virtual(BEAT));
    let plane = ControlPlane::builder().controllers(builtin()).nodes(fleet).start().await?;
    plane.apply_yaml("scale", DEPLOYMENT).await.map_err(ApiError::internal)?;
    let registered = plane.until(LIMIT, |view| {
        view.nodes().len() == nodes
            && view.deployment("default/web").is_some_and(|deployment| deployment.status.is_some())
    });
    registered.await.map_err(ApiError::internal)?;
    let took = env.now() - begin;
    screen.line(format_args!("{:<10}{nodes:>9} nodes in {took:>8.1?}    {}", "register", Process::now()));

    let (progress, done) = Progress::begin(plane.informers(), pods);
    let wanted = i32::try_from(pods).map_err(ApiError::internal)?;
    plane.api::<Deployment>().in_namespace("default").scale("web", wanted).await?;
    if let Either::Right(_) = select(done, env.sleep(LIMIT)).await {
        return Err(ApiError::internal(format!("not done within {LIMIT:?}: {progress:?}")));
    }
    for stage in progress.stages() {
        screen.line(stage);
    }
    screen.line(format_args!("{:<10}{:>50}", "process", Process::now()));
    let rate = progress.rate();
    screen.line(format_args!("{rate:.0} pods/s from the Deployment to Running"));
    plane.shutdown().await.map_err(|stopped| ApiError::internal(format!("{stopped:?}")))?;
    Ok(rate)
}

/// Lets a whole control plane with `nodes` nodes, whose leases are virtual, idle for `hour` of virtual time. Real time
/// that took.
///
/// # Panics
/// When the plane does not start; outside a tokio runtime, whose clock takes the time.
pub fn idle(screen: &mut Screen, nodes: usize, hour: Duration) -> Duration {
    let clock = rt::env();
    let begin = clock.now();
    let fleet = SimFleet::new(nodes).heartbeats(Heartbeats::Virtual(BEAT));
    let mut plane = TestPlane::with(|plane| plane.controllers(builtin()).nodes(fleet));
    plane.settle();
    let settled = clock.now();
    screen.line(format_args!(
        "{:<10}{nodes:>9} nodes in {:>8.1?}    {}",
        "register",
        settled - begin,
        Process::now()
    ));
    plane.advance(hour);
    let took = clock.now() - settled;
    screen.line(format_args!("{:<10}{hour:>9?} virtual in {took:>8.1?}    {}", "idle", Process::now()));
    took
}
