//! Pods.

use super::names::{label_selector, labels, name};
use crate::kinds::core::v1::{
    ConfigMapVolumeSource, Container, ContainerPort, EmptyDirVolumeSource, EnvVar, HTTPGetAction, Pod,
    PodSpec, Probe, ResourceRequirements, Toleration, TopologySpreadConstraint, Volume, VolumeMount,
};
use crate::kinds::meta::v1::ObjectMeta;
use crate::kinds::{ApiQuantity, IntOrString};

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::select;
use std::collections::BTreeMap;

/// Requests of cpu and memory, and limits that are as much or more.
fn resources() -> impl Strategy<Value = ResourceRequirements> {
    let amounts = (1_u32..4_000, 1_u32..8_192, 0_u32..3, any::<bool>());
    amounts.prop_map(|(cpu, memory, more, limited)| {
        let list = |times: u32| {
            BTreeMap::from([
                ("cpu".to_owned(), ApiQuantity(format!("{}m", cpu * times))),
                ("memory".to_owned(), ApiQuantity(format!("{}Mi", memory * times))),
            ])
        };
        ResourceRequirements {
            requests: Some(list(1)),
            limits: limited.then(|| list(1 + more)),
            ..ResourceRequirements::default()
        }
    })
}

fn ports() -> impl Strategy<Value = Vec<ContainerPort>> {
    btree_set(1_u16..=u16::MAX, 0..3).prop_map(|numbers| {
        let port = |number: u16| ContainerPort {
            container_port: number.into(),
            name: Some(format!("p{number}")),
            ..ContainerPort::default()
        };
        numbers.into_iter().map(port).collect()
    })
}

fn env() -> impl Strategy<Value = Vec<EnvVar>> {
    vec(("[A-Z_][A-Z0-9_]{0,6}", "[ -~]{0,8}"), 0..3).prop_map(|variables| {
        let variable =
            |(name, value): (String, String)| EnvVar { name, value: Some(value), ..EnvVar::default() };
        variables.into_iter().map(variable).collect()
    })
}

fn probe() -> impl Strategy<Value = Probe> {
    (1_u16..=u16::MAX, 0_i32..30, 1_i32..30).prop_map(|(port, delay, period)| Probe {
        http_get: Some(HTTPGetAction {
            path: Some("/healthz".to_owned()),
            port: IntOrString::Int(port.into()),
            ..HTTPGetAction::default()
        }),
        initial_delay_seconds: Some(delay),
        period_seconds: Some(period),
        ..Probe::default()
    })
}

/// Containers, named by themselves.
pub fn container() -> impl Strategy<Value = Container> {
    let image = select(vec!["nginx", "nginx:1.27", "registry.example.com/team/app:v2", "busybox:latest"]);
    (name(), image, option::of(resources()), ports(), env(), option::of(probe())).prop_map(
        |(name, image, resources, ports, env, readiness_probe)| Container {
            name,
            image: Some(image.to_owned()),
            resources,
            ports: (!ports.is_empty()).then_some(ports),
            env: (!env.is_empty()).then_some(env),
            readiness_probe,
            ..Container::default()
        },
    )
}

fn tolerations() -> impl Strategy<Value = Vec<Toleration>> {
    let effect = select(vec!["NoSchedule", "PreferNoSchedule", "NoExecute"]);
    vec((name(), any::<bool>(), effect), 0..3).prop_map(|list| {
        let toleration = |(key, exists, effect): (String, bool, &str)| Toleration {
            key: Some(key),
            operator: Some(if exists { "Exists" } else { "Equal" }.to_owned()),
            value: (!exists).then(|| "x".to_owned()),
            effect: Some(effect.to_owned()),
            ..Toleration::default()
        };
        list.into_iter().map(toleration).collect()
    })
}

fn spread() -> impl Strategy<Value = Vec<TopologySpreadConstraint>> {
    let keys = prop_oneof![select(vec!["topology.kubernetes.io/zone", "kubernetes.io/hostname"])];
    btree_map(keys, (label_selector(), 1_i32..4), 0..2).prop_map(|constraints| {
        let constraint = |(key, (selector, skew)): (&str, _)| TopologySpreadConstraint {
            topology_key: key.to_owned(),
            label_selector: Some(selector),
            max_skew: skew,
            when_unsatisfiable: "ScheduleAnyway".to_owned(),
            ..TopologySpreadConstraint::default()
        };
        constraints.into_iter().map(constraint).collect()
    })
}

/// Specs of pods: one to three containers, maybe an init container, volumes and rules for the scheduler.
pub fn pod_spec() -> impl Strategy<Value = PodSpec> {
    let containers = vec(container(), 1..4);
    let init = option::of(container());
    let volumes = vec(any::<bool>(), 0..3);
    let node_selector = option::of(labels());
    (containers, init, volumes, node_selector, tolerations(), spread()).prop_map(
        |(mut containers, init, volumes, node_selector, tolerations, spread)| {
            // Names are unique in a pod.
            for (index, container) in containers.iter_mut().enumerate() {
                container.name = format!("{}-{index}", container.name);
            }
            let init = init.map(|container| Container {
                name: format!("{}-init", container.name),
                readiness_probe: None,
                ..container
            });
            let volumes: Vec<Volume> = volumes.into_iter().enumerate().map(volume).collect();
            let mount = |volume: &Volume| VolumeMount {
                name: volume.name.clone(),
                mount_path: format!("/mnt/{}", volume.name),
                ..VolumeMount::default()
            };
            if let (Some(first), false) = (containers.first_mut(), volumes.is_empty()) {
                first.volume_mounts = Some(volumes.iter().map(mount).collect());
            }
            PodSpec {
                containers,
                init_containers: init.map(|container| vec![container]),
                volumes: (!volumes.is_empty()).then_some(volumes),
                node_selector,
                tolerations: (!tolerations.is_empty()).then_some(tolerations),
                topology_spread_constraints: (!spread.is_empty()).then_some(spread),
                ..PodSpec::default()
            }
        },
    )
}

fn volume((index, from_map): (usize, bool)) -> Volume {
    let map = ConfigMapVolumeSource { name: "settings".to_owned(), ..ConfigMapVolumeSource::default() };
    Volume {
        name: format!("volume-{index}"),
        config_map: from_map.then_some(map),
        empty_dir: (!from_map).then(EmptyDirVolumeSource::default),
        ..Volume::default()
    }
}

/// Pods of the namespace `default`.
pub fn pod() -> impl Strategy<Value = Pod> {
    (name(), labels(), pod_spec()).prop_map(|(name, labels, spec)| Pod {
        metadata: ObjectMeta {
            name: Some(name),
            namespace: Some("default".to_owned()),
            labels: Some(labels),
            ..ObjectMeta::default()
        },
        spec: Some(spec),
        status: None,
    })
}
