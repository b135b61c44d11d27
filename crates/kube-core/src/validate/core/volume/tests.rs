//! What the volumes of pods are made of.

use serde_json::{Value, json};

use crate::kinds::core::v1::Pod;
use crate::validate::check::{filled, refusals};

fn pod(volume: &Value) -> Value {
    let mut volume = volume.clone();
    volume["name"] = json!("v");
    json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "nginx"}], "volumes": [volume]}})
}

#[track_caller]
fn check(volume: &Value, expected: &[&str]) {
    let expected: Vec<String> = expected.iter().map(|error| format!("spec.volumes[0]{error}")).collect();
    assert_eq!(refusals::<Pod>(&pod(volume)), expected, "{volume}");
}

#[test]
fn disks_are_judged() {
    check(
        &json!({"gitRepo": {"repository": "", "directory": "../x"}}),
        &[
            ".gitRepo.repository: Required value",
            ".gitRepo.directory: Invalid value: \"../x\": must not contain '..'",
        ],
    );
    check(
        &json!({"gcePersistentDisk": {"pdName": "", "partition": 256}}),
        &[
            ".persistentDisk.pdName: Required value",
            ".persistentDisk.partition: Invalid value: 256: must be between 1 and 255, inclusive",
        ],
    );
    check(
        &json!({"awsElasticBlockStore": {"volumeID": ""}}),
        &[".awsElasticBlockStore.volumeID: Required value"],
    );
    check(
        &json!({"flocker": {"datasetName": "a/b", "datasetUUID": "u"}}),
        &[
            ".flocker: Invalid value: \"resource\": datasetName and datasetUUID can not be specified simultaneously",
            ".flocker.datasetName: Invalid value: \"a/b\": must not contain '/'",
        ],
    );
    check(
        &json!({"fc": {"targetWWNs": ["a"], "wwids": ["b"]}}),
        &[
            ".fc.targetWWNs: Invalid value: [\"a\"]: targetWWNs and wwids can not be specified simultaneously",
            ".fc.lun: Required value: lun is required if targetWWNs is specified",
        ],
    );
    check(
        &json!({"flexVolume": {"driver": "d", "options": {"kubernetes.io/x": "1", "a.k8s.io": "1", "xk8s.io": "1"}}}),
        &[
            ".flexVolume.options[a.k8s.io]: Invalid value: \"a.k8s.io\": kubernetes.io and k8s.io namespaces are reserved",
            ".flexVolume.options[kubernetes.io/x]: Invalid value: \"kubernetes.io/x\": kubernetes.io and k8s.io namespaces are reserved",
        ],
    );
}

#[test]
fn clusters_of_storage_are_judged() {
    check(&json!({"cephfs": {"monitors": []}}), &[".cephfs.monitors: Required value"]);
    check(
        &json!({"rbd": {"monitors": [], "image": ""}}),
        &[".rbd.monitors: Required value", ".rbd.image: Required value"],
    );
    check(&json!({"vsphereVolume": {"volumePath": ""}}), &[".vsphereVolume.volumePath: Required value"]);
    check(&json!({"portworxVolume": {"volumeID": ""}}), &[".portworxVolume.volumeID: Required value"]);
    check(&json!({"photonPersistentDisk": {"pdID": ""}}), &[".photonPersistentDisk.pdID: Required value"]);
    check(
        &json!({"scaleIO": {"gateway": "", "system": "", "secretRef": {"name": "s"}}}),
        &[
            ".scaleIO.gateway: Required value",
            ".scaleIO.system: Required value",
            ".scaleIO.volumeName: Required value",
        ],
    );
    check(
        &json!({"storageos": {"volumeNamespace": "n", "secretRef": {"name": ""}}}),
        &[".storageos.volumeName: Required value", ".storageos.secretRef.name: Required value"],
    );
    check(
        &json!({"azureFile": {"secretName": "", "shareName": ""}}),
        &[".azureFile.secretName: Required value", ".azureFile.shareName: Required value"],
    );
    check(
        &json!({"iscsi": {"targetPortal": "t", "iqn": "x", "lun": 0}}),
        &[".iscsi.iqn: Invalid value: \"x\": must be valid format starting with iqn, eui, or naa"],
    );
    check(
        &json!({"csi": {"driver": "d.io", "nodePublishSecretRef": {"name": "-"}}}),
        &[
            ".csi.name: Invalid value: \"-\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        ],
    );
}

#[test]
fn projections_behind_closed_gates_are_dropped() {
    let sources = json!([{"clusterTrustBundle": {"name": "x", "path": "a"}}, {"configMap": {"name": "m"}}]);
    let filled = filled::<Pod>(&pod(&json!({"projected": {"sources": sources}})));
    assert_eq!(
        filled["spec"]["volumes"][0]["projected"]["sources"],
        json!([{}, {"configMap": {"name": "m"}}]),
    );
}
