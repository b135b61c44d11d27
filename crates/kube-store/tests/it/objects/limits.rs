//! What is too deep or too large is refused, and nothing is stored.

use super::{config_maps, key, map, run, world};
use kube_store::service::{ListQuery, ObjectService, Patch, Subresource, WriteOptions};
use kube_store::storage::{ReadAt, Revision};
use serde_json::{Value, json};

fn deep(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!({ "x": inner }))
}

#[test]
fn deep_nesting_is_refused() {
    let w = world();
    let before = w.head();
    let mut object = map("a", "1");
    object["metadata"]["annotations"] = deep(200);
    let error = w.try_create(config_maps(), object).expect_err("deep");
    assert_eq!((error.code, error.message.as_str()), (400, "the object is nested deeper than 100 levels"));
    assert_eq!(w.head(), before);
    w.create(config_maps(), map("a", "1"));
    let patch = Patch::Merge(json!({"data": deep(200)}));
    let options = WriteOptions::default();
    let error = run(w.objects.patch(config_maps(), &key("a"), Subresource::Main, &patch, &options))
        .expect_err("deep");
    assert_eq!(error.code, 400);
}

#[test]
fn huge_objects_are_refused() {
    let w = world();
    let before = w.head();
    // Annotations have a limit of their own, and config maps; no kind's rules stand before this one for finalizers.
    let mut object = map("a", "1");
    object["metadata"]["ownerReferences"] = (0..40_000)
        .map(|n| json!({"apiVersion": "v1", "kind": "ConfigMap", "name": format!("owner-{n}"), "uid": format!("uid-{n}-0123456789")}))
        .collect();
    let error = w.try_create(config_maps(), object).expect_err("huge");
    assert_eq!((error.code, error.message.as_str()), (413, "Request entity too large: limit is 3145728"));
    assert_eq!(w.head(), before);
}

#[test]
fn a_continued_list_has_no_version_of_its_own() {
    let w = world();
    for name in ["a", "b", "c"] {
        w.create(config_maps(), map(name, "1"));
    }
    let page = run(w.objects.list(config_maps(), &ListQuery::all().limit(1))).expect("page");
    let token = page.continue_token.expect("more");
    let query = ListQuery::all().limit(1).after(token).at(ReadAt::AtLeast(Revision::new(1)));
    let error = run(w.objects.list(config_maps(), &query)).expect_err("both");
    assert_eq!(error.message, "specifying resource version is not allowed when using continue");
}
