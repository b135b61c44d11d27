//! Changes to a running Deployment: scaling, rolling update, a lost pod, a cordoned node.

use super::{Failure, LIMIT, LowWater};
use crate::screen::Screen;
use kube_core::kinds::apps::v1::Deployment;
use kube_core::kinds::core::v1::{Node, Pod};
use kube_core::selector::Selector;
use kube_core::view::{NodeSpecView, PodView};
use kube_plane::ControlPlane;
use kube_plane::plane::View;
use kube_store::service::DeleteOptions;
use std::collections::BTreeMap;
use std::sync::Arc;

const NAME: &str = "my-application";
const KEY: &str = "default/my-application";
const NEW_IMAGE: &str = "patrickdappollonio/hello-docker:v2";

/// The Deployment's pods: the bare pod of the same label has no owner.
pub(super) fn owned(view: &View) -> Vec<Arc<PodView>> {
    let mut pods = view.pods();
    pods.retain(|pod| pod.meta.labels.get("app").is_some_and(|app| &**app == NAME));
    pods.retain(|pod| pod.meta.controller().is_some());
    pods
}

/// Waits until `wanted` replicas are ready and no other is left.
pub(super) async fn wait_ready(
    screen: &mut Screen,
    plane: &ControlPlane,
    wanted: usize,
) -> Result<(), Failure> {
    let before = owned(plane.view()).len();
    plane
        .until(LIMIT, |view| {
            let pods = owned(view);
            if before > wanted {
                screen.progress("pods of my-application gone", before - pods.len(), before - wanted);
            } else {
                let ready = pods.iter().filter(|pod| pod.is_ready()).count();
                screen.progress("deployment my-application ready", ready, wanted);
            }
            view.ready(KEY) == i32::try_from(wanted).unwrap_or(i32::MAX) && pods.len() == wanted
        })
        .await?;
    Ok(())
}

/// How the pods are spread over the nodes.
pub(super) fn spread(plane: &ControlPlane) -> String {
    let mut nodes: BTreeMap<String, usize> = BTreeMap::new();
    for pod in owned(plane.view()) {
        *nodes.entry(pod.node_name().map_or("<none>", |n| n).to_owned()).or_default() += 1;
    }
    let parts: Vec<String> = nodes.iter().map(|(node, pods)| format!("{node}: {pods}")).collect();
    format!("  spread over {}", parts.join(", "))
}

/// Everything in turn; returns the low-water mark of the rolling update.
pub(super) async fn all(screen: &mut Screen, plane: &ControlPlane) -> Result<usize, Failure> {
    let deployments = plane.api::<Deployment>().in_namespace("default");
    for replicas in [10, 2] {
        deployments.scale(NAME, replicas).await?;
        wait_ready(screen, plane, usize::try_from(replicas)?).await?;
        screen.line(format_args!("  scaled to {replicas}"));
    }
    let low_water = rolling_update(screen, plane).await?;
    lost_pod(screen, plane).await?;
    cordon(screen, plane).await?;
    Ok(low_water)
}

async fn rolling_update(screen: &mut Screen, plane: &ControlPlane) -> Result<usize, Failure> {
    let low_water = LowWater::of(plane.informers(), Selector::from_labels(&labels()));
    low_water.start();
    let deployments = plane.api::<Deployment>().in_namespace("default");
    deployments
        .edit(NAME, |deployment| {
            let pod = deployment.spec.as_mut().and_then(|spec| spec.template.spec.as_mut());
            if let Some(container) = pod.and_then(|pod| pod.containers.first_mut()) {
                container.image = Some(NEW_IMAGE.to_owned());
            }
        })
        .await?;
    let is_new = |pod: &PodView| pod.spec.containers.iter().all(|c| c.image.as_deref() == Some(NEW_IMAGE));
    plane
        .until(LIMIT, |view| {
            let new = owned(view).iter().filter(|pod| is_new(pod) && pod.is_ready()).count();
            screen.progress("updated pods ready", new, 2);
            view.rolled_out(KEY) && owned(view).iter().all(|pod| is_new(pod))
        })
        .await?;
    let fewest = low_water.fewest();
    screen.line(format_args!("  rolled out {NEW_IMAGE}; never fewer than {fewest} of 2 available"));
    Ok(fewest)
}

async fn lost_pod(screen: &mut Screen, plane: &ControlPlane) -> Result<(), Failure> {
    let victim = owned(plane.view()).first().cloned().ok_or("no pod to delete")?;
    let pods = plane.api::<Pod>().in_namespace("default");
    pods.delete(&victim.meta.name, &DeleteOptions::default()).await?;
    plane
        .until(LIMIT, |view| {
            let left = owned(view);
            left.iter().all(|pod| pod.meta.uid != victim.meta.uid)
                && left.iter().filter(|pod| pod.is_ready()).count() == 2
        })
        .await?;
    screen.line(format_args!("  {} was deleted, and replaced", victim.meta.name));
    Ok(())
}

async fn cordon(screen: &mut Screen, plane: &ControlPlane) -> Result<(), Failure> {
    let first = owned(plane.view()).first().cloned().ok_or("no pod on any node")?;
    let node = first.node_name().cloned().ok_or("the pod has no node")?;
    let nodes = plane.api::<Node>();
    nodes.edit(&node, |node| node.spec.get_or_insert_default().unschedulable = Some(true)).await?;
    let pods = plane.api::<Pod>().in_namespace("default");
    let there: Vec<_> =
        owned(plane.view()).into_iter().filter(|pod| pod.node_name() == Some(&node)).collect();
    for pod in &there {
        pods.delete(&pod.meta.name, &DeleteOptions::default()).await?;
    }
    plane
        .until(LIMIT, |view| {
            let left = owned(view);
            left.iter().all(|pod| pod.node_name().is_some_and(|n| *n != node))
                && left.iter().filter(|pod| pod.is_ready()).count() == 2
                && view.rolled_out(KEY)
        })
        .await?;
    screen.line(format_args!(
        "  {node} is cordoned; its pods ({}) were deleted and landed elsewhere",
        there.len()
    ));
    screen.line(spread(plane));
    nodes.edit(&node, |node| node.spec.get_or_insert_default().unschedulable = None).await?;
    // A controller takes the taint away a moment later. Until then the node takes no pod, and that is why.
    plane
        .until(LIMIT, |view| {
            let free = |spec: &NodeSpecView| !spec.unschedulable && spec.taints.is_empty();
            view.nodes().iter().any(|one| one.meta.name == node && free(&one.spec))
        })
        .await?;
    Ok(())
}

fn labels() -> BTreeMap<String, String> {
    BTreeMap::from([("app".to_owned(), NAME.to_owned())])
}
