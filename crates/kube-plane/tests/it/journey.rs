//! Manifests become pods that run, behind services that resolve.

use kube_core::kinds::apps::v1::Deployment;
use kube_core::kinds::core::v1::{Pod, Service};
use kube_node::SimFleet;
use kube_plane::ControlPlane;
use kube_store::service::DeleteOptions;
use std::time::Duration;

const SHOP: &str = include_str!("shop.yaml");
const LIMIT: Duration = Duration::from_secs(20);

async fn plane() -> ControlPlane {
    ControlPlane::builder()
        .controllers(kube_controllers::builtin())
        .nodes(SimFleet::new(3))
        .start()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_deployment_runs_behind_its_service() {
    let plane = plane().await;
    plane.apply_yaml("shop.yaml", SHOP).await.unwrap();
    plane.until(LIMIT, |view| view.rolled_out("default/web")).await.unwrap();
    let nodes: std::collections::BTreeSet<_> =
        plane.view().pods().iter().filter_map(|pod| pod.node_name().cloned()).collect();
    assert_eq!(nodes.len(), 3, "three replicas on three empty nodes");

    let service = plane.api::<Service>().in_namespace("default").get("web").await.unwrap();
    let spec = service.spec.unwrap();
    assert!(spec.cluster_ip.unwrap().starts_with("10.96."));
    plane.until(LIMIT, |_| endpoints(&plane) == 3).await.unwrap();
    plane.shutdown().await.unwrap();
}

fn endpoints(plane: &ControlPlane) -> usize {
    plane.resolver().service("web.default").map_or(0, |service| service.endpoints().len())
}

#[tokio::test]
async fn a_deleted_deployment_takes_its_pods_with_it() {
    let plane = plane().await;
    plane.apply_yaml("shop.yaml", SHOP).await.unwrap();
    plane.until(LIMIT, |view| view.rolled_out("default/web")).await.unwrap();
    let pod = plane.view().pods()[0].meta.key();
    let why = plane.why::<Pod>("default/nobody");
    assert_eq!(why, None);
    let why = plane.why::<Pod>(&pod.to_string()).unwrap().to_string();
    assert!(why.contains("replicaset-controller for default/web-"), "{why}");
    assert!(why.contains("deployment-controller for default/web"), "{why}");
    let owners = plane.owners().await.unwrap();
    assert!(owners.to_dot().contains("ReplicaSet"));

    let web = plane.api::<Deployment>().in_namespace("default");
    web.delete("web", &DeleteOptions::default()).await.unwrap();
    plane.until(LIMIT, |view| view.pods().is_empty()).await.unwrap();
    plane.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_pod_that_fits_nowhere_is_explained() {
    let plane = plane().await;
    let big = "apiVersion: v1\nkind: Pod\nmetadata: {name: big}\nspec:\n  containers:\n  - name: c\n    \
               image: i\n    resources: {requests: {cpu: 64}}\n";
    plane.until(LIMIT, |view| view.nodes().len() == 3).await.unwrap();
    plane.apply_yaml("big.yaml", big).await.unwrap();
    plane.until(LIMIT, |_| plane.why_pending("default/big").is_some()).await.unwrap();
    let why = plane.why_pending("default/big").unwrap().to_string();
    assert!(why.contains("3 Insufficient cpu"), "{why}");
    plane.shutdown().await.unwrap();
}

/// A condition over what no pod, node or Deployment tells of is noticed as well, long before the limit.
#[tokio::test]
async fn conditions_may_look_at_anything() {
    let plane = ControlPlane::builder().start().await.unwrap();
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n";
    let wait = plane.until(Duration::from_hours(1), |_| plane.resolver().service("web").is_ok());
    let write = plane.apply_yaml("service.yaml", service);
    let (reached, written) = futures::future::join(wait, write).await;
    reached.unwrap();
    written.unwrap();
    plane.shutdown().await.unwrap();
}
