//! Deployments, ReplicaSets and pods together, over a store.

use crate::world::{World, node_agent};
use kube_controllers::builtin::deployment::{revision::REVISION, template::POD_TEMPLATE_HASH};
use kube_controllers::builtin::{deployment, replica_set};
use kube_core::kinds::apps::v1::{Deployment, ReplicaSet};
use kube_core::kinds::core::v1::{Event, Namespace, Pod};
use kube_core::resource::ResourceExt;
use kube_store::api::Api;
use kube_store::service::{DeleteOptions, Patch};
use serde_json::{Value, from_value, json};
use std::sync::Arc;
use std::sync::Mutex;

fn world() -> World {
    World::with(vec![deployment::controller(), replica_set::controller(), node_agent()])
}

pub(crate) fn web(replicas: i32, strategy: &Value) -> Value {
    json!({
        "metadata": { "name": "web" },
        "spec": {
            "replicas": replicas,
            "strategy": strategy,
            "progressDeadlineSeconds": 600,
            "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "web", "image": "web:1" }] },
            },
        },
    })
}

pub(crate) fn rolling() -> Value {
    json!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 1 } })
}

fn image(image: &str) -> Patch {
    Patch::Merge(
        json!({ "spec": { "template": { "spec": { "containers": [{ "name": "web", "image": image }] } } } }),
    )
}

fn is_complete(d: &Deployment, replicas: i32) -> bool {
    let Some(status) = &d.status else { return false };
    let counts = [status.replicas, status.updated_replicas, status.available_replicas];
    status.observed_generation == d.metadata.generation && counts.iter().all(|n| n.unwrap_or(0) == replicas)
}

async fn until_complete(world: &World, replicas: i32) {
    world.until::<Deployment>("complete", |all| all.len() == 1 && is_complete(&all[0], replicas)).await;
}

fn image_of(pod: &Pod) -> Option<&str> {
    pod.spec.as_ref()?.containers[0].image.as_deref()
}

#[tokio::test]
async fn a_deployment_gets_its_pods_and_reports_them() {
    let world = world();
    world.create::<Deployment>(web(3, &rolling())).await;
    until_complete(&world, 3).await;
    let sets = world.list::<ReplicaSet>().await;
    let pods = world.list::<Pod>().await;
    assert_eq!((sets.len(), pods.len()), (1, 3));
    for pod in &pods {
        assert!(pod.name().starts_with(&format!("{}-", sets[0].name())));
        assert!(pod.metadata.labels.as_ref().is_some_and(|labels| labels.contains_key(POD_TEMPLATE_HASH)));
        let owner = &pod.metadata.owner_references.as_ref().expect("an owner")[0];
        assert_eq!((owner.uid.as_str(), owner.controller), (sets[0].uid().as_str(), Some(true)));
    }
    world
        .until::<Event>("events", |events| {
            let has = |reason: &str| events.iter().any(|event| event.reason.as_deref() == Some(reason));
            has("ScalingReplicaSet") && has("SuccessfulCreate")
        })
        .await;
    world
        .until::<Deployment>("the revision and the conditions", |all| {
            let conditions = all[0].status.iter().flat_map(|s| s.conditions.iter().flatten());
            let reasons: Vec<_> = conditions.filter_map(|c| c.reason.as_deref()).collect();
            let revision = all[0].metadata.annotations.as_ref().and_then(|a| a.get(REVISION));
            reasons == ["MinimumReplicasAvailable", "NewReplicaSetAvailable"]
                && revision.map(String::as_str) == Some("1")
        })
        .await;
}

#[tokio::test]
async fn scaling_goes_up_and_down() {
    let world = world();
    world.create::<Deployment>(web(3, &rolling())).await;
    until_complete(&world, 3).await;
    world.api::<Deployment>().scale("web", 10).await.expect("scaled");
    until_complete(&world, 10).await;
    world.api::<Deployment>().scale("web", 2).await.expect("scaled");
    until_complete(&world, 2).await;
    world.until::<Pod>("two pods", |pods| pods.len() == 2).await;
    assert_eq!(world.list::<ReplicaSet>().await.len(), 1, "scaling is no rollout");
}

#[tokio::test]
async fn a_rollout_keeps_its_limits_and_a_rollback_finds_the_old_set() {
    let world = world();
    world.create::<Deployment>(web(6, &rolling())).await;
    until_complete(&world, 6).await;
    let worst = Arc::new(Mutex::new((i32::MAX, 0)));
    let seen = worst.clone();
    let sets = world.informers.informer::<ReplicaSet>();
    let all = sets.clone();
    sets.on_change(move |_| {
        let all = all.all();
        let available: i32 = all.iter().filter_map(|s| s.status.as_ref()?.available_replicas).sum();
        let wanted: i32 = all.iter().filter_map(|s| s.spec.as_ref()?.replicas).sum();
        let mut worst = seen.lock().expect("no panic");
        *worst = (worst.0.min(available), worst.1.max(wanted));
    });
    world.api::<Deployment>().patch("web", &image("web:2")).await.expect("patched");
    until_complete(&world, 6).await;
    assert!(
        world
            .list::<Pod>()
            .await
            .iter()
            .filter(|p| !p.is_terminating())
            .all(|p| image_of(p) == Some("web:2"))
    );
    let (low, high) = *worst.lock().expect("no panic");
    assert!(low >= 5 && high <= 7, "available {low} at the least, wanted {high} at the most");

    world.api::<Deployment>().patch("web", &image("web:1")).await.expect("patched");
    until_complete(&world, 6).await;
    let sets = world.list::<ReplicaSet>().await;
    assert_eq!(sets.len(), 2, "the template was there before");
    let revision =
        |set: &ReplicaSet| set.metadata.annotations.as_ref().and_then(|a| a.get(REVISION).cloned());
    let mut revisions: Vec<_> = sets.iter().map(revision).collect();
    revisions.sort();
    assert_eq!(revisions, [Some("2".to_owned()), Some("3".to_owned())]);
}

#[tokio::test]
async fn recreate_never_mixes_templates() {
    let world = world();
    world.create::<Deployment>(web(3, &json!({ "type": "Recreate" }))).await;
    until_complete(&world, 3).await;
    let mixed = Arc::new(Mutex::new(false));
    let seen = mixed.clone();
    let pods = world.informers.informer::<Pod>();
    let all = pods.clone();
    pods.on_change(move |_| {
        let all = all.all();
        let mut images: Vec<_> = all.iter().filter_map(|pod| image_of(pod)).collect();
        images.dedup();
        *seen.lock().expect("no panic") |= images.len() > 1;
    });
    world.api::<Deployment>().patch("web", &image("web:2")).await.expect("patched");
    until_complete(&world, 3).await;
    assert!(!*mixed.lock().expect("no panic"), "pods of both templates at a time");
}

#[tokio::test]
async fn a_deleted_pod_is_replaced_and_then_there_is_silence() {
    let world = world();
    world.create::<Deployment>(web(3, &rolling())).await;
    until_complete(&world, 3).await;
    let victim = world.list::<Pod>().await.remove(0);
    world.api::<Pod>().delete(victim.name(), &DeleteOptions::now()).await.expect("deleted");
    world
        .until::<Pod>("a replacement", |pods| {
            pods.len() == 3 && pods.iter().all(|pod| pod.uid() != victim.uid())
        })
        .await;
    until_complete(&world, 3).await;
    world.settle().await;
    let failures: u64 = world.health.iter().map(|health| health.now().panics).sum();
    assert_eq!(failures, 0);
}

#[tokio::test]
async fn a_paused_deployment_scales_but_does_not_roll_out() {
    let world = world();
    world.create::<Deployment>(web(2, &rolling())).await;
    until_complete(&world, 2).await;
    let pause = Patch::Merge(json!({ "spec": { "paused": true } }));
    world.api::<Deployment>().patch("web", &pause).await.expect("patched");
    world.api::<Deployment>().patch("web", &image("web:2")).await.expect("patched");
    world.api::<Deployment>().scale("web", 4).await.expect("scaled");
    world.until::<Pod>("four pods", |pods| pods.len() == 4).await;
    assert!(world.list::<Pod>().await.iter().all(|pod| image_of(pod) == Some("web:1")));
    let resume = Patch::Merge(json!({ "spec": { "paused": false } }));
    world.api::<Deployment>().patch("web", &resume).await.expect("patched");
    until_complete(&world, 4).await;
}

#[tokio::test]
async fn a_replica_set_adopts_orphans_and_releases_strays() {
    let world = World::with(vec![replica_set::controller()]);
    let pod = |name: &str| {
        json!({
            "metadata": { "name": name, "labels": { "app": "web" } },
            "spec": { "containers": [{ "name": "web", "image": "web:1" }] },
        })
    };
    world.create::<Pod>(pod("bare")).await;
    let set = world
        .create::<ReplicaSet>(json!({
            "metadata": { "name": "web" },
            "spec": {
                "replicas": 2,
                "selector": { "matchLabels": { "app": "web" } },
                "template": {
                    "metadata": { "labels": { "app": "web" } },
                    "spec": { "containers": [{ "name": "web", "image": "web:1" }] },
                },
            },
        }))
        .await;
    let owned = |pod: &Pod| {
        let owners = pod.metadata.owner_references.iter().flatten();
        owners.filter(|owner| owner.uid == set.uid().as_str()).count() == 1
    };
    world.until::<Pod>("adopted", |pods| pods.len() == 2 && pods.iter().all(|pod| owned(pod))).await;
    let relabel = Patch::Merge(json!({ "metadata": { "labels": { "app": "other" } } }));
    world.api::<Pod>().patch("bare", &relabel).await.expect("patched");
    world
        .until::<Pod>("released and replaced", |pods| {
            pods.len() == 3 && pods.iter().all(|pod| owned(pod) != (pod.name() == "bare"))
        })
        .await;
}

/// Pods are spread over nodes among the ReplicaSets of one Deployment; a ReplicaSet without a manager knows no others.
#[tokio::test]
async fn nodes_do_not_matter_to_a_replica_set_of_its_own() {
    let world = World::with(vec![replica_set::controller()]);
    let spec = json!({ "containers": [{ "name": "web", "image": "web:1" }] });
    let labels = json!({ "app": "web" });
    for (name, node, restarts) in [("a-1", "a", 0), ("a-2", "a", 0), ("b-1", "b", 5)] {
        let mut spec = spec.clone();
        spec["nodeName"] = json!(node);
        world.create::<Pod>(json!({ "metadata": { "name": name, "labels": labels }, "spec": spec })).await;
        let container = json!({ "name": "web", "image": "web:1", "imageID": "", "ready": false, "restartCount": restarts });
        let status =
            Patch::Merge(json!({ "status": { "phase": "Running", "containerStatuses": [container] } }));
        world.api::<Pod>().patch_status(name, &status).await.expect("patched");
    }
    let template = json!({ "metadata": { "labels": labels }, "spec": spec });
    let spec = json!({ "replicas": 3, "selector": { "matchLabels": labels }, "template": template });
    world.create::<ReplicaSet>(json!({ "metadata": { "name": "web" }, "spec": spec })).await;
    let owned = |pod: &Arc<Pod>| pod.metadata.owner_references.is_some();
    world.until::<Pod>("adopted", |pods| pods.len() == 3 && pods.iter().all(owned)).await;
    world.api::<ReplicaSet>().scale("web", 2).await.expect("scaled");
    let stay = |pods: &[Arc<Pod>]| {
        let staying = pods.iter().filter(|pod| !pod.is_terminating());
        staying.map(|pod| pod.name()).eq(["a-1", "a-2"])
    };
    world.until::<Pod>("the one that was restarted most goes", stay).await;
}

#[tokio::test]
async fn in_a_namespace_that_goes_nothing_is_said_to_have_failed() {
    let world = World::with(vec![deployment::controller()]);
    let namespaces: Api<Namespace> = Api::all(world.objects.clone());
    let team = from_value(json!({ "metadata": { "name": "team" } })).expect("a namespace");
    namespaces.create(&team).await.expect("created");
    let deployments: Api<Deployment> = Api::namespaced(world.objects.clone(), "team");
    let mut paused = web(1, &rolling());
    paused["spec"]["paused"] = json!(true);
    deployments.create(&from_value(paused).expect("a deployment")).await.expect("created");
    world.settle().await;
    namespaces.delete("team", &DeleteOptions::default()).await.expect("deleted");
    let resume = Patch::Merge(json!({ "spec": { "paused": false } }));
    deployments.patch("web", &resume).await.expect("patched");
    world.settle().await;
    let left = deployments.get("web").await.expect("a deployment");
    let conditions = left.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let reasons: Vec<_> = conditions.filter_map(|condition| condition.reason.as_deref()).collect();
    assert!(!reasons.contains(&"ReplicaSetCreateError"), "{reasons:?}");
}

#[tokio::test]
async fn controllers_end_with_the_cause_when_the_store_closes() {
    let world = world();
    world.create::<Deployment>(web(1, &rolling())).await;
    until_complete(&world, 1).await;
    world.storage.close();
    let end = world.manager.ended().await;
    assert!(end.expect_err("it cannot go on").is_closed());
}

#[tokio::test]
async fn controllers_stop_when_told() {
    let world = world();
    world.create::<Deployment>(web(1, &rolling())).await;
    until_complete(&world, 1).await;
    world.manager.stop();
    world.manager.ended().await.expect("a clean stop");
    world.api::<Deployment>().scale("web", 5).await.expect("scaled");
    world.settle().await;
    assert_eq!(world.list::<Pod>().await.len(), 1, "nobody is at work");
}
