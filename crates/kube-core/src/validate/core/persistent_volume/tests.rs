//! What volumes of the cluster are made of.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::kinds::core::v1::PersistentVolume;
use crate::validate::Kind;
use crate::validate::check::{filled, refusals, update_refusals, with};

fn of(source: &Value) -> Value {
    let base = json!({
        "metadata": {"name": "v"},
        "spec": {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}},
    });
    let mut object = base;
    for (field, value) in source.as_object().unwrap() {
        object["spec"][field] = value.clone();
    }
    object
}

#[track_caller]
fn check(source: &Value, expected: &[&str]) {
    assert_eq!(refusals::<PersistentVolume>(&of(source)), expected, "{source}");
}

#[test]
fn a_volume_has_one_source() {
    check(&json!({}), &["spec: Required value: must specify a volume type"]);
    check(
        &json!({"nfs": {"server": "s", "path": "/"}, "hostPath": {"path": "/x"}}),
        &["spec.nfs: Forbidden: may not specify more than 1 volume type"],
    );
    check(&json!({"hostPath": {"path": "/x"}, "flexVolume": {"driver": "d/x"}}), &[]);
}

#[test]
fn drivers_name_volumes_and_secrets() {
    check(&json!({"csi": {"driver": "d.io", "volumeHandle": "h"}}), &[]);
    check(
        &json!({"csi": {"driver": "-", "controllerExpandSecretRef": {"name": "A"}}}),
        &[
            "spec.csi.driver: Invalid value: \"-\": an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'Example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
            "spec.csi.volumeHandle: Required value",
            "spec.csi.controllerExpandSecretRef.name: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
            "spec.csi.controllerExpandSecretRef.namespace: Required value",
        ],
    );
    check(
        &json!({"nfs": {"server": "s", "path": "/"}, "volumeAttributesClassName": ""}),
        &[
            "spec.volumeAttributesClassName: Required value: an empty string is disallowed",
            "spec.csi: Required value: has to be specified when using volumeAttributesClassName",
        ],
    );
}

#[test]
fn what_is_on_a_node_stays_there() {
    check(
        &json!({"local": {"path": "/a/../b"}}),
        &[
            "spec.local.path: Invalid value: \"/a/../b\": must not contain '..'",
            "spec.nodeAffinity: Required value: Local volume requires node affinity",
        ],
    );
    check(
        &json!({"hostPath": {"path": "/./"}, "persistentVolumeReclaimPolicy": "Recycle"}),
        &["spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"],
    );
}

#[test]
fn disks_of_providers() {
    let iscsi = |name: &str, more: Value| {
        let mut iscsi = json!({"targetPortal": "1.2.3.4", "iqn": name, "lun": 0});
        for (field, value) in more.as_object().unwrap() {
            iscsi[field] = value.clone();
        }
        json!({"iscsi": iscsi})
    };
    check(&iscsi("iqn.2015-02.example.com:test", json!({})), &[]);
    check(&iscsi("eui.0123456789ABCDEF", json!({})), &[]);
    check(
        &iscsi("iqn.2015.example.com:test", json!({"lun": 256, "chapAuthSession": true})),
        &[
            "spec.iscsi.iqn: Invalid value: \"iqn.2015.example.com:test\": must be valid format",
            "spec.iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive",
            "spec.iscsi.secretRef: Required value",
        ],
    );
    let long = "x".repeat(63);
    check(
        &iscsi("iqn.2015-02.example.com:test", json!({"targetPortal": long, "initiatorName": "other"})),
        &[
            &format!(
                "spec.iscsi.targetportal: Invalid value: \"{long}\": Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified."
            ),
            "spec.iscsi.initiatorname: Invalid value: \"other\": must be valid format",
        ],
    );
    check(
        &json!({"azureDisk": {"diskName": "d", "diskURI": "x", "kind": "Managed"}}),
        &[
            "spec.azureDisk.diskURI: Unsupported value: \"x\": supported values: \"/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}\"",
        ],
    );
    check(
        &json!({"glusterfs": {"endpoints": "e", "path": "p", "endpointsNamespace": ""}}),
        &[
            "spec.glusterfs.endpointsNamespace: Invalid value: \"\": if the endpointnamespace is set, it must be a valid namespace name",
        ],
    );
    check(&json!({"cephfs": {"monitors": []}}), &["spec.cephfs.monitors: Required value"]);
    check(
        &json!({"cinder": {"volumeID": "", "secretRef": {"name": "s"}}}),
        &["spec.cinder.volumeID: Required value", "spec.cinder.secretRef.namespace: Required value"],
    );
    check(
        &json!({"quobyte": {"registry": "a:1,b", "volume": "v"}}),
        &[
            "spec.quobyte.registry: Invalid value: \"a:1,b\": must be a host:port pair or multiple pairs separated by commas",
        ],
    );
}

#[test]
fn sources_are_filled() {
    let rbd = of(&json!({"rbd": {"monitors": ["m"], "image": "i"}}));
    assert_eq!(
        filled::<PersistentVolume>(&rbd)["spec"]["rbd"],
        json!({"monitors": ["m"], "image": "i", "pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"}),
    );
    let scale = of(&json!({"scaleIO": {"gateway": "g", "system": "s", "secretRef": {"name": "x"}}}));
    assert_eq!(
        filled::<PersistentVolume>(&scale)["spec"]["scaleIO"]["storageMode"],
        json!("ThinProvisioned"),
    );
}

#[test]
fn a_source_stays_but_may_learn_the_secret_for_growing() {
    let old = of(&json!({"csi": {"driver": "d.io", "volumeHandle": "h"}}));
    let secret = json!({"name": "s", "namespace": "n"});
    let grown = with(&old, &[("/spec/csi/controllerExpandSecretRef", secret)]);
    assert_eq!(update_refusals::<PersistentVolume>(&old, &grown), Vec::<String>::new());
    let other = with(&grown, &[("/spec/csi/controllerExpandSecretRef/name", json!("t"))]);
    let immutable =
        "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation";
    assert_eq!(update_refusals::<PersistentVolume>(&grown, &other), [immutable]);
    let classed = with(&old, &[("/spec/volumeAttributesClassName", json!("c"))]);
    assert_eq!(update_refusals::<PersistentVolume>(&old, &classed), Vec::<String>::new());
    assert_eq!(
        update_refusals::<PersistentVolume>(&classed, &old),
        ["spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden"],
    );
}

#[test]
fn a_new_volume_is_pending_since_it_was_made() {
    let mut volume = PersistentVolume::decode(&with(
        &of(&json!({"nfs": {"server": "s", "path": "/"}})),
        &[
            ("/metadata/creationTimestamp", json!("2026-01-01T00:00:00Z")),
            ("/status", json!({"phase": "Bound", "message": "x"})),
        ],
    ))
    .unwrap();
    volume.set_defaults();
    volume.prepare_create();
    assert_eq!(
        serde_json::to_value(volume.status).unwrap(),
        json!({"phase": "Pending", "lastPhaseTransitionTime": "2026-01-01T00:00:00Z"}),
    );
}

#[test]
fn a_volume_tells_since_when_it_is_in_its_phase() {
    let (then, now) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(60).unwrap());
    let other = Timestamp::from_second(30).unwrap();
    let volume = |phase: &str, since: Option<Timestamp>| {
        let since = since.map(|since| since.to_string());
        let status = json!({"phase": phase, "lastPhaseTransitionTime": since});
        PersistentVolume::decode(&json!({"metadata": {"name": "v"}, "status": status})).unwrap()
    };
    let old = volume("Available", Some(then));
    for (phase, given, wanted) in [
        ("Available", None, then),
        ("Bound", None, now),
        ("Bound", Some(then), now),
        ("Bound", Some(other), other),
        ("Available", Some(other), other),
    ] {
        let mut new = volume(phase, given);
        new.prepare_status_update(&old, now);
        let since = new.status.unwrap().last_phase_transition_time.unwrap();
        assert_eq!(since.0, wanted, "{phase} {given:?}");
    }
}

#[test]
fn the_affinity_of_a_volume_stays_but_labels_may_get_their_stable_names() {
    let volume = |key: &str, value: &str| {
        let expression = json!({"key": key, "operator": "In", "values": [value]});
        let terms = json!([{"matchExpressions": [expression]}]);
        let affinity = json!({"required": {"nodeSelectorTerms": terms}});
        with(
            &of(&json!({"csi": {"driver": "d.io", "volumeHandle": "h"}})),
            &[("/spec/nodeAffinity", affinity)],
        )
    };
    let beta = volume("failure-domain.beta.kubernetes.io/zone", "a");
    let stable = volume("topology.kubernetes.io/zone", "a");
    assert_eq!(update_refusals::<PersistentVolume>(&beta, &stable), [""; 0]);
    for (old, new) in [
        (&stable, &beta),
        (&beta, &volume("topology.kubernetes.io/region", "a")),
        (&beta, &volume("topology.kubernetes.io/zone", "b")),
    ] {
        let refused = update_refusals::<PersistentVolume>(old, new);
        assert!(refused.len() == 1 && refused[0].ends_with("field is immutable"), "{refused:?}");
    }
}
