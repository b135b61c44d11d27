//! Nodes, deployments and services.

use super::names::{labels, name};
use super::pods::pod_spec;
use crate::kinds::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use crate::kinds::core::v1::{
    Node, NodeCondition, NodeSpec, NodeStatus, PodTemplateSpec, Service, ServicePort, ServiceSpec, Taint,
};
use crate::kinds::meta::v1::{LabelSelector, ObjectMeta};
use crate::kinds::{ApiQuantity, IntOrString};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::select;
use std::collections::BTreeMap;

/// Nodes, ready or not, with what they hold and taints.
pub fn node() -> impl Strategy<Value = Node> {
    let effect = select(vec!["NoSchedule", "PreferNoSchedule", "NoExecute"]);
    let taints = btree_map(name(), effect, 0..3);
    (name(), labels(), taints, 1_u32..128, 1_u32..512, any::<(bool, bool)>()).prop_map(
        |(name, labels, taints, cpus, gigabytes, (ready, unschedulable))| {
            let taint =
                |(key, effect): (String, &str)| Taint { key, effect: effect.to_owned(), ..Taint::default() };
            let taints: Vec<Taint> = taints.into_iter().map(taint).collect();
            let capacity = BTreeMap::from([
                ("cpu".to_owned(), ApiQuantity(cpus.to_string())),
                ("memory".to_owned(), ApiQuantity(format!("{gigabytes}Gi"))),
                ("pods".to_owned(), ApiQuantity("110".to_owned())),
            ]);
            let condition = NodeCondition {
                type_: "Ready".to_owned(),
                status: if ready { "True" } else { "False" }.to_owned(),
                ..NodeCondition::default()
            };
            Node {
                metadata: ObjectMeta { name: Some(name), labels: Some(labels), ..ObjectMeta::default() },
                spec: Some(NodeSpec {
                    taints: (!taints.is_empty()).then_some(taints),
                    unschedulable: unschedulable.then_some(true),
                    ..NodeSpec::default()
                }),
                status: Some(NodeStatus {
                    capacity: Some(capacity),
                    conditions: Some(vec![condition]),
                    ..NodeStatus::default()
                }),
            }
        },
    )
}

/// A number or a percentage, above zero.
fn count() -> impl Strategy<Value = IntOrString> {
    prop_oneof![
        (1_i32..10).prop_map(IntOrString::Int),
        (1_u32..=100).prop_map(|percent| IntOrString::String(format!("{percent}%"))),
    ]
}

/// Deployments of the namespace `default` that select their own pods.
pub fn deployment() -> impl Strategy<Value = Deployment> {
    let strategy = option::of((option::of(count()), option::of(count())));
    (name(), labels(), pod_spec(), 0_i32..20, strategy).prop_map(
        |(name, mut labels, spec, replicas, strategy)| {
            labels.insert("app".to_owned(), name.clone());
            let own = BTreeMap::from([("app".to_owned(), name.clone())]);
            let template = PodTemplateSpec {
                metadata: Some(ObjectMeta { labels: Some(labels), ..ObjectMeta::default() }),
                spec: Some(spec),
            };
            let strategy = strategy.map(|(max_unavailable, max_surge)| DeploymentStrategy {
                type_: Some("RollingUpdate".to_owned()),
                rolling_update: Some(RollingUpdateDeployment { max_unavailable, max_surge }),
            });
            Deployment {
                metadata: in_default(name),
                spec: Some(DeploymentSpec {
                    replicas: Some(replicas),
                    selector: LabelSelector { match_labels: Some(own), ..LabelSelector::default() },
                    strategy,
                    template,
                    ..DeploymentSpec::default()
                }),
                status: None,
            }
        },
    )
}

/// Services of the namespace `default`: headless ones, and others.
pub fn service() -> impl Strategy<Value = Service> {
    let kinds = select(vec!["ClusterIP", "NodePort", "LoadBalancer"]);
    let protocols = vec(select(vec!["TCP", "UDP"]), 4);
    let ports = btree_set(1_u16..=u16::MAX, 1..4);
    (name(), labels(), ports, protocols, kinds, any::<bool>()).prop_map(
        |(name, selector, ports, protocols, kind, headless)| {
            let port = |(number, protocol): (u16, &str)| ServicePort {
                name: Some(format!("p{number}")),
                port: number.into(),
                protocol: Some(protocol.to_owned()),
                ..ServicePort::default()
            };
            let ports = ports.into_iter().zip(protocols).map(port).collect();
            let headless = headless && kind == "ClusterIP";
            Service {
                metadata: in_default(name),
                spec: Some(ServiceSpec {
                    type_: Some(kind.to_owned()),
                    cluster_ip: headless.then(|| "None".to_owned()),
                    cluster_ips: headless.then(|| vec!["None".to_owned()]),
                    selector: Some(selector),
                    ports: Some(ports),
                    ..ServiceSpec::default()
                }),
                status: None,
            }
        },
    )
}

fn in_default(name: String) -> ObjectMeta {
    ObjectMeta { name: Some(name), namespace: Some("default".to_owned()), ..ObjectMeta::default() }
}
