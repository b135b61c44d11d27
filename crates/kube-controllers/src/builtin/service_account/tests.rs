//! Which namespaces have a default ServiceAccount.

use super::plan::{is_wanted, service_account};
use kube_core::kinds::core::v1::Namespace;
use kube_core::resource::ResourceExt;
use serde_json::{Value, json};

fn namespace(meta: &Value, status: &Value) -> Namespace {
    serde_json::from_value(json!({ "metadata": meta, "status": status })).expect("a namespace")
}

#[test]
fn namespaces_that_go_get_nothing_more() {
    assert!(is_wanted(&namespace(&json!({}), &json!({ "phase": "Active" }))));
    assert!(is_wanted(&namespace(&json!({}), &json!({}))));
    assert!(!is_wanted(&namespace(&json!({}), &json!({ "phase": "Terminating" }))));
    let going = json!({ "deletionTimestamp": "2026-01-01T00:00:00Z" });
    assert!(!is_wanted(&namespace(&going, &json!({ "phase": "Active" }))));
    assert_eq!(service_account("prod").key().to_string(), "prod/default");
}
