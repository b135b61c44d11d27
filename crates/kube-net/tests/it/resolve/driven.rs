//! A resolver kept current by informers over a store.

use super::{service, slice};
use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_net::resolve::ResolverDriver;
use kube_store::api::Api;
use kube_store::client::Running;
use kube_store::informer::Informers;
use kube_store::objects::Objects;
use kube_store::service::{DeleteOptions, ObjectService};
use kube_store::storage::{MemoryStorage, Storage};
use serde_json::json;
use std::sync::Arc;

#[tokio::test]
async fn writes_show_as_soon_as_they_are_waited_for() {
    let objects = Objects::new(Arc::new(MemoryStorage::new()), kube_store::rt::env());
    let informers = Informers::new(objects.clone());
    let (resolver, driver) = ResolverDriver::new(&informers);
    let running = Running::start(informers.env(), Box::new(driver));
    resolver.synced().await.unwrap();
    assert!(resolver.service("web.prod").is_err());

    let services = Api::<Service>::namespaced(objects.clone(), "prod");
    let slices = Api::<EndpointSlice>::namespaced(objects.clone(), "prod");
    let seen = resolver.version();
    services
        .create(&service("prod/web", &json!({"clusterIP": "10.96.0.1", "ports": [{"port": 80}]})))
        .await
        .unwrap();
    slices.create(&slice("prod/web-1", ("", 8080), &[(1, true)])).await.unwrap();
    resolver.wait_for(objects.current().await.unwrap()).await.unwrap();
    let web = resolver.service("web.prod").unwrap();
    assert_eq!(web.pick().unwrap().address().to_string(), "10.0.0.1:8080");
    assert!(resolver.changed(seen).await > seen);

    slices.delete("web-1", &DeleteOptions::default()).await.unwrap();
    services.delete("web", &DeleteOptions::default()).await.unwrap();
    resolver.wait_for(objects.current().await.unwrap()).await.unwrap();
    assert!(web.pick().is_err() && resolver.services().is_empty());
    running.stop();
    running.ended().await.unwrap();
}

#[tokio::test]
async fn a_closed_store_ends_the_component_with_that_cause() {
    let storage = Arc::new(MemoryStorage::new());
    let objects = Objects::new(storage.clone(), kube_store::rt::env());
    let informers = Informers::new(objects);
    let (resolver, driver) = ResolverDriver::new(&informers);
    let running = Running::start(informers.env(), Box::new(driver));
    resolver.synced().await.unwrap();
    storage.close();
    assert!(running.ended().await.unwrap_err().is_closed());
}
