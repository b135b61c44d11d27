//! A container's variables and a volume's files, from objects that are there, missing or optional.

use super::{
    ClusterDns, EnvError, Objects, container_env, pod_dns, projected_files, service_variables,
    services_of_pod,
};
use crate::kinds::core::v1::{ConfigMap, Pod, Secret, Service};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn read<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

struct One {
    map: ConfigMap,
    secret: Secret,
}

impl Objects for One {
    fn config_map(&self, name: &str) -> Option<&ConfigMap> {
        (name == "m").then_some(&self.map)
    }

    fn secret(&self, name: &str) -> Option<&Secret> {
        (name == "s").then_some(&self.secret)
    }
}

fn objects() -> One {
    One {
        map: read(json!({"data": {"A": "1", "b=c": "2"}, "binaryData": {"bin": "AAE="}})),
        secret: read(json!({"data": {"P": "cHc="}})),
    }
}

fn pod(container: Value) -> Pod {
    let mut container = container;
    container["name"] = json!("c");
    read(json!({
        "metadata": {"name": "p", "namespace": "ns", "labels": {"app": "x"}},
        "spec": {"nodeName": "n", "containers": [container]},
        "status": {"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]},
    }))
}

fn env(container: Value) -> Result<BTreeMap<String, String>, EnvError> {
    let pod = pod(container);
    let container = &pod.spec.as_ref().unwrap().containers[0];
    let services = [("WEB_SERVICE_HOST".to_owned(), "10.0.0.9".to_owned())];
    container_env(&pod, container, &objects(), &services, &read(json!({"cpu": "4"})))
}

#[test]
fn later_variables_see_earlier_ones_and_services() {
    let made = env(json!({
        "envFrom": [{"prefix": "X_", "configMapRef": {"name": "m"}}, {"secretRef": {"name": "s"}}],
        "env": [
            {"name": "U", "value": "$(V) $(X_A) $(WEB_SERVICE_HOST)"},
            {"name": "V", "value": "$(P)!"},
            {"name": "IPS", "valueFrom": {"fieldRef": {"fieldPath": "status.podIPs"}}},
            {"name": "APP", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
            {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
            {"name": "GONE", "valueFrom": {"secretKeyRef": {"name": "s", "key": "x", "optional": true}}},
        ],
    }))
    .unwrap();
    let expected = [
        ("APP", "x"),
        ("CPU", "4"),
        ("IPS", "10.0.0.1,fd00::1"),
        ("P", "pw"),
        ("U", "$(V) 1 10.0.0.9"),
        ("V", "pw!"),
        ("WEB_SERVICE_HOST", "10.0.0.9"),
        ("X_A", "1"),
    ];
    let made: Vec<(&str, &str)> = made.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(made, expected);
}

#[test]
fn what_is_missing_is_named() {
    let check = |container: Value, expected: &str| {
        assert_eq!(env(container).unwrap_err().to_string(), expected);
    };
    check(json!({"envFrom": [{"secretRef": {"name": "t"}}]}), "secret \"t\" not found");
    let from = |source: Value| json!({"env": [{"name": "A", "valueFrom": source}]});
    check(
        from(json!({"configMapKeyRef": {"name": "m", "key": "z"}})),
        "couldn't find key z in ConfigMap ns/m",
    );
    check(from(json!({"configMapKeyRef": {"name": "o", "key": "z"}})), "configmap \"o\" not found");
    check(from(json!({"fieldRef": {"fieldPath": "spec.x"}})), "unsupported fieldPath: spec.x");
    check(
        from(json!({"resourceFieldRef": {"containerName": "d", "resource": "limits.cpu"}})),
        "container d not found",
    );
}

#[test]
fn a_projected_volume_lays_its_sources_over_each_other() {
    let volume = read(json!({"defaultMode": 256, "sources": [
        {"configMap": {"name": "m"}},
        {"secret": {"name": "s", "items": [{"key": "P", "path": "A", "mode": 511}]}},
        {"configMap": {"name": "gone", "optional": true}},
        {"downwardAPI": {"items": [{"path": "node", "fieldRef": {"fieldPath": "spec.nodeName"}}]}},
        {"serviceAccountToken": {"path": "token", "audience": "vault"}},
    ]}));
    let none = BTreeMap::new();
    let token = |audience: &str, seconds| format!("{audience} {seconds}");
    let files = projected_files(&pod(json!({})), &volume, &objects(), &none, &token).unwrap();
    let shown: Vec<(&str, &[u8], i32)> =
        files.iter().map(|(path, file)| (path.as_str(), &file.data[..], file.mode)).collect();
    assert_eq!(
        shown,
        [
            ("A", &b"pw"[..], 0o777),
            ("b=c", b"2", 0o400),
            ("bin", &[0, 1], 0o400),
            ("node", b"n", 0o400),
            ("token", b"vault 3600", 0o400),
        ]
    );
    let volume = read(json!({"sources": [{"secret": {"name": "s", "items": [{"key": "q", "path": "q"}]}}]}));
    let error = projected_files(&pod(json!({})), &volume, &objects(), &none, &token).unwrap_err();
    assert_eq!(error.to_string(), "references non-existent secret key: q");
}

#[test]
fn pods_are_told_of_the_services_around_them() {
    let service = |namespace: &str, name: &str, ip: &str| -> Service {
        read(json!({"metadata": {"name": name, "namespace": namespace},
            "spec": {"clusterIP": ip, "ports": [{"port": 1}]}}))
    };
    let all = [
        service("default", "kubernetes", "10.0.0.1"),
        service("default", "other", "10.0.0.2"),
        service("ns", "web", "10.0.0.3"),
        service("ns", "headless", "None"),
    ];
    let names = |links| {
        let services = services_of_pod(&all, "ns", links);
        services.iter().map(|service| service.metadata.name.clone().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(names(true), ["kubernetes", "web"]);
    assert_eq!(names(false), ["kubernetes"]);
    assert_eq!(service_variables(&all[3..]), []);
}

#[test]
fn resolver_settings_stay_within_limits() {
    let domain = "d".repeat(250);
    let config = json!({"searches": (0..40).map(|n| format!("{n:02}{domain}")).collect::<Vec<_>>(),
        "nameservers": ["1.1.1.1", "1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4"]});
    let mut pod = pod(json!({}));
    let spec = pod.spec.as_mut().unwrap();
    spec.dns_policy = Some("None".to_owned());
    spec.dns_config = Some(read(config));
    let made = pod_dns(&pod, &ClusterDns::default(), "nameserver 9.9.9.9\n");
    assert_eq!(made.nameservers, ["1.1.1.1", "2.2.2.2", "3.3.3.3"]);
    assert_eq!(made.searches.len(), 8, "2048 characters hold eight of 252 and the blanks between");
}
