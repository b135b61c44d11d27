//! A StatefulSet, a DaemonSet and a Deployment on three nodes, one of which falls silent and comes back.

use super::{Failure, LIMIT, Place, delays, stop};
use crate::screen::Screen;
use kube_controllers::builtin::node_lifecycle::{self, Settings};
use kube_core::view::PodView;
use kube_node::SimFleet;
use kube_node::fleet::{Cables, Heartbeats};
use kube_plane::ControlPlane;
use kube_plane::plane::View;
use kube_store::objects::admission::DefaultTolerationSeconds;
use std::sync::Arc;
use std::time::Duration;

const MANIFEST: &str = include_str!("node_failure.yaml");

/// Returns the pod of the StatefulSet that its node took with it.
pub(super) async fn show(screen: &mut Screen, home: &Place) -> Result<String, Failure> {
    let cables = Cables::default();
    let plane = impatient(&cables, home).await?;
    plane.apply_yaml("node_failure.yaml", MANIFEST).await?;
    until(screen, &plane, "pods of queue, agent and web ready", 9, |view| ready(view, "", |_| true)).await?;
    screen.line("  queue-0, queue-1, queue-2 came one after the other, an agent on every node, web anywhere");

    let victim = find(plane.view(), "queue-1").ok_or("queue-1 is not there")?;
    let node = victim.node_name().cloned().ok_or("queue-1 has no node")?;
    cables.pull(&node);
    until(screen, &plane, "nodes that answer", 2, |view| {
        view.nodes().iter().filter(|n| n.is_ready()).count()
    })
    .await?;
    screen.line(format_args!("  {node} fell silent: it is tainted, and its pods count as not ready"));
    let evicted = |view: &View| find(view, "queue-1").is_some_and(|pod| pod.is_terminating());
    until(screen, &plane, "queue-1 evicted", 1, |view| usize::from(evicted(view))).await?;
    let elsewhere = |pod: &Arc<PodView>| pod.node_name() != Some(&node);
    until(screen, &plane, "web ready on the other nodes", 3, |view| ready(view, "web", elsewhere)).await?;
    screen.line("  web was replaced; queue-1 is terminating and not replaced: it may still run");

    cables.plug_in(&node);
    until(screen, &plane, "pods ready", 9, |view| ready(view, "", |_| true)).await?;
    let again = find(plane.view(), "queue-1").ok_or("queue-1 did not come back")?;
    screen.line(format_args!("  {node} is back, and so is queue-1, as another pod of the same name"));
    stop(plane).await?;
    if again.meta.uid == victim.meta.uid {
        return Err("queue-1 was not evicted".into());
    }
    Ok(victim.meta.name.to_string())
}

/// Nodes that beat five times a second, and a control plane that gives them up after one second without.
async fn impatient(cables: &Cables, home: &Place) -> Result<ControlPlane, Failure> {
    let millis = Duration::from_millis;
    let settings =
        Settings { period: millis(100), grace: millis(1000), interval: millis(100), ..Settings::default() };
    let mut controllers = kube_controllers::builtin();
    controllers.retain(|controller| controller.name() != "node-lifecycle-controller");
    controllers.push(node_lifecycle::with(settings));
    let beats = Heartbeats::Leases(millis(200));
    let nodes = SimFleet::new(3).behavior(delays()).zones(["a", "b", "c"]).heartbeats(beats).cables(cables);
    let patience = DefaultTolerationSeconds { not_ready: 1, unreachable: 1 };
    let builder = ControlPlane::builder().controllers(controllers).nodes(nodes);
    Ok(home.of(builder.admission(Arc::new(patience))).await?.start().await?)
}

/// Ready pods of an application that stay, as far as `counts` says.
fn ready(view: &View, app: &str, counts: impl Fn(&Arc<PodView>) -> bool) -> usize {
    let pods = view.pods().into_iter();
    pods.filter(|pod| {
        pod.meta.name.starts_with(app) && pod.is_ready() && !pod.is_terminating() && counts(pod)
    })
    .count()
}

fn find(view: &View, name: &str) -> Option<Arc<PodView>> {
    view.pod(&format!("default/{name}"))
}

async fn until(
    screen: &mut Screen,
    plane: &ControlPlane,
    what: &str,
    wanted: usize,
    count: impl Fn(&View) -> usize,
) -> Result<(), Failure> {
    plane
        .until(LIMIT, |view| {
            let now = count(view);
            screen.progress(what, now, wanted);
            now == wanted
        })
        .await?;
    Ok(())
}
