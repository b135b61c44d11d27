//! Stopping in order, and a store that is closed under a running plane.

use kube_node::SimFleet;
use kube_plane::ControlPlane;
use std::time::Duration;

#[tokio::test]
async fn every_component_stops_with_the_cause_when_the_store_is_closed() {
    let plane = ControlPlane::builder()
        .controllers(kube_controllers::builtin())
        .nodes(SimFleet::new(2))
        .start()
        .await
        .unwrap();
    plane.until(Duration::from_secs(20), |view| view.nodes().len() == 2).await.unwrap();
    assert!(plane.stopped().is_empty());
    plane.storage().close();
    let stopped = plane.ended().await;
    let names: Vec<&str> = stopped.iter().map(|s| s.component.as_str()).collect();
    assert_eq!(names, ["resolver", "fleet", "default-scheduler", "controllers"]);
    for component in &stopped {
        assert!(component.cause.is_closed(), "{}: {}", component.component, component.cause);
    }
}
