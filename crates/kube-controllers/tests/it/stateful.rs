//! StatefulSets, their pods, claims and revisions together, over a store.

use crate::world::{World, node_agent};
use kube_controllers::builtin::stateful_set::{self, status::ROLLOUT_STUCK};
use kube_core::env::Env;
use kube_core::kinds::apps::v1::{ControllerRevision, StatefulSet};
use kube_core::kinds::core::v1::{Event, PersistentVolumeClaim, Pod};
use kube_core::resource::ResourceExt;
use kube_store::service::{DeleteOptions, Patch};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn world() -> World {
    World::with(vec![stateful_set::controller(), node_agent()])
}

fn db(replicas: i32, more: &Value) -> Value {
    let claim = json!({
        "metadata": { "name": "data" },
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } },
    });
    let mut spec = json!({
        "replicas": replicas,
        "serviceName": "db",
        "selector": { "matchLabels": { "app": "db" } },
        "template": {
            "metadata": { "labels": { "app": "db" } },
            "spec": { "containers": [{ "name": "db", "image": "db:1" }] },
        },
        "volumeClaimTemplates": [claim],
    });
    for (field, value) in more.as_object().expect("fields") {
        spec[field] = value.clone();
    }
    json!({ "metadata": { "name": "db" }, "spec": spec })
}

fn image(image: &str) -> Patch {
    Patch::Merge(
        json!({ "spec": { "template": { "spec": { "containers": [{ "name": "db", "image": image }] } } } }),
    )
}

fn image_of(pod: &Pod) -> &str {
    pod.spec.as_ref().and_then(|spec| spec.containers[0].image.as_deref()).unwrap_or_default()
}

fn is_complete(set: &StatefulSet, replicas: i32) -> bool {
    let Some(status) = &set.status else { return false };
    status.observed_generation == set.metadata.generation
        && status.replicas == replicas
        && status.available_replicas.unwrap_or(0) == replicas
        && status.updated_replicas.unwrap_or(0) == replicas
        && status.current_revision == status.update_revision
}

async fn until_complete(world: &World, replicas: i32) {
    let complete = |all: &[Arc<StatefulSet>]| all.len() == 1 && is_complete(&all[0], replicas);
    world.until::<StatefulSet>("complete", complete).await;
}

fn names<K: ResourceExt>(objects: &[K]) -> Vec<&str> {
    objects.iter().map(ResourceExt::name).collect()
}

#[tokio::test]
async fn pods_and_claims_come_in_order_with_their_names() {
    let world = world();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let order = seen.clone();
    world.informers.informer::<Pod>().on_change(move |change| {
        let ready = change
            .new
            .iter()
            .filter(|pod| pod.status.as_ref().is_some_and(|s| s.phase.as_deref() == Some("Running")));
        let made = change.old.is_none().then(|| format!("+{}", change.key.name));
        order
            .lock()
            .expect("no panic")
            .extend(made.into_iter().chain(ready.map(|pod| pod.name().to_owned())));
    });
    world.create::<StatefulSet>(db(3, &json!({}))).await;
    until_complete(&world, 3).await;
    let order = seen.lock().expect("no panic").clone();
    assert_eq!(order, ["+db-0", "db-0", "+db-1", "db-1", "+db-2", "db-2"]);
    assert_eq!(names(&world.list::<PersistentVolumeClaim>().await), ["data-db-0", "data-db-1", "data-db-2"]);
    let pods = world.list::<Pod>().await;
    let revision = world.list::<ControllerRevision>().await.remove(0);
    for pod in &pods {
        let labels = pod.metadata.labels.as_ref().expect("labels");
        assert_eq!(labels["statefulset.kubernetes.io/pod-name"], pod.name());
        assert_eq!(labels["controller-revision-hash"], revision.name());
    }
    let status = world.list::<StatefulSet>().await.remove(0).status.expect("a status");
    assert_eq!(status.current_revision.as_deref(), Some(revision.name()));
    world
        .until::<Event>("events", |events| {
            let has = |note: &str| events.iter().any(|event| event.message.as_deref() == Some(note));
            has("Create Pod db-0 in StatefulSet db successful")
                && has("Create Claim data-db-2 Pod db-2 in StatefulSet db success")
        })
        .await;
}

#[tokio::test]
async fn an_update_goes_down_and_back_and_remembers_its_revisions() {
    let world = world();
    world.create::<StatefulSet>(db(3, &json!({ "revisionHistoryLimit": 1 }))).await;
    until_complete(&world, 3).await;
    let worst = Arc::new(Mutex::new(0));
    let seen = worst.clone();
    let sets = world.informers.informer::<StatefulSet>();
    sets.on_change(move |change| {
        let available = change.new.as_ref().and_then(|set| set.status.as_ref()?.available_replicas);
        let mut worst = seen.lock().expect("no panic");
        *worst = (*worst).max(3 - available.unwrap_or(0));
    });
    for version in ["db:2", "db:3", "db:1"] {
        world.api::<StatefulSet>().patch("db", &image(version)).await.expect("patched");
        until_complete(&world, 3).await;
        assert!(world.list::<Pod>().await.iter().all(|pod| image_of(pod) == version));
    }
    assert!(*worst.lock().expect("no panic") <= 1, "one at a time");
    world.until::<ControllerRevision>("one revision besides the present one", |all| all.len() == 2).await;
    let mut numbers: Vec<i64> = world.list::<ControllerRevision>().await.iter().map(|r| r.revision).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [3, 4], "the first came back as the fourth, if it was still there, or anew");
    assert_eq!(world.list::<PersistentVolumeClaim>().await.len(), 3, "claims outlive pods");
}

#[tokio::test]
async fn a_rollback_is_the_old_revision_with_a_new_number() {
    let world = world();
    world.create::<StatefulSet>(db(1, &json!({}))).await;
    until_complete(&world, 1).await;
    let first = world.list::<ControllerRevision>().await.remove(0);
    for version in ["db:2", "db:1"] {
        world.api::<StatefulSet>().patch("db", &image(version)).await.expect("patched");
        until_complete(&world, 1).await;
    }
    let all = world.list::<ControllerRevision>().await;
    assert_eq!(all.len(), 2);
    let same = all.iter().find(|revision| revision.name() == first.name()).expect("it is still there");
    assert_eq!(same.revision, 3);
}

#[tokio::test]
async fn scaling_down_keeps_claims_or_gives_them_to_their_pods() {
    let world = world();
    let policy = json!({ "persistentVolumeClaimRetentionPolicy": { "whenScaled": "Delete", "whenDeleted": "Delete" } });
    let set = world.create::<StatefulSet>(db(3, &policy)).await;
    until_complete(&world, 3).await;
    let owned_by = |claim: &PersistentVolumeClaim, name: &str| {
        let owners = claim.metadata.owner_references.as_deref().unwrap_or_default();
        owners.len() == 1 && owners[0].name == name
    };
    world
        .until::<PersistentVolumeClaim>("claims of the set", |all| {
            all.iter().all(|claim| owned_by(claim, set.name()))
        })
        .await;
    let victim = world.api::<Pod>().get("db-2").await.expect("a pod");
    world.api::<StatefulSet>().scale("db", 2).await.expect("scaled");
    world
        .until::<PersistentVolumeClaim>("the claim is its pod's", |all| {
            let claim = all.iter().find(|claim| claim.name() == "data-db-2");
            claim.is_some_and(|claim| {
                let owners = claim.metadata.owner_references.as_deref().unwrap_or_default();
                owners.len() == 1 && owners[0].uid == victim.uid().as_str()
            })
        })
        .await;
    world.until::<Pod>("two pods", |pods| pods.len() == 2).await;
    world.api::<StatefulSet>().scale("db", 3).await.expect("scaled");
    world.settle().await;
    assert_eq!(world.list::<Pod>().await.len(), 2, "the claim of the gone pod has to go first");
    world.api::<PersistentVolumeClaim>().delete("data-db-2", &DeleteOptions::now()).await.expect("collected");
    until_complete(&world, 3).await;
    let claim = world.api::<PersistentVolumeClaim>().get("data-db-2").await.expect("a new claim");
    assert!(owned_by(&claim, set.name()));
}

#[tokio::test]
async fn a_lost_pod_comes_back_under_its_name_and_then_there_is_silence() {
    let world = world();
    world.create::<StatefulSet>(db(3, &json!({}))).await;
    until_complete(&world, 3).await;
    let victim = world.api::<Pod>().get("db-1").await.expect("a pod");
    world.api::<Pod>().delete("db-1", &DeleteOptions::now()).await.expect("deleted");
    world
        .until::<Pod>("it is back", |pods| {
            pods.iter().any(|pod| pod.name() == "db-1" && pod.uid() != victim.uid())
        })
        .await;
    until_complete(&world, 3).await;
    world.settle().await;
    let failures: u64 = world.health.iter().map(|health| health.now().panics).sum();
    assert_eq!(failures, 0);
}

#[tokio::test]
async fn a_parallel_update_gets_past_a_bad_template() {
    let world = world();
    let rolling = json!({ "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": 1 } });
    let parallel = json!({ "podManagementPolicy": "Parallel", "updateStrategy": rolling });
    world.create::<StatefulSet>(db(3, &parallel)).await;
    until_complete(&world, 3).await;
    world.api::<StatefulSet>().patch("db", &image("broken")).await.expect("patched");
    world.until::<Pod>("the update has begun", |pods| pods.iter().any(|pod| image_of(pod) == "broken")).await;
    world.settle().await;
    let sound = world.list::<Pod>().await.iter().filter(|pod| image_of(pod) == "db:1").count();
    assert_eq!(sound, 2, "it stops at the first pod that does not become ready");
    world.api::<StatefulSet>().patch("db", &image("db:2")).await.expect("patched");
    until_complete(&world, 3).await;
}

#[tokio::test]
async fn an_ordered_update_that_waits_for_a_bad_template_says_so() {
    let (_, clock) = Env::manual(1);
    let world = World::under(clock.clone(), vec![stateful_set::controller(), node_agent()]);
    world.create::<StatefulSet>(db(2, &json!({}))).await;
    until_complete(&world, 2).await;
    world.api::<StatefulSet>().patch("db", &image("broken")).await.expect("patched");
    world.until::<Pod>("the update has begun", |pods| pods.iter().any(|pod| image_of(pod) == "broken")).await;
    world.api::<StatefulSet>().patch("db", &image("db:2")).await.expect("patched");
    world.settle().await;
    let stuck = |set: &StatefulSet| {
        let conditions = set.status.iter().flat_map(|status| status.conditions.iter().flatten());
        conditions.filter(|condition| condition.type_ == ROLLOUT_STUCK).count() == 1
    };
    assert!(!stuck(&world.list::<StatefulSet>().await[0]), "it may still become ready");
    clock.advance(Duration::from_mins(1));
    world.until::<StatefulSet>("it says that it is stuck", |all| stuck(&all[0])).await;
    // What the condition advises.
    world.api::<Pod>().delete("db-1", &DeleteOptions::default()).await.expect("deleted");
    until_complete(&world, 2).await;
    world.until::<StatefulSet>("and that it is no more", |all| !stuck(&all[0])).await;
}

#[tokio::test]
async fn pods_of_its_names_are_adopted_and_others_left_alone() {
    let world = world();
    let bare = |name: &str| {
        let labels = json!({ "app": "db" });
        json!({ "metadata": { "name": name, "labels": labels }, "spec": { "containers": [{ "name": "db", "image": "db:1" }] } })
    };
    world.create::<Pod>(bare("db-0")).await;
    world.create::<Pod>(bare("other")).await;
    let set = world.create::<StatefulSet>(db(1, &json!({ "volumeClaimTemplates": [] }))).await;
    world
        .until::<Pod>("adopted, and then replaced by one of the revision", |pods| {
            pods.iter().any(|pod| {
                let owners = pod.metadata.owner_references.as_deref().unwrap_or_default();
                pod.name() == "db-0" && owners.iter().any(|owner| owner.uid == set.uid().as_str())
            })
        })
        .await;
    until_complete(&world, 1).await;
    let other = world.api::<Pod>().get("other").await.expect("it is there");
    assert_eq!(other.metadata.owner_references, None);
}
