//! The quickstart: a control plane of 3 simulated nodes, and what one can watch on it.

mod changes;
mod files;
mod low_water;
mod names;
mod node_failure;
mod pending;
mod place;

pub use low_water::LowWater;
pub use place::Place;

use crate::screen::Screen;
use crate::tables;
use files::read_files;
use kube_controllers::builtin::controlled_by_kubernetes;
use kube_core::resource::ResourceExt;
use kube_node::SimFleet;
use kube_node::behavior::Delays;
use kube_plane::ControlPlane;
use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What can go wrong in an example.
pub type Failure = Box<dyn Error + Send + Sync>;

/// How long a step may take that comes to its end by itself, on a machine that is busy with other things.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// How long somebody waits for pods of whom it is not known that they can run.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the journey found, for a test to check.
#[derive(Clone, Debug)]
pub struct Journey {
    /// Kinds that were stored although nothing acts on them yet.
    pub without_controller: BTreeSet<String>,
    /// Fewest available pods during the rolling update.
    pub low_water: usize,
    /// Why the pod that cannot fit is pending.
    pub why: String,
    /// Target of the external name.
    pub cname: String,
    /// The pod of a StatefulSet that a silent node took with it, and that came back with the node.
    pub evicted: String,
}

/// A control plane with three nodes whose pods take a moment to start, to become ready, and to stop.
///
/// # Errors
/// The plane does not start.
pub async fn three_nodes(home: &Place) -> Result<ControlPlane, Failure> {
    let nodes = SimFleet::new(3).cpu("4").memory("16Gi").zones(["a", "b", "c"]).behavior(delays());
    let plane = ControlPlane::builder().controllers(kube_controllers::builtin()).nodes(nodes);
    Ok(home.of(plane).await?.start().await?)
}

/// Pods take a moment to start, to become ready, and to stop.
fn delays() -> Delays {
    let millis = |low, high| Duration::from_millis(low)..=Duration::from_millis(high);
    Delays { start: millis(40, 160), ready: millis(20, 80), stop: millis(20, 80) }
}

/// The whole journey over the manifests in `folder`; the picture of the owners goes to `picture`.
///
/// # Errors
/// A step that does not come to its end, or a file that cannot be read or written.
pub async fn journey(
    screen: &mut Screen,
    home: &Place,
    folder: &Path,
    picture: &Path,
) -> Result<Journey, Failure> {
    screen.headline("a control plane with 3 nodes, and the manifests");
    let plane = three_nodes(home).await?;
    let mut kinds = Vec::new();
    for (name, text) in read_files(folder)? {
        let objects = plane.apply_yaml(&name, &text).await?;
        screen.line(format_args!("  {name}: {} stored", objects.len()));
        kinds.extend(objects.into_iter().map(|object| object.kind));
    }
    plane
        .until(LIMIT, |view| {
            let running = usize::from(view.pod("default/my-application").is_some_and(|pod| pod.is_ready()));
            screen.progress("pod my-application", running, 1);
            running == 1
        })
        .await?;
    let node = plane.view().pod("default/my-application").and_then(|pod| pod.node_name().cloned());
    screen.line(format_args!("  pod my-application runs on {}", node.as_deref().unwrap_or("no node")));
    changes::wait_ready(screen, &plane, 3).await?;
    screen.line("  deployment my-application runs its 3 replicas");
    screen.line(changes::spread(&plane));
    let handled = plane.controlled_kinds();
    let without_controller: BTreeSet<String> = kinds
        .iter()
        .filter(|kind| controlled_by_kubernetes(kind) && !handled.contains(&kind.group_resource()))
        .map(|kind| kind.kind.to_string())
        .collect();
    let listed = without_controller.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    screen.line(format_args!("  stored, but nothing acts on them yet:\n    {listed}"));

    screen.headline("services by name and by address");
    let cname = names::resolve(screen, &plane).await?;

    screen.headline("scaling, a rolling update, a lost pod, a cordoned node");
    let low_water = changes::all(screen, &plane).await?;

    screen.headline("a pod that cannot fit");
    let why = pending::too_big(screen, &plane).await?;

    screen.headline("a StatefulSet, a DaemonSet, and a node that falls silent");
    let evicted = node_failure::show(screen, home).await?;

    screen.headline("what is there now");
    show_everything(screen, &plane).await?;
    if let Some(folder) = picture.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(picture, plane.owners().await?.to_dot())?;
    screen.line(format_args!("\nwho owns whom: {} (Graphviz)", picture.display()));
    stop(plane).await?;
    Ok(Journey { without_controller, low_water, why, cname, evicted })
}

/// Kinds whose objects become pods.
const WORKLOADS: [&str; 7] =
    ["DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "ReplicationController", "StatefulSet"];

/// Runs the manifests in `files` on three nodes until their pods have settled.
///
/// # Errors
/// A file that cannot be read, or a document that is refused: then nothing of any file is stored.
pub async fn own_manifests(screen: &mut Screen, home: &Place, files: &[PathBuf]) -> Result<(), Failure> {
    let plane = three_nodes(home).await?;
    let mut streams = Vec::new();
    for file in files {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
        streams.push((name, text));
    }
    let streams: Vec<(&str, &str)> = streams.iter().map(|(name, text)| (&**name, &**text)).collect();
    let objects = plane.apply_files(&streams).await?;
    for object in &objects {
        screen.line(format_args!("{} {} stored", object.kind.kind, object.key));
    }
    if objects.iter().any(|object| WORKLOADS.contains(&&*object.kind.kind)) {
        wait_for_pods(screen, &plane).await;
    }
    screen.line("");
    show_everything(screen, &plane).await?;
    for pod in plane.view().pods() {
        let key = pod.meta.key().to_string();
        if let Some(why) = plane.why_pending(&key).filter(|_| pod.node_name().is_none()) {
            screen.line(format_args!("\n{key} is pending: {why}"));
        }
    }
    stop(plane).await
}

/// Waits until all pods are ready or have ended. Those that cannot run stay as they are: the tables tell them.
async fn wait_for_pods(screen: &mut Screen, plane: &ControlPlane) {
    let settled = plane.until(PATIENCE, |view| {
        let pods = view.pods();
        let ready = pods.iter().filter(|pod| pod.is_ready() || pod.is_terminal()).count();
        screen.progress("pods ready", ready, pods.len());
        let rolled_out = view.deployments().iter().all(|d| view.rolled_out(&d.key().to_string()));
        !pods.is_empty() && ready == pods.len() && rolled_out
    });
    let _in_time = settled.await;
}

async fn show_everything(screen: &mut Screen, plane: &ControlPlane) -> Result<(), Failure> {
    screen.line(tables::pods(plane));
    screen.line(format_args!("\n{}", tables::deployments(plane).await?));
    screen.line(format_args!("\n{}", tables::services(plane).await?));
    Ok(())
}

async fn stop(plane: ControlPlane) -> Result<(), Failure> {
    plane.shutdown().await.map_err(|stopped| {
        let causes: Vec<String> = stopped.iter().map(|s| format!("{}: {}", s.component, s.cause)).collect();
        causes.join("; ").into()
    })
}
