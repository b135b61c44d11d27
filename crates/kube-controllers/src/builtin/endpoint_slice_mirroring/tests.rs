//! Which `Endpoints` have slices, and what is told of addresses that are left out.

use super::plan::{View, left_out, plan};
use kube_core::kinds::core::v1::{Endpoints, Service};
use kube_net::slices::MirrorPlan;
use serde_json::{Value, json};

fn endpoints(meta: &Value, addresses: &[Value]) -> Endpoints {
    let mut endpoints = json!({
        "metadata": {"name": "ext", "namespace": "default", "uid": "e"},
        "subsets": [{"addresses": addresses, "ports": [{"port": 5432}]}],
    });
    for (field, value) in meta.as_object().expect("an object") {
        endpoints["metadata"][field] = value.clone();
    }
    serde_json::from_value(endpoints).expect("endpoints")
}

fn service(spec: &Value) -> Service {
    let service = json!({"metadata": {"name": "ext", "namespace": "default", "uid": "s"}, "spec": spec});
    serde_json::from_value(service).expect("a service")
}

fn planned(endpoints: &Endpoints, service: Option<&Service>) -> MirrorPlan {
    plan(&View { endpoints: Some(endpoints), service, slices: &[] })
}

#[test]
fn only_what_is_kept_by_hand_is_mirrored() {
    let (free, one) = (service(&json!({})), [json!({"ip": "10.1.0.1"})]);
    let created = |meta: &Value, service: Option<&Service>| {
        planned(&endpoints(meta, &one), service).slices.create.len()
    };
    assert_eq!(created(&json!({}), Some(&free)), 1);
    assert_eq!(created(&json!({}), None), 0, "no Service");
    assert_eq!(created(&json!({}), Some(&service(&json!({"selector": {"app": "web"}})))), 0, "a selector");
    let skip = |value: &str| json!({"labels": {"endpointslice.kubernetes.io/skip-mirror": value}});
    assert_eq!(created(&skip("true"), Some(&free)), 0);
    assert_eq!(created(&skip("no"), Some(&free)), 1);
    let leader = json!({"annotations": {"control-plane.alpha.kubernetes.io/leader": "{}"}});
    assert_eq!(created(&leader, Some(&free)), 0, "they are a lock");
}

#[test]
fn slices_go_with_their_reason() {
    let (free, one) = (service(&json!({})), [json!({"ip": "10.1.0.1"})]);
    let endpoints = endpoints(&json!({}), &one);
    let mut slice = planned(&endpoints, Some(&free)).slices.create.remove(0);
    slice.metadata.name = Some("ext-1".to_owned());
    let slices = [slice.into()];
    let kept = plan(&View { endpoints: Some(&endpoints), service: Some(&free), slices: &slices });
    assert_eq!(kept, MirrorPlan::default());
    for (endpoints, service) in [(None, Some(&free)), (Some(&endpoints), None)] {
        let gone = plan(&View { endpoints, service, slices: &slices });
        assert_eq!(gone.slices.delete, slices);
    }
}

#[test]
fn addresses_that_are_left_out_are_told() {
    let mut addresses: Vec<Value> =
        (0..1003).map(|n| json!({"ip": format!("10.1.{}.{}", n / 250, n % 250)})).collect();
    addresses.insert(0, json!({"ip": "nonsense"}));
    let plan = planned(&endpoints(&json!({}), &addresses), Some(&service(&json!({}))));
    let told = left_out(&plan);
    let texts: Vec<(&str, &str)> = told.iter().map(|(reason, note)| (*reason, note.as_str())).collect();
    assert_eq!(
        texts,
        [
            ("InvalidIPAddress", "Skipped 1 invalid IP addresses when mirroring to EndpointSlices"),
            (
                "TooManyAddressesToMirror",
                "A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. 4 addresses were skipped"
            ),
        ]
    );
    assert_eq!(plan.slices.create[0].endpoints.as_ref().map(Vec::len), Some(1000));
}
