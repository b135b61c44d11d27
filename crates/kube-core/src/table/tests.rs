//! Durations in words, columns for every row, and what long lists come to.

use super::{IncludeObject, Layout, PrinterColumn, TableOptions, columns, human_duration, row, table};
use crate::resource::{KindInfo, builtin_kinds, find_builtin};
use jiff::Timestamp;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn kind(group: &str, kind: &str) -> &'static KindInfo {
    let version = if group == "autoscaling" { "v2" } else { "v1" };
    find_builtin(group, version, kind).unwrap()
}

#[test]
fn durations_have_at_most_two_units() {
    const DAY: i64 = 86_400;
    for (seconds, expected) in [
        (-2, "<invalid>"),
        (-1, "0s"),
        (119, "119s"),
        (120, "2m"),
        (599, "9m59s"),
        (600, "10m"),
        (10_799, "179m"),
        (10_800, "3h"),
        (8 * 3600 - 1, "7h59m"),
        (47 * 3600, "47h"),
        (2 * DAY, "2d"),
        (8 * DAY - 1, "7d23h"),
        (8 * DAY, "8d"),
        (2 * 365 * DAY - 1, "729d"),
        (3 * 365 * DAY + 40 * DAY, "3y40d"),
        (8 * 365 * DAY, "8y"),
    ] {
        assert_eq!(human_duration(seconds), expected, "{seconds}");
    }
}

#[test]
fn every_kind_has_a_cell_per_column() {
    for info in builtin_kinds() {
        let object = json!({"metadata": {"name": "a", "creationTimestamp": "2026-01-01T00:00:00Z"}});
        let extra = usize::from(info.kind == "IPAddress");
        assert_eq!(row(info, &object, NOW).len(), columns(info).len() + extra, "{}", info.kind);
    }
}

#[test]
fn long_lists_are_cut() {
    let rule = |host: &str| json!({"host": host});
    let ingress = json!({"spec": {"rules": [rule("a"), rule("b"), rule("c"), rule("d"), rule("")]}});
    assert_eq!(row(kind("networking.k8s.io", "Ingress"), &ingress, NOW)[2], "a,b,c + 2 more...");
    let addresses =
        |count: usize| json!([{"addresses": vec![json!({"ip": "fd00::1"}); count], "ports": [{"port": 1}]}]);
    let cell = |count| row(kind("", "Endpoints"), &json!({"subsets": addresses(count)}), NOW)[1].clone();
    assert_eq!(cell(1), "[fd00::1]:1");
    assert_eq!(cell(5), "[fd00::1]:1,[fd00::1]:1,[fd00::1]:1 + 2 more...");
    let metric =
        json!({"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 80}}});
    let scaler = json!({"spec": {"metrics": [metric, metric, metric]}});
    assert_eq!(
        row(kind("autoscaling", "HorizontalPodAutoscaler"), &scaler, NOW)[2],
        "cpu: <unknown>/80%, cpu: <unknown>/80% + 1 more..."
    );
}

#[test]
fn a_job_tells_how_long_it_took() {
    let job = |status: Value| json!({"spec": {"parallelism": 3}, "status": status});
    let cells = |status| row(kind("batch", "Job"), &job(status), NOW);
    assert_eq!(cells(json!({}))[1..4], [json!("Running"), json!("0/1 of 3"), json!("")]);
    let done = json!({
        "succeeded": 1, "startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:00:42Z",
        "conditions": [{"type": "Complete", "status": "True"}],
    });
    assert_eq!(cells(done)[1..4], [json!("Complete"), json!("1/1 of 3"), json!("42s")]);
}

#[test]
fn events_of_both_groups_look_alike() {
    let old = json!({
        "metadata": {"name": "e"}, "involvedObject": {"kind": "Pod", "name": "p"}, "message": " hi ",
        "source": {"component": "kubelet", "host": "n"}, "type": "Normal", "reason": "R", "count": 3,
        "firstTimestamp": "2027-01-15T07:58:00Z", "lastTimestamp": "2027-01-15T08:00:00Z",
    });
    let new = json!({
        "metadata": {"name": "e"}, "regarding": {"kind": "Pod", "name": "p"}, "note": " hi ", "type": "Normal",
        "reason": "R", "reportingController": "kubelet", "reportingInstance": "n", "deprecatedCount": 3,
        "eventTime": "2027-01-15T07:58:00.5Z", "deprecatedLastTimestamp": "2027-01-15T08:00:00Z",
    });
    let cells = row(kind("", "Event"), &old, NOW);
    assert_eq!(cells[..4], ["0s", "Normal", "R", "pod/p"].map(Value::from));
    assert_eq!(cells[5..], [json!("kubelet, n"), json!("hi"), json!("2m"), json!(3), json!("e")]);
    let mut cells_of_new = row(kind("events.k8s.io", "Event"), &new, NOW);
    cells_of_new[7] = json!("2m");
    assert_eq!(cells, cells_of_new);
}

#[test]
fn a_table_carries_metadata_beside_its_cells() {
    let object = json!({"metadata": {"name": "a", "labels": {"x": "y"}}, "data": {}});
    let made = table(kind("", "ConfigMap"), [&object], &json!({"resourceVersion": "7"}), NOW);
    assert_eq!(made["columnDefinitions"][0]["format"], "name");
    assert_eq!(made["rows"][0]["cells"], json!(["a", 0, "<unknown>"]));
    assert_eq!(made["rows"][0]["object"]["metadata"]["labels"]["x"], "y");
    assert_eq!(made["metadata"]["resourceVersion"], "7");
}

#[test]
fn paths_of_columns_are_followed() {
    let object = json!({
        "metadata": {"name": "a", "labels": {"app.kubernetes.io/name": "x"}, "creationTimestamp": "2027-01-15T07:00:00Z"},
        "spec": {"ports": [{"port": 80}, {"port": 81}], "ratio": 1.5, "on": true, "map": {"a": 1}},
        "status": {"conditions": [{"type": "A", "status": "False"}, {"type": "Ready", "status": "True"}]},
    });
    let cell = |kind: &'static str, path: &'static str| {
        Layout::custom(&[PrinterColumn::new("x", kind, path)]).row(&object, NOW).remove(1)
    };
    assert_eq!(cell("string", ".metadata.labels['app.kubernetes.io/name']"), "x");
    assert_eq!(cell("string", r".metadata.labels.app\.kubernetes\.io/name"), "x");
    assert_eq!(cell("integer", ".spec.ports[1].port"), 81);
    assert_eq!(cell("integer", ".spec.ports[-1].port"), 81);
    assert_eq!(cell("integer", ".spec.ports[*].port"), 80);
    assert_eq!(cell("string", r#".status.conditions[?(@.type=="Ready")].status"#), "True");
    assert_eq!(cell("string", ".status.conditions[?(@.type == 'A')].status"), "False");
    assert_eq!(cell("string", ".spec.map"), r#"{"a":1}"#);
    assert_eq!((cell("integer", ".spec.ratio"), cell("number", ".spec.ratio")), (json!(1), json!(1.5)));
    assert_eq!((cell("boolean", ".spec.on"), cell("string", ".spec.on")), (json!(true), json!("true")));
    assert_eq!(cell("date", ".metadata.creationTimestamp"), "60m");
    assert_eq!(cell("date", ".metadata.name"), "<invalid>");
    for (kind, path) in [
        ("string", ".spec.none"),
        ("integer", ".metadata.name"),
        ("string", "spec"),
        ("string", ".spec.ports["),
    ] {
        assert_eq!(cell(kind, path), Value::Null, "{path}");
    }
}

#[test]
fn rows_carry_what_was_asked_for() {
    let object = json!({"metadata": {"name": "a"}, "spec": {"x": 1}});
    let layout = Layout::custom(&[]);
    let names: Vec<&str> = layout.columns().iter().map(|column| &*column.name).collect();
    assert_eq!(names, ["Name", "Age"]);
    let row = |options: TableOptions| layout.table([&object], &json!({}), NOW, &options)["rows"][0].clone();
    assert_eq!(row(TableOptions::default())["object"]["kind"], "PartialObjectMetadata");
    assert_eq!(row(TableOptions::default().including(IncludeObject::Object))["object"], object);
    assert_eq!(row(TableOptions::default().including(IncludeObject::None)).get("object"), None);
    let bare = layout.table([&object], &json!({}), NOW, &TableOptions::default().without_headers());
    assert_eq!(bare["columnDefinitions"], json!([]));
}
