//! Plans over random Services, pods and histories: complete, exact, settled after one step, blind to input order.

use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::view::{NodeView, PodView, from_value};
use kube_net::slices::{SliceInput, SlicePlan, plan_pod, plan_slices};
use proptest::prelude::{Strategy, any, prop, proptest};
use proptest::{prop_assert, prop_assert_eq};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
struct PodCase {
    id: u8,
    ready: bool,
    terminating: bool,
    ended: bool,
    second_family: bool,
    port: bool,
}

#[derive(Clone, Debug)]
struct Step {
    pods: Vec<PodCase>,
    families: u8,
    publish: bool,
    label: bool,
    distribution: Option<&'static str>,
}

fn pod_case() -> impl Strategy<Value = PodCase> {
    (0..24_u8, any::<[bool; 5]>()).prop_map(|(id, [ready, terminating, ended, second_family, port])| {
        PodCase { id, ready, terminating, ended: ended && terminating, second_family, port }
    })
}

fn step() -> impl Strategy<Value = Step> {
    let distribution = prop::sample::select(vec![None, Some("PreferSameZone"), Some("PreferSameNode")]);
    (prop::collection::vec(pod_case(), 0..20), 0..3_u8, any::<bool>(), any::<bool>(), distribution).prop_map(
        |(mut pods, families, publish, label, distribution)| {
            pods.sort_by_key(|pod| pod.id);
            pods.dedup_by_key(|pod| pod.id);
            Step { pods, families, publish, label, distribution }
        },
    )
}

fn pod(case: &PodCase) -> Arc<PodView> {
    let id = case.id;
    let mut ips = vec![json!({"ip": format!("10.0.0.{id}")})];
    if case.second_family {
        ips.push(json!({"ip": format!("fd00::{id:x}")}));
    }
    let value = json!({
        "metadata": {
            "name": format!("pod-{id}"), "namespace": "prod", "uid": format!("uid-{id}"),
            "deletionTimestamp": case.terminating.then_some("2026-01-01T00:00:00Z"),
        },
        "spec": {
            "nodeName": format!("node-{}", id % 4),
            "containers": [{"name": "c", "ports": [
                {"name": if case.port { "web" } else { "other" }, "containerPort": 8000 + u16::from(id % 2)},
            ]}],
        },
        "status": {
            "phase": if case.ended { "Failed" } else { "Running" },
            "podIP": ips[0]["ip"], "podIPs": ips,
            "conditions": [{"type": "Ready", "status": if case.ready { "True" } else { "False" }}],
        },
    });
    Arc::new(from_value(value).unwrap())
}

fn service(step: &Step) -> Service {
    let families =
        [json!(["IPv4"]), json!(["IPv6"]), json!(["IPv4", "IPv6"])][usize::from(step.families)].clone();
    let labels = if step.label { json!({"team": "blue"}) } else { json!({}) };
    serde_json::from_value(json!({
        "metadata": {"name": "web", "namespace": "prod", "uid": "service", "labels": labels},
        "spec": {
            "clusterIP": "10.96.0.9", "ipFamilies": families, "publishNotReadyAddresses": step.publish,
            "trafficDistribution": step.distribution, "selector": {"app": "web"},
            "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "web"}],
        },
    }))
    .unwrap()
}

/// The node `node-3` does not exist.
fn node(name: &str) -> Option<Arc<NodeView>> {
    let zone = match name {
        "node-0" => "a",
        "node-1" | "node-2" => "b",
        _ => return None,
    };
    let value = json!({"metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": zone}}});
    Some(Arc::new(from_value(value).unwrap()))
}

fn plan(step: &Step, existing: &[Arc<EndpointSlice>], backwards: bool) -> SlicePlan {
    let mut pods: Vec<_> = step.pods.iter().map(pod).collect();
    let mut existing = existing.to_vec();
    if backwards {
        pods.reverse();
        existing.reverse();
    }
    plan_slices(&SliceInput::new(&service(step), &pods, &node, &existing).max_endpoints(3))
}

/// The slices once the plan is carried out; new ones are named by `counter`.
fn apply(existing: &mut Vec<Arc<EndpointSlice>>, plan: &SlicePlan, counter: &mut u32) {
    existing.retain(|slice| !plan.delete.iter().any(|gone| gone.metadata.name == slice.metadata.name));
    for updated in &plan.update {
        let old = existing.iter_mut().find(|slice| slice.metadata.name == updated.metadata.name).unwrap();
        *old = Arc::new(updated.clone());
    }
    for created in &plan.create {
        let mut slice = created.clone();
        *counter += 1;
        slice.metadata.name =
            slice.metadata.generate_name.take().map(|prefix| format!("{prefix}{counter:03}"));
        existing.push(Arc::new(slice));
    }
}

/// What should be published, derived without the planner: address, ports and conditions.
fn wanted(step: &Step) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for case in step.pods.iter().filter(|case| !case.ended && (step.publish || case.id % 4 != 3)) {
        let v4 = (step.families != 1).then(|| format!("10.0.0.{}", case.id));
        let v6 = (step.families != 0 && case.second_family)
            .then(|| std::net::IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, u16::from(case.id)]).to_string());
        let port = case.port.then(|| 8000 + u16::from(case.id % 2));
        for address in v4.into_iter().chain(v6) {
            let ready = step.publish || (case.ready && !case.terminating);
            all.insert(address, json!([port, ready, case.ready, case.terminating]));
        }
    }
    all
}

fn published(slices: &[Arc<EndpointSlice>]) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for slice in slices {
        let port = slice.ports.iter().flatten().next().and_then(|port| port.port);
        for endpoint in slice.endpoints.iter().flatten() {
            let c = endpoint.conditions.clone().unwrap();
            let before =
                all.insert(endpoint.addresses[0].clone(), json!([port, c.ready, c.serving, c.terminating]));
            assert!(before.is_none(), "{} stands in two slices", endpoint.addresses[0]);
        }
    }
    all
}

proptest! {
    #[test]
    fn plans_are_complete_exact_and_settled(steps in prop::collection::vec(step(), 1..5)) {
        let mut slices = Vec::new();
        let mut counter = 0;
        for step in &steps {
            let planned = plan(step, &slices, false);
            prop_assert_eq!(
                json!([planned.create, planned.update, planned.delete]).to_string(),
                {
                    let other = plan(step, &slices, true);
                    json!([other.create, other.update, other.delete]).to_string()
                }
            );
            apply(&mut slices, &planned, &mut counter);
            prop_assert_eq!(published(&slices), wanted(step));
            let again = plan(step, &slices, false);
            prop_assert!(again.is_empty(), "a second plan writes {again:?}");
            for slice in &slices {
                let count = slice.endpoints.iter().flatten().count();
                prop_assert!(count <= 3);
                prop_assert_eq!(slice.metadata.labels.as_ref().unwrap().contains_key("team"), step.label);
            }
        }
    }

    #[test]
    fn one_changed_pod_writes_one_slice(mut step in step(), at in any::<prop::sample::Index>()) {
        step.families = 0;
        let mut slices = Vec::new();
        apply(&mut slices, &plan(&step, &[], false), &mut 0);
        let alive: Vec<usize> = (0..step.pods.len()).filter(|i| !step.pods[*i].ended).collect();
        if !alive.is_empty() {
            let case = &mut step.pods[alive[at.index(alive.len())]];
            case.ready = !case.ready;
            let changed = plan(&step, &slices, false);
            prop_assert!(changed.update.len() <= 1 && changed.create.is_empty() && changed.delete.is_empty());
        }
    }
}

proptest! {
    #[test]
    fn one_pod_alone_is_planned_as_among_all(mut step in step(), at in any::<prop::sample::Index>(), change in 0..4_u8) {
        let mut slices = Vec::new();
        apply(&mut slices, &plan(&step, &[], false), &mut 0);
        if step.pods.is_empty() {
            return Ok(());
        }
        let place = at.index(step.pods.len());
        let case = &mut step.pods[place];
        match change {
            0 => case.ready = !case.ready,
            1 => case.terminating = !case.terminating,
            2 => case.port = !case.port,
            _ => case.ended = !case.ended,
        }
        let changed = pod(case);
        let holds = |slice: &&Arc<EndpointSlice>| {
            let targets = slice.endpoints.iter().flatten().filter_map(|endpoint| endpoint.target_ref.as_ref());
            targets.into_iter().any(|target| target.uid.as_deref() == Some(changed.meta.uid.as_str()))
        };
        let holding: Vec<_> = slices.iter().filter(holds).cloned().collect();
        let service = service(&step);
        let pods = [changed.clone()];
        let alone = plan_pod(&SliceInput::new(&service, &pods, &node, &holding).max_endpoints(3));
        let shown = |plan: &SlicePlan| json!([plan.create, plan.update, plan.delete]).to_string();
        let stays = change < 2 && !holding.is_empty() && !step.pods[place].ended;
        prop_assert!(alone.is_some() || !stays, "it has only changed where it stands");
        if let Some(alone) = alone {
            prop_assert_eq!(shown(&alone), shown(&plan(&step, &slices, false)));
        }
    }
}

/// 5,000 endpoints: one more pod touches one slice.
#[test]
fn a_large_service_changes_little() {
    let many: Vec<Arc<PodView>> = (0..5_000_u32)
        .map(|id| {
            let ip = std::net::Ipv4Addr::from(0x0a00_0000 + id).to_string();
            let value = json!({
                "metadata": {"name": format!("pod-{id}"), "namespace": "prod"},
                "spec": {"nodeName": "node-0"},
                "status": {"podIP": ip, "podIPs": [{"ip": ip}], "conditions": [{"type": "Ready", "status": "True"}]},
            });
            Arc::new(from_value(value).unwrap())
        })
        .collect();
    let step = Step { pods: Vec::new(), families: 0, publish: false, label: false, distribution: None };
    let service = service(&step);
    let mut slices = Vec::new();
    apply(&mut slices, &plan_slices(&SliceInput::new(&service, &many[1..], &node, &[])), &mut 0);
    assert_eq!(slices.len(), 50);
    let more = plan_slices(&SliceInput::new(&service, &many, &node, &slices));
    assert_eq!((more.create.len(), more.update.len(), more.delete.len()), (0, 1, 0));
}
