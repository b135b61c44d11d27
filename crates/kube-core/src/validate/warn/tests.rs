//! What is said of objects that are valid.

use crate::kinds::apps::v1::{Deployment, StatefulSet};
use crate::kinds::core::v1::{
    Node, PersistentVolume, PersistentVolumeClaim, Pod, Secret, Service, ServiceAccount,
};
use crate::kinds::networking::v1::{Ingress, NetworkPolicy};
use crate::kinds::node::v1::RuntimeClass;
use crate::kinds::storage::v1::{CSIStorageCapacity, StorageClass};
use crate::validate::Kind;
use crate::validate::check::{template, with};
use serde_json::{Value, json};

fn told<K: Kind>(object: &Value) -> Vec<String> {
    let mut object = K::decode(object).unwrap();
    object.set_defaults();
    assert_eq!(object.validate(), [], "a valid object");
    object.warnings(None)
}

fn pod(changes: &[(&str, Value)]) -> Vec<String> {
    let base = json!({"metadata": {"name": "a"}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
    told::<Pod>(&with(&base, changes))
}

#[test]
fn an_ordinary_pod_is_taken_without_a_word() {
    assert_eq!(pod(&[]), [""; 0]);
}

#[test]
fn names_of_pods_are_host_names() {
    let told = pod(&[("/metadata/name", "a.b".into())]);
    assert_eq!(
        told,
        [
            "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]"
        ]
    );
}

#[test]
fn old_labels_annotations_and_volumes_have_successors() {
    assert_eq!(
        pod(&[
            ("/spec/nodeSelector", json!({"beta.kubernetes.io/os": "linux"})),
            ("/metadata/annotations", json!({"scheduler.alpha.kubernetes.io/critical-pod": ""})),
            ("/spec/volumes", json!([{"name": "v", "gitRepo": {"repository": "r"}}])),
        ]),
        [
            "spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use \"kubernetes.io/os\" instead",
            "metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the \"priorityClassName\" field instead",
            "spec.volumes[0].gitRepo: deprecated in v1.11",
        ]
    );
}

#[test]
fn ports_variables_and_amounts_are_looked_at_in_every_container() {
    assert_eq!(
        pod(&[
            (
                "/spec/containers/0/env",
                json!([{"name": "A", "value": "1"}, {"name": "A", "value": "2"}, {"name": "A", "value": "$(A)3"}])
            ),
            (
                "/spec/containers/0/ports",
                json!([{"containerPort": 80}, {"containerPort": 80, "hostPort": 90, "hostIP": "127.0.0.1"}])
            ),
            ("/spec/containers/0/resources", json!({"limits": {"memory": "1100m"}})),
            ("/spec/hostAliases", json!([{"ip": "1.1.1.1"}, {"ip": "1.1.1.1"}])),
        ]),
        [
            "spec.hostAliases[1].ip: duplicate ip \"1.1.1.1\"",
            "spec.containers[0].resources.limits[memory]: fractional byte value \"1100m\" is invalid, must be an integer",
            "spec.containers[0].resources.requests[memory]: fractional byte value \"1100m\" is invalid, must be an integer",
            "spec.containers[0].env[1]: hides previous definition of \"A\", which may be dropped when using apply",
            "spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]",
        ]
    );
}

#[test]
fn selectors_that_select_nothing_are_told() {
    let term = json!({"topologyKey": "zone"});
    let told = pod(&[
        (
            "/spec/topologySpreadConstraints",
            json!([{"maxSkew": 1, "topologyKey": "failure-domain.beta.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule"}]),
        ),
        (
            "/spec/affinity",
            json!({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}),
        ),
    ]);
    assert_eq!(
        told,
        [
            "spec.topologySpreadConstraints[0].topologyKey: failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead",
            "spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod",
            "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: a null labelSelector results in matching no pod",
        ]
    );
}

#[test]
fn templates_are_told_with_their_path_and_only_when_they_change() {
    let base = json!({"metadata": {"name": "a.b"}, "spec": {"selector": {"matchLabels": {"app": "x"}}, "template": template()}});
    let object =
        with(&base, &[("/spec/template/spec/nodeSelector", json!({"beta.kubernetes.io/arch": "arm"}))]);
    let warnings = told::<Deployment>(&object);
    assert!(
        warnings[0].starts_with("metadata.name: this is used in Pod names and hostnames"),
        "{warnings:?}"
    );
    assert_eq!(
        warnings[1..],
        [
            "spec.template.spec.nodeSelector[beta.kubernetes.io/arch]: deprecated since v1.14; use \"kubernetes.io/arch\" instead"
        ]
    );
    let mut new = Deployment::decode(&object).unwrap();
    let old = new.clone();
    assert_eq!(new.warnings(Some(&old)), [""; 0], "nothing new is wanted");
    new.metadata.generation = Some(2);
    assert_eq!(new.warnings(Some(&old)).len(), 1);
    let set = with(&base, &[("/spec/serviceName", "s".into()), ("/spec/revisionHistoryLimit", (-1).into())]);
    let warnings = told::<StatefulSet>(&set);
    assert!(warnings[1].starts_with("spec.revisionHistoryLimit: a negative value"), "{warnings:?}");
}

#[test]
fn services_say_what_is_ignored() {
    let base = json!({"metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}], "clusterIP": "None"}});
    assert_eq!(
        told::<Service>(&with(
            &base,
            &[
                ("/spec/externalIPs", json!(["2001:db8::0:1"])),
                ("/spec/externalName", "x.example.com".into())
            ]
        )),
        [
            "spec.externalIPs is ignored for headless services",
            "spec.externalIPs[0]: IPv6 address \"2001:db8::0:1\" should be in RFC 5952 canonical format (\"2001:db8::1\")",
            "spec.externalName is ignored when spec.type is not \"ExternalName\"",
        ]
    );
}

#[test]
fn other_kinds_have_their_own() {
    let ingress = json!({
        "metadata": {"name": "a", "annotations": {"kubernetes.io/ingress.class": "n"}},
        "spec": {"defaultBackend": {"service": {"name": "s", "port": {"number": 80}}}},
    });
    assert_eq!(
        told::<Ingress>(&ingress),
        [
            "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"
        ]
    );
    let policy = json!({"metadata": {"name": "a"}, "spec": {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.1/8"}}]}]}});
    let warnings = NetworkPolicy::decode(&policy).unwrap().warnings(None);
    assert!(warnings[0].starts_with("spec.ingress[0].from[0].ipBlock.cidr: "), "{warnings:?}");
    let claim = json!({
        "metadata": {"name": "a", "annotations": {"volume.beta.kubernetes.io/storage-class": "s"}},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1500m"}}},
    });
    assert_eq!(
        told::<PersistentVolumeClaim>(&claim),
        [
            "metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use \"storageClassName\" attribute instead",
            "spec.resources.requests[storage]: fractional byte value \"1500m\" is invalid, must be an integer",
        ]
    );
    let volume = json!({"metadata": {"name": "a"}, "spec": {
        "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Recycle", "hostPath": {"path": "/tmp/x"},
    }});
    let warnings = PersistentVolume::decode(&volume).unwrap().warnings(None);
    assert!(
        warnings[0]
            .starts_with("spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated."),
        "{warnings:?}"
    );
}

#[test]
fn labels_of_nodes_have_successors_wherever_they_are_asked_for() {
    let class = json!({
        "metadata": {"name": "a"}, "provisioner": "p",
        "allowedTopologies": [{"matchLabelExpressions": [
            {"key": "zone", "values": ["a"]}, {"key": "failure-domain.beta.kubernetes.io/zone", "values": ["a"]},
        ]}],
    });
    assert_eq!(
        told::<StorageClass>(&class),
        [
            "allowedTopologies[0].matchLabelExpressions[1].key: deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"
        ]
    );
    let class = json!({
        "metadata": {"name": "a"}, "handler": "h",
        "scheduling": {"nodeSelector": {"beta.kubernetes.io/os": "linux", "x": "y"}},
    });
    assert_eq!(
        told::<RuntimeClass>(&class),
        ["scheduling.nodeSelector: deprecated since v1.14; use \"kubernetes.io/os\" instead"]
    );
    let capacity = json!({
        "metadata": {"name": "a"}, "storageClassName": "s",
        "nodeTopology": {
            "matchLabels": {"beta.kubernetes.io/arch": "x"},
            "matchExpressions": [{"key": "beta.kubernetes.io/os", "operator": "Exists"}],
        },
    });
    assert_eq!(
        told::<CSIStorageCapacity>(&capacity),
        [
            "nodeTopology.matchExpressions[0].key: beta.kubernetes.io/os is deprecated since v1.14; use \"kubernetes.io/os\" instead",
            "nodeTopology.matchLabels.beta.kubernetes.io/arch: deprecated since v1.14; use \"kubernetes.io/arch\" instead",
        ]
    );
}

#[test]
fn fields_of_nodes_that_nobody_reads_are_told() {
    let node = json!({
        "metadata": {"name": "a"},
        "spec": {"externalID": "x", "configSource": {}, "podCIDRs": ["2001:DB8::/64"], "podCIDR": "2001:DB8::/64"},
    });
    assert_eq!(
        told::<Node>(&node),
        [
            "spec.configSource: the feature is removed",
            "spec.externalID: this field is deprecated, and is unused by Kubernetes",
            "spec.podCIDRs[0]: IPv6 CIDR value \"2001:DB8::/64\" should be in RFC 5952 canonical format (\"2001:db8::/64\")",
        ]
    );
}

#[test]
fn certificates_and_keys_are_pem() {
    let check = |certificate: &str, key: &str, expected: &[&str]| {
        let secret = json!({
            "metadata": {"name": "a"}, "type": "kubernetes.io/tls",
            "stringData": {"tls.crt": certificate, "tls.key": key},
        });
        assert_eq!(told::<Secret>(&secret), expected);
    };
    let block =
        |kind: &str| format!("text before\n-----BEGIN {kind}-----\nAAAA\nBB==\n-----END {kind}-----\n");
    let (certificate, key) = (block("CERTIFICATE"), block("EC PRIVATE KEY"));
    check(&certificate, &key, &[]);
    check("", &key, &["tls: failed to find any PEM data in certificate input"]);
    check(&certificate, "x", &["tls: failed to find any PEM data in key input"]);
    check(
        &key,
        &certificate,
        &[
            "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched",
        ],
    );
    check(
        &certificate,
        &certificate,
        &["tls: found a certificate rather than a key in the PEM for the private key"],
    );
    check(
        &format!("{}{}", block("X"), block("Y")),
        &key,
        &[
            "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM blocks of the following types: [X Y]",
        ],
    );
    check(
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END X-----\n",
        &key,
        &["tls: failed to find any PEM data in certificate input"],
    );
}

#[test]
fn the_limit_of_secrets_is_told_when_it_is_new() {
    let account: ServiceAccount = serde_json::from_value(
        json!({"metadata": {"name": "a", "annotations": {"kubernetes.io/enforce-mountable-secrets": "true"}}}),
    )
    .unwrap();
    let text = "metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets";
    assert_eq!(account.warnings(None), [text]);
    assert_eq!(account.warnings(Some(&ServiceAccount::default())), [text]);
    assert_eq!(account.warnings(Some(&account)), [""; 0]);
}

#[test]
fn an_account_keeps_the_names_of_its_secrets() {
    let mut account: ServiceAccount =
        serde_json::from_value(json!({"secrets": [{"name": "a", "namespace": "n", "uid": "u"}]})).unwrap();
    account.prepare_create();
    assert_eq!(serde_json::to_value(&account).unwrap()["secrets"], json!([{"name": "a"}]));
}
