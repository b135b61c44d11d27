//! Claims come before their pods, and are owned as the policy wants.

use super::claims::{Owners, Retention, claims_of, is_claim_of};
use super::plan::Op;
use super::tests::{Claims, NEW, plan_with, pod, set, told};
use kube_core::kinds::apps::v1::StatefulSet;
use kube_core::resource::ResourceExt;
use serde_json::{Value, from_value, json};
use std::sync::Arc;

fn with_claims(spec: &Value) -> StatefulSet {
    let template = json!({ "metadata": { "name": "data", "labels": { "tier": "db" } }, "spec": {} });
    let mut whole = json!({ "volumeClaimTemplates": [template] });
    for (field, value) in spec.as_object().expect("fields") {
        whole[field] = value.clone();
    }
    set(&whole)
}

fn claim(name: &str, owners: &Value, terminating: bool) -> Claims {
    let object = json!({
        "metadata": {
            "name": name, "namespace": "default", "ownerReferences": owners,
            "deletionTimestamp": terminating.then_some("1970-01-01T00:00:00Z"),
        },
    });
    Claims::from([(name.to_owned(), Arc::new(from_value(object).expect("a claim")))])
}

#[test]
fn claims_come_before_their_pod() {
    let set = with_claims(&json!({}));
    let plan = plan_with(&set, &[], &Claims::new());
    assert_eq!(told(&plan), ["claim data-web-0 for web-0", "create web-0 web-new"]);
    let Op::CreateClaim(_, made) = &plan.ops[0] else { panic!("{:?}", plan.ops) };
    let labels = made.metadata.labels.as_ref().expect("labels");
    assert_eq!((labels["app"].as_str(), labels["tier"].as_str()), ("web", "db"));
    assert_eq!(made.metadata.owner_references, None);
    let Op::Create(made) = &plan.ops[1] else { panic!("{:?}", plan.ops) };
    let spec = made.spec.as_ref().expect("a spec");
    assert_eq!((spec.hostname.as_deref(), spec.subdomain.as_deref()), (Some("web-0"), Some("nginx")));
    let source = spec.volumes.as_ref().expect("a volume")[0].persistent_volume_claim.as_ref();
    assert_eq!(source.expect("a claim").claim_name, "data-web-0");

    let lost = plan_with(&set, &[pod(0, NEW, "pending")], &Claims::new());
    assert_eq!(
        told(&lost),
        ["claim data-web-0 for web-0"],
        "a pending pod may wait for a claim that was lost"
    );
    let going = plan_with(&set, &[], &claim("data-web-0", &json!([]), true));
    assert!(going.ops.is_empty() && going.events[0].2.contains("pvc data-web-0 is being deleted"));
    assert!(
        is_claim_of(&set, "data-web-7") && !is_claim_of(&set, "data-web-x") && !is_claim_of(&set, "web-7")
    );
}

#[test]
fn the_policy_decides_who_owns_claims() {
    let policy = |deleted: &str, scaled: &str| {
        json!({
            "replicas": 1,
            "persistentVolumeClaimRetentionPolicy": { "whenDeleted": deleted, "whenScaled": scaled },
        })
    };
    let pods = [pod(0, NEW, "ready"), pod(1, NEW, "ready")];
    let owned = |policy: &Value, name: &str, owners: &Value| {
        let plan = plan_with(&with_claims(policy), &pods, &claim(name, owners, false));
        told(&plan).into_iter().filter(|op| op.starts_with("own")).collect::<Vec<_>>()
    };
    let of_set = json!([{ "apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "s", "controller": true }]);
    let none = json!([]);
    assert!(owned(&policy("Retain", "Retain"), "data-web-0", &none).is_empty());
    assert_eq!(owned(&policy("Retain", "Retain"), "data-web-0", &of_set), ["own data-web-0 []"]);
    assert_eq!(owned(&policy("Delete", "Retain"), "data-web-0", &none), [r#"own data-web-0 ["web"]"#]);
    assert!(owned(&policy("Delete", "Retain"), "data-web-0", &of_set).is_empty());
    assert_eq!(owned(&policy("Delete", "Delete"), "data-web-1", &of_set), [r#"own data-web-1 ["web-1"]"#]);
    assert!(owned(&policy("Retain", "Delete"), "data-web-0", &none).is_empty());
    assert_eq!(owned(&policy("Retain", "Delete"), "data-web-1", &none), [r#"own data-web-1 ["web-1"]"#]);
    let stranger =
        json!([{ "apiVersion": "v1", "kind": "Other", "name": "x", "uid": "x", "controller": true }]);
    assert!(owned(&policy("Delete", "Delete"), "data-web-1", &stranger).is_empty());
    for former in [("apps/v1", "StatefulSet", "web"), ("v1", "Pod", "web-0")] {
        let (api_version, kind, name) = former;
        let former = json!([{ "apiVersion": api_version, "kind": kind, "name": name, "uid": "former", "controller": true }]);
        for policy in [policy("Retain", "Retain"), policy("Delete", "Retain")] {
            let left = owned(&policy, "data-web-0", &former);
            assert!(left.is_empty(), "the claim of a former {kind} may be about to go with it: {left:?}");
        }
    }
}

#[test]
fn a_claim_that_somebody_else_manages_is_told_of() {
    let policy =
        json!({ "replicas": 1, "persistentVolumeClaimRetentionPolicy": { "whenDeleted": "Delete" } });
    let owner = |kind: &str, name: &str, uid: &str, manages: bool| {
        let version = if kind == "StatefulSet" { "apps/v1" } else { "v1" };
        json!({ "apiVersion": version, "kind": kind, "name": name, "uid": uid, "controller": manages })
    };
    let planned = |owners: Value| {
        plan_with(&with_claims(&policy), &[pod(0, NEW, "ready")], &claim("data-web-0", &owners, false))
    };
    let plan = planned(json!([owner("Other", "x", "x", true), owner("StatefulSet", "web", "s", false)]));
    assert_eq!(told(&plan), [r#"own data-web-0 ["x"]"#]);
    let (_, reason, note) = &plan.events[0];
    assert_eq!(*reason, "ConflictingController");
    assert!(note.starts_with("PersistentVolumeClaim data-web-0 has a conflicting OwnerReference"), "{note}");
    assert!(planned(json!([owner("Other", "x", "x", true)])).events.is_empty(), "there is nothing to do");
}

#[test]
fn a_claim_of_a_pod_that_was_scaled_away_goes_before_the_pod_comes_back() {
    let policy = json!({ "persistentVolumeClaimRetentionPolicy": { "whenScaled": "Delete" } });
    let of_gone =
        json!([{ "apiVersion": "v1", "kind": "Pod", "name": "web-0", "uid": "gone", "controller": true }]);
    let plan = plan_with(&with_claims(&policy), &[], &claim("data-web-0", &of_gone, false));
    assert!(plan.ops.is_empty(), "{:?}", plan.ops);
    let set = with_claims(&json!({}));
    assert_eq!(Retention::of(&set), Retention::default());
    assert_eq!(Owners::new(&set, "web-0", None, false).wanted(&[]), None);
    assert_eq!(claims_of(&set, 3)[0].name(), "data-web-3");
}
