//! A day in the life of a small cluster, for tests that run it under many seeds.

use kube_core::kinds::apps::v1::Deployment;
use kube_core::kinds::core::v1::Pod;
use kube_node::SimFleet;
use kube_node::behavior::Delays;
use kube_sim::World;
use kube_store::service::DeleteOptions;
use std::time::Duration;

const SHOP: &str = include_str!("shop.yaml");
const LIMIT: Duration = Duration::from_mins(10);

/// What is left at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) pods: usize,
    pub(crate) ready: i32,
    pub(crate) endpoints: usize,
    pub(crate) runtime_inside: bool,
}

/// Three nodes, a Deployment behind a Service: scale up, lose a pod, scale down.
pub(crate) async fn small_day(world: World) -> Summary {
    let seconds = |low, high| Duration::from_secs(low)..=Duration::from_secs(high);
    let delays = Delays { start: seconds(1, 4), ready: seconds(0, 3), stop: seconds(0, 5) };
    let plane = world
        .plane()
        .controllers(kube_controllers::builtin())
        .nodes(SimFleet::new(3).behavior(delays))
        .start()
        .await
        .expect("the plane starts");
    plane.apply_yaml("shop.yaml", SHOP).await.expect("the manifest is valid");
    plane.until(LIMIT, |view| view.ready("default/web") == 3).await.expect("three become ready");

    let web = plane.api::<Deployment>().in_namespace("default");
    web.scale("web", 6).await.expect("scales up");
    plane.until(LIMIT, |view| view.ready("default/web") == 6).await.expect("six become ready");

    let victim = plane.view().pods()[0].clone();
    let pods = plane.api::<Pod>().in_namespace("default");
    pods.delete(&victim.meta.name, &DeleteOptions::default()).await.expect("deletes");
    let replaced = |view: &kube_plane::plane::View| {
        view.ready("default/web") == 6 && view.pods().iter().all(|pod| pod.meta.uid != victim.meta.uid)
    };
    plane.until(LIMIT, replaced).await.expect("it is replaced");

    web.scale("web", 2).await.expect("scales down");
    plane
        .until(LIMIT, |view| view.ready("default/web") == 2 && view.pods().len() == 2)
        .await
        .expect("two are left");
    // Slices follow the pods; give them their time.
    world.env().sleep(Duration::from_secs(10)).await;
    let endpoints = plane.resolver().service("web.default").map_or(0, |service| service.endpoints().len());
    let summary = Summary {
        pods: plane.view().pods().len(),
        ready: plane.view().ready("default/web"),
        endpoints,
        runtime_inside: tokio::runtime::Handle::try_current().is_ok(),
    };
    plane.shutdown().await.expect("everything stops when told");
    summary
}
