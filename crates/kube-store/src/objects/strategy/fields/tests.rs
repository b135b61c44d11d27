//! Reading fields from bytes.

use super::{FieldTree, SelectableField};

#[test]
fn fields_are_read_in_one_pass() {
    let tree = FieldTree::new(&[
        SelectableField::new("spec.nodeName"),
        SelectableField::new("status.phase"),
        SelectableField::new("spec.unschedulable").or("false"),
        SelectableField::named("count", "status.replicas"),
        SelectableField::new("spec.hostNetwork"),
    ]);
    let bytes = br#"{"a":[{"spec":1}],"spec":{"nodeName":"n\u0031","hostNetwork":true,"x":{"nodeName":"no"}},
        "status":{"replicas":3,"phase":null}}"#;
    let values = tree.read(bytes);
    let texts: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
    assert_eq!(texts, ["n1", "", "false", "3", "true"]);
}

#[test]
fn what_is_no_json_has_no_fields() {
    let tree = FieldTree::new(&[SelectableField::new("a.b")]);
    assert_eq!(&*tree.read(b"{\"a\":")[0], "");
    assert_eq!(&*tree.read(b"[]")[0], "");
}
