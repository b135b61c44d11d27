//! Rolling updates of real HTTP servers under load, with and without waiting for those who use them.
//!
//! Ten pods behind a Service are servers on this machine; clients pick one for each request through the plane's resolver.
//! A Deployment replaces every pod while they ask. Pods that wait until nobody uses them lose nothing; pods that end when
//! they are told to lose what they were serving, and what was sent to them before everybody knew.

mod clients;
mod servers;

use crate::screen::Screen;
use clients::{Count, Load};
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::kinds::apps::v1::Deployment;
use kube_node::SimFleet;
use kube_plane::ControlPlane;
use kube_plane::drain::Drains;
use servers::{Network, Servers};
use std::error::Error;
use std::time::Duration;

const WEB: &str = "
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 10
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: server, image: example.org/web:1, ports: [{containerPort: 8080}]}]
";

/// As the Deployment has it.
const REPLICAS: usize = 10;

/// How much is asked, and how often every pod is replaced.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Clients that ask one request after the other.
    pub clients: usize,
    /// Rolling updates.
    pub updates: u32,
}

/// What became of the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// How many were sent.
    pub sent: usize,
    /// How many were not answered.
    pub failed: usize,
    /// Per second.
    pub rate: usize,
    /// Pods that were replaced.
    pub replaced: usize,
}

/// Runs both, and shows what became of the requests.
///
/// # Errors
/// What the control plane answers; that requests failed although pods waited, or that none failed although they did not.
pub async fn run(env: &Env, plan: Plan, screen: &mut Screen) -> Result<[Report; 2], Box<dyn Error>> {
    let mut reports = Vec::new();
    for drains in [true, false] {
        let report = roll(env, plan, drains).await?;
        let Report { sent, failed, rate, replaced } = report;
        let how = if drains { "pods wait for those who use them" } else { "pods end when they are told to" };
        screen.line(format_args!(
            "{how}: {replaced} pods replaced, {sent} requests, {rate} per second, {failed} failed"
        ));
        reports.push(report);
    }
    match reports.as_slice() {
        [Report { failed: 1.., .. }, _] => Err("requests failed although pods waited".into()),
        [_, Report { failed: 0, .. }] => {
            Err("nothing failed although no pod waited: the load sees nothing".into())
        }
        [with, without] => Ok([*with, *without]),
        _ => Err("two runs were made".into()),
    }
}

/// One plane, its pods replaced as often as planned.
async fn roll(env: &Env, plan: Plan, drains: bool) -> Result<Report, Box<dyn Error>> {
    let network = Network::default();
    let drains = drains.then(Drains::default);
    let fleet = SimFleet::new(4).behavior(Servers::new(&network, env, drains.clone()));
    let builder = ControlPlane::builder().env(env.clone()).controllers(kube_controllers::builtin());
    let plane = builder.nodes(fleet).start().await?;
    if let Some(drains) = &drains {
        drains.watch(plane.resolver());
    }
    plane.apply_yaml("web.yaml", WEB).await?;
    let resolver = plane.resolver().clone();
    while resolver.service("web").map_or(0, |web| web.endpoints().len()) < REPLICAS {
        env.sleep(Duration::from_millis(5)).await;
    }
    let load = Load::start(env, &resolver, &network, plan.clients);
    env.sleep(Duration::from_millis(300)).await;
    for release in 2..2 + plan.updates {
        update(&plane, &network, release).await?;
    }
    env.sleep(Duration::from_millis(300)).await;
    let Count { sent, failed, took } = load.stop().await;
    plane.shutdown().await.map_err(|stopped| format!("{stopped:?}"))?;
    let rate = usize::try_from(u128::from(u64::try_from(sent)?) * 1_000 / took.as_millis().max(1))?;
    Ok(Report { sent, failed, rate, replaced: network.ended() })
}

/// Releases another version, and waits until nothing is left of the one before.
async fn update(plane: &ControlPlane, network: &Network, release: u32) -> Result<(), Box<dyn Error>> {
    let change = |web: &mut Deployment| {
        let template = web.spec.as_mut().and_then(|spec| spec.template.spec.as_mut());
        for container in template.into_iter().flat_map(|pod| &mut pod.containers) {
            container.image = Some(format!("example.org/web:{release}"));
        }
    };
    let before = network.ended();
    plane.api::<Deployment>().in_namespace("default").edit("web", change).await?;
    let done = plane.until(Duration::from_mins(1), |view| {
        network.ended() >= before + REPLICAS
            && view.rolled_out("default/web")
            && view.pods().len() == REPLICAS
    });
    done.await.map_err(ApiError::internal)?;
    Ok(())
}
