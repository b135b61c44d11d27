//! Creates and updates of built-in kinds give what Kubernetes' API server gives: the stored object, or the same causes.

use ipnet::IpNet;
use kube_core::error::ApiError;
use kube_core::resource::{GroupVersionKind, KindInfo, ObjectKey, find_builtin};
use kube_net::{ServiceAllocation, ServiceRanges};
use kube_store::objects::Objects;
use kube_store::rt;
use kube_store::service::{ObjectService, Subresource, WriteOptions};
use kube_store::storage::MemoryStorage;
use kube_testkit::parity;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

/// The namespace that the cases live in.
const NAMESPACE: &str = "default";

#[test]
fn parity_create_update() {
    check_creates("create");
}

#[test]
fn parity_create_update_updates() {
    check_updates("update");
}

#[test]
fn parity_create_update_service() {
    check_creates("create_service");
}

#[test]
fn parity_create_update_service_updates() {
    check_updates("update_service");
}

fn check_creates(file: &str) {
    parity::run(env!("CARGO_MANIFEST_DIR"), "create-update", file, |input, want| {
        let kind = kind_of(input)?;
        let got = in_runtime(async || create(&objects(), kind, input["object"].clone()).await);
        compare(got, want)
    });
}

fn check_updates(file: &str) {
    parity::run(env!("CARGO_MANIFEST_DIR"), "create-update", file, |input, want| {
        let kind = kind_of(input)?;
        let got = in_runtime(async || {
            let objects = objects();
            let stored = create(&objects, kind, input["created"].clone()).await?;
            Ok::<_, ApiError>(update(&objects, kind, &stored, input["update"].clone()).await)
        });
        compare(got.map_err(|error| format!("the object to update was refused: {error}"))?, want)
    });
}

fn in_runtime<F: Future>(work: impl FnOnce() -> F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async { work().await })
}

/// A fresh store with the ranges that the cases were computed with, and no admission.
fn objects() -> Arc<Objects> {
    let ranges = ["10.0.0.0/16", "fd00:1::/108"].map(|range| range.parse::<IpNet>().unwrap());
    let env = rt::env();
    Objects::builder(Arc::new(MemoryStorage::with_env(&env)), env)
        .contributor("", "Service", Arc::new(ServiceAllocation::new(ServiceRanges::new(ranges).unwrap())))
        .build()
}

fn kind_of(input: &Value) -> Result<&'static KindInfo, String> {
    let text = input["kind"].as_str().ok_or("no kind")?;
    let (api_version, kind) = text.rsplit_once('/').ok_or("not apiVersion/Kind")?;
    let GroupVersionKind { group, version, kind } = GroupVersionKind::from_type_meta(api_version, kind);
    find_builtin(&group, &version, &kind).ok_or_else(|| format!("no kind {text}"))
}

async fn create(objects: &Objects, kind: &KindInfo, object: Value) -> Result<Value, ApiError> {
    let namespace = if kind.is_namespaced() { NAMESPACE } else { "" };
    let stored = objects.create(kind, namespace, object, &WriteOptions::default()).await?;
    stored.to_value().map_err(ApiError::internal)
}

async fn update(
    objects: &Objects,
    kind: &KindInfo,
    stored: &Value,
    mut object: Value,
) -> Result<Value, ApiError> {
    let name = stored["metadata"]["name"].as_str().unwrap_or_default();
    let key = if kind.is_namespaced() { ObjectKey::new(NAMESPACE, name) } else { ObjectKey::cluster(name) };
    object["metadata"]["resourceVersion"] = stored["metadata"]["resourceVersion"].clone();
    let options = WriteOptions::default();
    objects
        .update(kind, &key, Subresource::Main, object, &options)
        .await?
        .to_value()
        .map_err(ApiError::internal)
}

fn compare(got: Result<Value, ApiError>, want: &Value) -> Result<(), String> {
    match (got, want.get("object"), want.get("decodeError")) {
        (Ok(mut got), Some(want), _) => {
            let mut want = want.clone();
            mark_chosen(&mut got, &want);
            settle(&mut got);
            settle(&mut want);
            if got == want { Ok(()) } else { Err(differences(&got, &want)) }
        }
        (Err(error), _, Some(_)) if error.code == 400 => Ok(()),
        (Err(error), None, None) => compare_errors(&error, want),
        (Ok(got), None, _) => Err(format!("accepted as {got}, want {want}")),
        (Err(error), ..) => Err(format!("refused: {} {error}, want {want}", error.code)),
    }
}

fn compare_errors(error: &ApiError, want: &Value) -> Result<(), String> {
    let status = error.to_status();
    if status["code"] != want["code"] || status["reason"] != want["reason"] {
        return Err(format!("got {status}, want {want}"));
    }
    let (got, wanted) = (causes(&status["details"]["causes"]), causes(&want["causes"]));
    // Of what does not decode Go names the field in its text alone; ours names it in a cause as well.
    let undecoded = want["message"].as_str().is_some_and(|message| message.contains(": json: "));
    if got != wanted && !undecoded {
        let only = |a: &BTreeSet<Vec<String>>, b: &BTreeSet<Vec<String>>| {
            a.difference(b).map(|cause| cause.join(" | ")).collect::<Vec<_>>().join("\n      ")
        };
        return Err(format!("\n    got  {}\n    want {}", only(&got, &wanted), only(&wanted, &got)));
    }
    match want["message"].as_str().map(undumped) {
        Some(message) if message != undumped(&error.message) => {
            Err(format!("got {:?}, want {message:?}", error.message))
        }
        _ => Ok(()),
    }
}

/// As a set: Go sometimes reports a cause twice.
fn causes(list: &Value) -> BTreeSet<Vec<String>> {
    let text = |cause: &Value, field: &str| undumped(cause[field].as_str().unwrap_or_default());
    let causes = list.as_array().into_iter().flatten();
    causes.map(|cause| ["field", "reason", "message"].map(|field| text(cause, field)).to_vec()).collect()
}

/// The text without a quoted structure, in which Go prints the fields of its own, and without what Go's decoder says.
fn undumped(text: &str) -> String {
    let text = text.split(": json: ").next().unwrap_or_default();
    let text = text.split(": the object does not decode: ").next().unwrap_or_default();
    let Some((before, rest)) = text.split_once(" value: {") else { return undiffed(text) };
    let rest = rest.rfind('}').map_or("", |end| &rest[end + 1..]);
    format!("{before} value: …{}", undiffed(rest))
}

/// The text up to a diff, which is all that follows a line break.
fn undiffed(text: &str) -> String {
    text.split('\n').next().unwrap_or_default().to_owned()
}

/// Puts the marks of the cases where a value was chosen by the server.
fn mark_chosen(got: &mut Value, want: &Value) {
    match (got, want) {
        (got, Value::String(mark)) if (mark == "ALLOCATED" || mark == "TIME") && is_chosen(got) => {
            *got = mark.as_str().into();
        }
        (Value::Object(got), Value::Object(want)) => {
            got.iter_mut().for_each(|(field, got)| mark_chosen(got, want.get(field).unwrap_or(&Value::Null)));
        }
        (Value::Array(got), Value::Array(want)) => {
            got.iter_mut().zip(want).for_each(|(got, want)| mark_chosen(got, want));
        }
        _ => {}
    }
}

fn is_chosen(value: &Value) -> bool {
    value.is_number() || value.as_str().is_some_and(|text| !text.is_empty())
}

/// Removes what the cases leave open.
fn settle(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in ["uid", "creationTimestamp", "resourceVersion", "managedFields"] {
            metadata.remove(field);
        }
    }
    drop_empty(object);
}

fn drop_empty(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(drop_empty);
            fields.retain(|field, value| match field.as_str() {
                "status" | "metadata" => *value != json!({}),
                // The type of references to local objects cannot leave an empty name out.
                "name" => *value != "",
                _ => !value.is_null(),
            });
        }
        Value::Array(items) => items.iter_mut().for_each(drop_empty),
        _ => {}
    }
}

/// Where two objects differ, one line per place.
fn differences(got: &Value, want: &Value) -> String {
    let mut lines = Vec::new();
    collect(got, want, "", &mut lines);
    lines.join("; ")
}

fn collect(got: &Value, want: &Value, path: &str, lines: &mut Vec<String>) {
    match (got, want) {
        (Value::Object(a), Value::Object(b)) => {
            for field in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
                let at = |map: &serde_json::Map<String, Value>| map.get(field).cloned().unwrap_or_default();
                collect(&at(a), &at(b), &format!("{path}.{field}"), lines);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                collect(a, b, &format!("{path}[{index}]"), lines);
            }
        }
        (a, b) if a != b => lines.push(format!("{path}: got {a}, want {b}")),
        _ => {}
    }
}
