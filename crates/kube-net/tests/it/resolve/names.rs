//! By name, cluster IP and node port; the four types of Services.

use super::{service, slice};
use kube_net::resolve::Resolution;
use kube_net::{EndpointTable, ResolveError, ServiceResolver};
use serde_json::json;

fn resolver() -> ServiceResolver {
    let services = [
        service(
            "prod/web",
            &json!({"type": "NodePort", "clusterIP": "10.96.0.10", "ports": [
                {"name": "http", "port": 80, "nodePort": 30080}, {"name": "admin", "port": 81},
            ]}),
        ),
        service("prod/db", &json!({"clusterIP": "None", "ports": [{"port": 5432}]})),
        service("prod/bare", &json!({"clusterIP": "None"})),
        service("prod/bucket", &json!({"type": "ExternalName", "externalName": "storage.example.com"})),
    ];
    let slices = [
        slice("prod/web-1", ("http", 8080), &[(1, true), (2, true), (3, false)]),
        slice("prod/web-2", ("admin", 9090), &[(1, true)]),
        slice("prod/db-1", ("", 5432), &[(7, true)]),
        slice("prod/bare-1", ("x", 1), &[(9, true)]),
    ];
    ServiceResolver::from(EndpointTable::from_slices(&services, &slices))
}

#[test]
fn every_way_leads_to_the_endpoints() {
    let resolver = resolver();
    let inside = resolver.clone().in_namespace("prod");
    let picked = |handle: &kube_net::resolve::ServiceHandle| handle.pick().unwrap().address().to_string();
    for name in ["web.prod", "web.prod.svc", "WEB.prod.svc.cluster.local."] {
        let web = resolver.service(name).unwrap();
        assert_eq!(web.key().to_string(), "prod/web");
        assert_eq!(web.endpoints().len(), 2);
    }
    let web = inside.service("web").unwrap();
    let first = picked(&web);
    assert_ne!(first, picked(&web));
    assert_eq!(first, picked(&web));
    assert_eq!(picked(&web.port("admin").unwrap()), "10.0.0.1:9090");
    assert_eq!(picked(&web.port("81").unwrap()), "10.0.0.1:9090");
    assert_eq!(picked(&resolver.by_cluster_ip([10, 96, 0, 10].into(), 81).unwrap()), "10.0.0.1:9090");
    assert_eq!(resolver.by_node_port(30080).unwrap().endpoints().len(), 2);
    let ports: Vec<_> =
        web.ports().iter().map(|port| (port.name.to_string(), port.port, port.node_port)).collect();
    assert_eq!(ports, [("http".to_owned(), 80, Some(30080)), ("admin".to_owned(), 81, None)]);
    let pod = web.pick().unwrap().target().map(|target| target.key.to_string());
    assert!(pod.is_some_and(|pod| pod.starts_with("prod/pod-")));
}

#[test]
fn types_resolve_as_what_they_are() {
    let resolver = resolver().in_namespace("prod");
    let Resolution::ClusterIps(ips) = resolver.resolve("web").unwrap() else { panic!("has addresses") };
    assert_eq!(ips, [std::net::IpAddr::from([10, 96, 0, 10])]);
    let Resolution::Endpoints(db) = resolver.resolve("db").unwrap() else { panic!("is headless") };
    assert_eq!(db[0].socket().to_string(), "10.0.0.7:5432");
    assert_eq!(resolver.service("bare").unwrap().pick().unwrap().address().to_string(), "10.0.0.9:0");
    let Resolution::Cname(target) = resolver.resolve("bucket").unwrap() else { panic!("is an alias") };
    assert_eq!(&*target, "storage.example.com");
    let alias = resolver.service("bucket").unwrap().pick().unwrap_err();
    assert!(matches!(alias, ResolveError::External { target, .. } if &*target == "storage.example.com"));
}

#[test]
fn what_is_missing_is_named() {
    let resolver = resolver().in_namespace("prod");
    let error =
        |result: Result<_, ResolveError>| result.map(|_: kube_net::resolve::ServiceHandle| ()).unwrap_err();
    assert_eq!(error(resolver.service("nobody")), ResolveError::NotFound { name: "nobody".into() });
    assert_eq!(error(resolver.service("web.test")).to_string(), "no service \"web.test\"");
    assert_eq!(error(resolver.by_node_port(30081)).to_string(), "no service \"node port 30081\"");
    assert_eq!(
        error(resolver.by_cluster_ip([10, 96, 0, 11].into(), 80)).to_string(),
        "no service \"10.96.0.11\""
    );
    let text = "service prod/web has no port \"82\"";
    assert_eq!(error(resolver.by_cluster_ip([10, 96, 0, 10].into(), 82)).to_string(), text);
    assert_eq!(error(resolver.service("web").unwrap().port("82")).to_string(), text);
}
