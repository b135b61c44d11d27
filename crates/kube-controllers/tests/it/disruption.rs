//! Disruption budgets over a store.

use crate::world::{World, node_agent};
use jiff::SignedDuration;
use kube_controllers::builtin::{deployment, disruption, replica_set};
use kube_core::condition::{is_false, is_true};
use kube_core::kinds::apps::v1::Deployment;
use kube_core::kinds::core::v1::Pod;
use kube_core::kinds::policy::v1::PodDisruptionBudget;
use kube_store::service::{ObjectService, Patch};
use serde_json::{Value, json};

async fn until_allowed(world: &World, allowed: i32, reason: &str) {
    let what = format!("{allowed} may go: {reason}");
    world
        .until::<PodDisruptionBudget>(&what, |all| {
            let status = all.first().and_then(|budget| budget.status.as_ref());
            status.is_some_and(|status| {
                let reasons = status.conditions.iter().flatten().map(|condition| condition.reason.as_str());
                status.disruptions_allowed == Some(allowed) && reasons.eq([reason])
            })
        })
        .await;
}

fn template() -> Value {
    let container = json!({ "name": "main", "image": "ok" });
    json!({ "metadata": { "labels": { "app": "web" } }, "spec": { "containers": [container] } })
}

#[tokio::test]
async fn a_budget_follows_what_the_deployment_wants() {
    let world = World::with(vec![
        deployment::controller(),
        replica_set::controller(),
        disruption::controller(),
        node_agent(),
    ]);
    let selector = json!({ "matchLabels": { "app": "web" } });
    let budget = json!({ "maxUnavailable": "25%", "selector": selector });
    world.create::<PodDisruptionBudget>(json!({ "metadata": { "name": "web" }, "spec": budget })).await;
    until_allowed(&world, 0, "InsufficientPods").await;
    let spec = json!({ "replicas": 4, "selector": selector, "template": template() });
    world.create::<Deployment>(json!({ "metadata": { "name": "web" }, "spec": spec })).await;
    until_allowed(&world, 1, "SufficientPods").await;
    world.api::<Deployment>().scale("web", 8).await.expect("scaled");
    until_allowed(&world, 2, "SufficientPods").await;
}

#[tokio::test]
async fn pods_of_owners_that_cannot_be_scaled_are_not_given_away() {
    let world = World::with(vec![disruption::controller(), node_agent()]);
    let owner =
        json!({ "apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "j", "controller": true });
    let mut pod = template();
    pod["metadata"]["name"] = json!("p");
    pod["metadata"]["ownerReferences"] = json!([owner]);
    world.create::<Pod>(pod).await;
    let spec = json!({ "maxUnavailable": 1, "selector": {} });
    world.create::<PodDisruptionBudget>(json!({ "metadata": { "name": "all" }, "spec": spec })).await;
    until_allowed(&world, 0, "SyncFailed").await;
    let budget = world.list::<PodDisruptionBudget>().await.pop().expect("the budget");
    let message = budget.status.and_then(|status| status.conditions).expect("conditions")[0].message.clone();
    assert_eq!(message, "jobs.batch does not implement the scale subresource");
}

#[tokio::test]
async fn a_pod_that_was_not_disrupted_after_all_loses_the_mark() {
    let world = World::with(vec![disruption::stale::controller()]);
    let mut pod = template();
    for name in ["old", "new"] {
        pod["metadata"]["name"] = json!(name);
        world.create::<Pod>(pod.clone()).await;
        let age = SignedDuration::from_secs(if name == "old" { 121 } else { 60 });
        let since = (world.objects.env().wall() - age).to_string();
        let target = json!({ "type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI", "lastTransitionTime": since });
        let status = Patch::Merge(json!({ "status": { "phase": "Running", "conditions": [target] } }));
        world.api::<Pod>().patch_status(name, &status).await.expect("patched");
    }
    world
        .until::<Pod>("the old mark is off", |all| {
            let old = all.iter().find(|pod| pod.metadata.name.as_deref() == Some("old"));
            let status = old.and_then(|pod| pod.status.as_ref());
            status.is_some_and(|status| {
                is_false(status.conditions.as_deref().unwrap_or_default(), "DisruptionTarget")
            })
        })
        .await;
    let fresh =
        world.api::<Pod>().get("new").await.expect("there").status.and_then(|status| status.conditions);
    assert!(is_true(&fresh.expect("conditions"), "DisruptionTarget"));
}
