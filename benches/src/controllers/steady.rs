//! A large ReplicaSet of which one pod changes.

use super::{Spread, World};
use kube_controllers::builtin::replica_set;
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::kinds::apps::v1::ReplicaSet;
use kube_core::kinds::core::v1::{Pod, PodCondition, PodStatus};
use kube_core::resource::ResourceExt;
use kube_store::api::Api;
use kube_store::service::ListQuery;
use serde_json::json;
use std::time::Duration;

/// Waits until the status of the ReplicaSet counts this.
async fn until(env: &Env, api: &Api<ReplicaSet>, counts: impl Fn(i32, i32) -> bool) -> Result<(), ApiError> {
    loop {
        let status = api.get("web").await?.status.unwrap_or_default();
        if counts(status.replicas, status.ready_replicas.unwrap_or(0)) {
            return Ok(());
        }
        env.sleep(Duration::from_millis(1)).await;
    }
}

/// Lets a ReplicaSet create `pods` pods, makes `changes` of them ready, one after the other, and gives how long the
/// reconciles took: for each change the one that writes the status, and the one that this write leads to.
///
/// # Errors
/// What the store answers.
pub async fn steady(env: &Env, pods: usize, changes: usize) -> Result<Spread, ApiError> {
    let world = World::start(env, [replica_set::controller()]);
    let sets: Api<ReplicaSet> = Api::namespaced(world.objects.clone(), "default");
    let set: ReplicaSet = serde_json::from_value(json!({
        "metadata": {"name": "web"},
        "spec": {
            "replicas": pods,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "registry.example/web:1"}]},
            },
        },
    }))
    .map_err(ApiError::internal)?;
    sets.create(&set).await?;
    let wanted = i32::try_from(pods).map_err(ApiError::internal)?;
    until(env, &sets, |replicas, _| replicas == wanted).await?;
    let api: Api<Pod> = Api::namespaced(world.objects.clone(), "default");
    let all = api.list(&ListQuery::default()).await?.items;
    world.clocked.take();
    for (done, pod) in (1..).zip(all.iter().take(changes)) {
        api.edit_status(pod.name(), |pod| {
            let ready =
                PodCondition { type_: "Ready".into(), status: "True".into(), ..PodCondition::default() };
            let phase = Some("Running".to_owned());
            pod.status = Some(PodStatus { phase, conditions: Some(vec![ready]), ..PodStatus::default() });
        })
        .await?;
        until(env, &sets, |_, ready| ready == done).await?;
    }
    let clocked = world.clocked.clone();
    world.stop().await?;
    Ok(clocked.take())
}
