//! Many writers at once, a small range: nothing is given out twice, and nothing is lost.

use super::{objects, ranges, service};
use kube_core::kinds::core::v1::Service;
use kube_net::alloc::PortRange;
use kube_store::api::Api;
use kube_store::service::DeleteOptions;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_writers_share_nothing() {
    let ranges = ranges(&["10.0.0.0/25"]).with_node_ports(PortRange::new(30_000, 30_079).unwrap());
    let objects = objects(kube_store::rt::env(), ranges);
    let services = Api::<Service>::namespaced(objects.clone(), "prod");
    let spec = Arc::new(json!({"type": "NodePort", "ports": [{"port": 80}]}));
    let mut writes = tokio::task::JoinSet::new();
    for n in 0..64 {
        let (services, spec) = (services.clone(), spec.clone());
        writes.spawn(async move { services.create(&service(&format!("s{n}"), &spec)).await });
    }
    let stored: Vec<Service> = writes.join_all().await.into_iter().collect::<Result<_, _>>().unwrap();
    let specs: Vec<_> = stored.into_iter().map(|service| service.spec.unwrap()).collect();
    let ips: BTreeSet<_> = specs.iter().map(|spec| spec.cluster_ip.clone().unwrap()).collect();
    let ports: BTreeSet<_> =
        specs.iter().map(|spec| spec.ports.as_ref().unwrap()[0].node_port.unwrap()).collect();
    assert_eq!((ips.len(), ports.len()), (64, 64));

    let mut deletes = tokio::task::JoinSet::new();
    for n in 0..64 {
        let services = services.clone();
        deletes.spawn(
            async move { services.delete(&format!("s{n}"), &DeleteOptions::default()).await.map(drop) },
        );
    }
    assert!(deletes.join_all().await.into_iter().all(|answer| answer.is_ok()));
    let world = super::World { objects, services };
    let left = tokio::task::spawn_blocking(move || (world.addresses(), world.node_ports()));
    assert_eq!(left.await.unwrap(), (vec![], vec![]));
}
