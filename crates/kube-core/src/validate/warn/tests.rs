//! What is said of objects that are valid.

use crate::kinds::apps::v1::{Deployment, StatefulSet};
use crate::kinds::core::v1::{PersistentVolume, PersistentVolumeClaim, Pod, Service};
use crate::kinds::networking::v1::{Ingress, NetworkPolicy};
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
