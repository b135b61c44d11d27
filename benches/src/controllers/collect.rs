//! An owner with many dependents that is deleted in the foreground.

use super::World;
use kube_controllers::builtin::garbage_collector;
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::ConfigMap;
use kube_core::resource::{ResourceExt, Uid};
use kube_store::api::Api;
use kube_store::service::{DeleteOptions, Propagation};
use serde_json::json;
use std::time::Duration;

fn map(name: &str, owner: Option<&Uid>) -> Result<ConfigMap, ApiError> {
    let owners: Vec<_> = owner
        .iter()
        .map(|uid| {
            json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid.as_str(),
                "blockOwnerDeletion": true})
        })
        .collect();
    serde_json::from_value(json!({"metadata": {"name": name, "ownerReferences": owners}}))
        .map_err(ApiError::internal)
}

/// Deletes an owner of `dependents` objects in the foreground, and gives how long it took until it was gone, after all
/// of them.
///
/// # Errors
/// What the store answers.
pub async fn collect(env: &Env, dependents: usize) -> Result<Duration, ApiError> {
    let world = World::start(env, [garbage_collector::controller()]);
    let api: Api<ConfigMap> = Api::namespaced(world.objects.clone(), "default");
    let owner = api.create(&map("owner", None)?).await?;
    for n in 0..dependents {
        api.create(&map(&format!("dependent-{n:06}"), Some(&owner.uid()))?).await?;
    }
    let begin = env.now();
    let options = DeleteOptions::default().propagation(Propagation::Foreground);
    api.delete("owner", &options).await?;
    while api.find("owner").await?.is_some() {
        env.sleep(Duration::from_millis(1)).await;
    }
    let took = env.now().since(begin);
    world.stop().await?;
    Ok(took)
}
