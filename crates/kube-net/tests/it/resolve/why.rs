//! Why a name leads where it does.

use super::{service, slice};
use kube_net::resolve::{Reach, Verdict};
use kube_net::{EndpointTable, ServiceResolver};
use serde_json::json;

fn resolver() -> ServiceResolver {
    let services = [
        service(
            "prod/web",
            &json!({"clusterIP": "10.96.0.10", "ports": [
                {"name": "http", "port": 80}, {"name": "admin", "port": 81, "targetPort": "adm"},
            ]}),
        ),
        service("test/web", &json!({"clusterIP": "10.96.0.11", "ports": [{"port": 80}]})),
        service("prod/bucket", &json!({"type": "ExternalName", "externalName": "storage.example.com"})),
    ];
    let mut first = slice("prod/web-1", ("http", 8080), &[(1, true), (2, false), (3, true)]);
    let endpoints = first.endpoints.as_mut().unwrap();
    endpoints[2].conditions.as_mut().unwrap().terminating = Some(true);
    endpoints[2].conditions.as_mut().unwrap().ready = Some(false);
    endpoints.push(endpoints[1].clone());
    endpoints[3].addresses = vec!["somewhere".to_owned()];
    let mut six = slice("prod/web-2", ("http", 8080), &[(1, true)]);
    six.address_type = "IPv6".to_owned();
    let mut known = services;
    known[0].spec.as_mut().unwrap().ip_families = Some(vec!["IPv4".to_owned()]);
    let moved = slice("prod/web-3", ("http", 8080), &[(1, true)]);
    let other = slice("prod/web-4", ("metrics", 9090), &[(1, true)]);
    ServiceResolver::from(EndpointTable::from_slices(&known, &[first, six, moved, other]))
}

#[test]
fn every_endpoint_is_accounted_for() {
    let why = resolver().why("web.prod");
    let text = "\
web.prod: service prod/web (cluster IP 10.96.0.10), port http 80/TCP
port \"admin\" cannot be resolved: no slice has it
slice web-1 (IPv4): 4 endpoints
  10.0.0.1:8080 prod/pod-1: used
  10.0.0.2:8080 prod/pod-2: not ready
  10.0.0.3:8080 prod/pod-3: terminating
  ? prod/pod-2: no address that can be read
slice web-2 (IPv6): not looked at: another address family
slice web-3 (IPv4): 1 endpoints
  10.0.0.1:8080 prod/pod-1: counted in another slice
slice web-4 (IPv4): not looked at: it does not have the port
1 of 5 endpoints are used
";
    assert_eq!(why.to_string(), text);
    let found = why.found.unwrap();
    let used: Vec<_> = found.endpoints().filter(|endpoint| endpoint.verdict == Verdict::Used).collect();
    assert_eq!(used.len(), 1);
}

#[test]
fn a_port_that_cannot_be_resolved_and_services_without_endpoints_say_so() {
    let resolver = resolver();
    let why = resolver.service("web.prod").unwrap().port("admin").unwrap().why();
    assert!(why.to_string().ends_with(
        "slice web-4 (IPv4): not looked at: it does not have the port\n\
         0 of 0 endpoints are used\n\
         a pick fails: service prod/web has no endpoints that are ready\n"
    ));
    let alias = resolver.why("bucket.prod");
    assert_eq!(alias.to_string(), "bucket.prod: service prod/bucket (an alias of storage.example.com)\n");
    assert!(matches!(alias.found.unwrap().reach, Reach::External(_)));
    let empty = resolver.why("web.test.svc").to_string();
    assert!(empty.contains("no slices\n0 of 0 endpoints are used\n"), "{empty}");
}

#[test]
fn what_is_not_there_says_what_is() {
    let resolver = resolver();
    let why = |name| resolver.why(name).to_string();
    assert_eq!(
        why("web.dev"),
        "web.dev: there is no service dev/web\nthere is a service prod/web\nthere is a service test/web\n"
    );
    assert_eq!(why("a..b"), "\"a..b\" is not the name of a service\n");
}
