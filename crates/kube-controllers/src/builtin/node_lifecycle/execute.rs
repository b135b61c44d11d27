//! Doing what the monitor asks for. What fails is asked for again by a later look.

use super::plan::Act;
use super::sight::{NodeSight, Readiness};
use super::silence::note_silence;
use super::taints::{NOT_READY, UNREACHABLE, missing_labels, no_schedule, swapped};
use crate::runtime::Context;
use kube_core::condition::{self, FALSE};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{Node, Pod};
use kube_core::kinds::meta::v1::Time;
use kube_core::resource::{Resource, ResourceExt, Uid};
use kube_core::taint::Effect;
use kube_core::view::{self, PodView};
use kube_store::client::events::{EventTarget, EventType};
use kube_store::service::Subresource;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How an act went.
pub(super) enum Done {
    /// As it should, or it has become moot.
    Well,
    /// The node has to wait for its taint again.
    NotCleared(Arc<NodeSight>),
    /// Whether all pods of the node were told of.
    Told(Arc<str>, bool),
}

/// Does one act. Only a closed store is an error.
pub(super) async fn act(cx: &Context, act: &Act) -> Result<Done, ApiError> {
    let done = match act {
        Act::Register(node) => {
            tell_node(cx, &node.meta.name, &node.meta.uid, ("RegisteredNode", "Registered", "in"));
            Done::Well
        }
        Act::Remove(name, uid) => {
            tell_node(cx, name, uid, ("RemovingNode", "Removing", "from"));
            Done::Well
        }
        Act::Silence { node, was_ready } => match note(cx, node).await {
            Ok(true) if *was_ready => {
                let target = target_of(&node.meta.name, &node.meta.uid);
                let note = format!("Node {} status is now: NodeNotReady", node.meta.name);
                cx.event_about(&target, EventType::Normal, "NodeNotReady", &note);
                Done::Told(node.meta.name.clone(), excused(tell_pods(cx, node).await)?)
            }
            other => {
                excused(other.map(drop))?;
                Done::Well
            }
        },
        Act::Unready(node) => Done::Told(node.meta.name.clone(), excused(tell_pods(cx, node).await)?),
        Act::Clear(node, key) => {
            let other = if *key == NOT_READY { UNREACHABLE } else { NOT_READY };
            let cleared = excused(taint(cx, node, (&[*key], &[other])).await)?;
            if cleared { Done::Well } else { Done::NotCleared(node.clone()) }
        }
        Act::Restore(node) => {
            excused(taint(cx, node, (&[], &[NOT_READY, UNREACHABLE])).await)?;
            Done::Well
        }
    };
    Ok(done)
}

/// Whether it went well; a closed store comes through as the error it is.
fn excused(result: Result<(), ApiError>) -> Result<bool, ApiError> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.is_closed() => Err(error),
        Err(error) => {
            tracing::debug!(%error, "a node was not written");
            Ok(false)
        }
    }
}

/// The node as it is now, if it still is the one that was seen.
async fn live(cx: &Context, seen: &NodeSight) -> Result<Option<Node>, ApiError> {
    let live = cx.api::<Node>().find(&seen.meta.name).await?;
    Ok(live.filter(|live| live.uid() == seen.meta.uid))
}

/// Notes that the node is silent; false where it has changed since it was seen: then it is not.
async fn note(cx: &Context, seen: &NodeSight) -> Result<bool, ApiError> {
    let Some(live) = live(cx, seen).await? else { return Ok(false) };
    if live.resource_version() != Some(seen.version) {
        return Ok(false);
    }
    let (created, now) = (live.metadata.creation_timestamp.clone(), Time(cx.now()));
    cx.patch_status(&live, |status| _ = note_silence(status, created.as_ref(), &now)).await?;
    Ok(true)
}

async fn taint(cx: &Context, seen: &NodeSight, swap: (&[&str], &[&str])) -> Result<(), ApiError> {
    let Some(live) = live(cx, seen).await? else { return Ok(()) };
    // A node that has spoken up meanwhile is not cleared.
    let sight: NodeSight = view::of(&live).map_err(ApiError::internal)?;
    if !swap.0.is_empty() && sight.readiness() == Some(Readiness::Ready) {
        return Ok(());
    }
    write_taints(cx, &live, swap, Effect::NoExecute, &[]).await
}

async fn write_taints(
    cx: &Context,
    live: &Node,
    swap: (&[&str], &[&str]),
    effect: Effect,
    labels: &[(&'static str, String)],
) -> Result<(), ApiError> {
    let present = live.spec.as_ref().and_then(|spec| spec.taints.as_deref()).unwrap_or_default();
    let mut patch = Map::new();
    let mut meta = json!({ "resourceVersion": live.metadata.resource_version });
    if !labels.is_empty() {
        meta["labels"] = json!(labels.iter().cloned().collect::<BTreeMap<_, _>>());
    }
    match swapped(present, swap, effect, cx.now()) {
        Some(taints) => {
            let taints = if taints.is_empty() { Value::Null } else { json!(taints) };
            patch.insert("spec".to_owned(), json!({ "taints": taints }));
        }
        None if labels.is_empty() => return Ok(()),
        None => {}
    }
    patch.insert("metadata".to_owned(), meta);
    cx.patch_value(Node::kind_info(), &live.key(), Subresource::Main, patch.into()).await?;
    Ok(())
}

/// Gives a node the taints that its conditions ask for, and the older names of its labels.
pub(super) async fn describe(cx: &Context, seen: &NodeSight) -> Result<(), ApiError> {
    let (add, remove) = no_schedule(seen);
    if add.is_empty() && remove.is_empty() && missing_labels(&seen.meta.labels).is_empty() {
        return Ok(());
    }
    let Some(live) = live(cx, seen).await? else { return Ok(()) };
    let sight: NodeSight = view::of(&live).map_err(ApiError::internal)?;
    let (add, remove) = no_schedule(&sight);
    let labels = missing_labels(&sight.meta.labels);
    write_taints(cx, &live, (&add, &remove), Effect::NoSchedule, &labels).await
}

/// Says of the pods of a node that they are not ready.
///
/// Source: `k8s.io/kubernetes/pkg/controller/util/node` (`MarkPodsNotReady`).
async fn tell_pods(cx: &Context, node: &NodeSight) -> Result<(), ApiError> {
    for pod in cx.by_index::<PodView>(super::NODE, &node.meta.name) {
        if !pod.is_ready() {
            continue;
        }
        let live = cx.api::<Pod>().in_namespace(&pod.meta.namespace).find(&pod.meta.name).await?;
        let Some(live) = live.filter(|live| live.uid() == pod.meta.uid) else { continue };
        let now = Time(cx.now());
        cx.patch_status(&live, |status| {
            let conditions = status.conditions.get_or_insert_default();
            if let Some(mut ready) = condition::find(conditions, "Ready").cloned() {
                FALSE.clone_into(&mut ready.status);
                condition::set(conditions, ready, &now);
            }
        })
        .await?;
        cx.event(&live, EventType::Warning, "NodeNotReady", "Node is not ready");
    }
    Ok(())
}

fn target_of(name: &str, uid: &Uid) -> EventTarget {
    let kind = Node::kind_info();
    EventTarget {
        api_version: kind.api_version(),
        kind: kind.kind.clone().into_owned(),
        namespace: String::new(),
        name: name.to_owned(),
        uid: uid.clone(),
    }
}

/// Source: `RecordNodeEvent`.
fn tell_node(cx: &Context, name: &str, uid: &Uid, (reason, verb, preposition): (&str, &str, &str)) {
    let note = format!("Node {name} event: {verb} Node {name} {preposition} Controller");
    cx.event_about(&target_of(name, uid), EventType::Normal, reason, &note);
}
