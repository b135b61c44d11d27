//! The part of every object that the object layer owns: type, name, identity, generation.
//!
//! Source: `k8s.io/apiserver/pkg/registry/rest` (`BeforeCreate`, `BeforeUpdate`).

mod rules;

pub(crate) use rules::{check_created, check_updated};

use kube_core::env::Env;
use kube_core::error::{ApiError, Cause, FieldError, FieldPath};
use kube_core::resource::{KindInfo, ObjectKey};
use serde_json::{Map, Value};

/// Characters of `generateName` that are kept: the suffix has five more, and a name 63.
const GENERATE_BASE: usize = 58;

/// What only the object layer writes.
const SYSTEM: [&str; 6] = [
    "resourceVersion",
    "selfLink",
    "managedFields",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
];

pub(crate) fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object.get("metadata").and_then(|m| m.get(field)).and_then(Value::as_str).unwrap_or_default()
}

/// The metadata of an object that [`accept_type`] has let pass.
pub(crate) fn metadata(object: &mut Value) -> Result<&mut Map<String, Value>, ApiError> {
    object
        .get_mut("metadata")
        .and_then(Value::as_object_mut)
        .ok_or_else(|| ApiError::bad_request("metadata must be an object"))
}

/// Fills in `apiVersion` and `kind`, or refuses others; makes sure that there is metadata.
pub(crate) fn accept_type(kind: &KindInfo, object: &mut Value) -> Result<(), ApiError> {
    let Some(fields) = object.as_object_mut() else {
        return Err(ApiError::bad_request("the body must be an object"));
    };
    let expected = kind.api_version();
    match fields.get("apiVersion").and_then(Value::as_str) {
        Some(given) if given == expected => {}
        None | Some("") => drop(fields.insert("apiVersion".to_owned(), expected.into())),
        Some(given) => {
            return Err(ApiError::bad_request(format!(
                "the API version in the data ({given}) does not match the expected API version ({expected})"
            )));
        }
    }
    match fields.get("kind").and_then(Value::as_str) {
        Some(given) if given == kind.kind => {}
        None | Some("") => drop(fields.insert("kind".to_owned(), kind.kind.clone().into())),
        Some(given) => {
            return Err(ApiError::bad_request(format!(
                "the kind in the data ({given}) does not match the expected kind ({})",
                kind.kind
            )));
        }
    }
    match fields.get("metadata") {
        Some(Value::Object(_)) => Ok(()),
        None | Some(Value::Null) => {
            fields.insert("metadata".to_owned(), Value::Object(Map::new()));
            Ok(())
        }
        Some(_) => Err(ApiError::bad_request("metadata must be an object")),
    }
}

/// Gives a new object its namespace, name, uid and time, and takes away what it may not bring.
pub(crate) fn begin_create(
    kind: &KindInfo,
    namespace: &str,
    object: &mut Value,
    env: &Env,
) -> Result<ObjectKey, ApiError> {
    accept_type(kind, object)?;
    if !text(object, "resourceVersion").is_empty() {
        return Err(ApiError::bad_request("resourceVersion should not be set on objects to be created"));
    }
    let namespace = accept_namespace(kind, namespace, object)?.to_owned();
    let metadata = metadata(object)?;
    if namespace.is_empty() {
        metadata.remove("namespace");
    } else {
        metadata.insert("namespace".to_owned(), namespace.clone().into());
    }
    let given = metadata.get("name").and_then(Value::as_str).unwrap_or_default();
    let name = match (given, metadata.get("generateName").and_then(Value::as_str)) {
        ("", Some(base)) if !base.is_empty() => generated(base, &env.suffix()),
        (name, _) => name.to_owned(),
    };
    if name.is_empty() {
        let path = FieldPath::new("metadata").child("name");
        let errors = [FieldError::required(&path, "name or generateName is required")];
        return Err(ApiError::invalid(&kind.group, &kind.kind, "", &errors));
    }
    for field in SYSTEM {
        metadata.remove(field);
    }
    metadata.insert("name".to_owned(), name.clone().into());
    metadata.insert("uid".to_owned(), env.uid().as_str().into());
    metadata.insert("creationTimestamp".to_owned(), env.wall_seconds().to_string().into());
    Ok(ObjectKey::new(namespace, name))
}

fn generated(base: &str, suffix: &str) -> String {
    let mut end = base.len().min(GENERATE_BASE);
    while !base.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{suffix}", &base[..end])
}

/// The namespace that the request and the object agree on.
fn accept_namespace<'a>(kind: &KindInfo, asked: &'a str, object: &'a Value) -> Result<&'a str, ApiError> {
    let given = text(object, "namespace");
    if !given.is_empty() && !asked.is_empty() && given != asked || !kind.is_namespaced() && !given.is_empty()
    {
        return Err(ApiError::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    let namespace = if asked.is_empty() { given } else { asked };
    match (kind.is_namespaced(), namespace.is_empty()) {
        (true, true) => Err(ApiError::bad_request("an empty namespace may not be set during creation")),
        (false, false) => Err(ApiError::bad_request(format!("{} do not live in namespaces", kind.plural))),
        _ => Ok(namespace),
    }
}

/// Checks what an update claims about the object, and restores what it may not change. `version` is the stored
/// one.
pub(crate) fn begin_update(
    kind: &KindInfo,
    key: &ObjectKey,
    new: &mut Value,
    old: &Value,
    version: Option<u64>,
) -> Result<(), ApiError> {
    accept_type(kind, new)?;
    let name = text(new, "name");
    if !name.is_empty() && name != &*key.name {
        return Err(ApiError::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            key.name
        )));
    }
    let namespace = text(new, "namespace");
    if !namespace.is_empty() && namespace != &*key.namespace {
        return Err(ApiError::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    expect_uid(kind, key, text(new, "uid"), old)?;
    expect_version(kind, key, text(new, "resourceVersion"), version)?;
    let metadata = metadata(new)?;
    for field in SYSTEM.into_iter().chain(["name", "namespace", "uid", "creationTimestamp"]) {
        match old.get("metadata").and_then(|m| m.get(field)) {
            Some(value) => drop(metadata.insert(field.to_owned(), value.clone())),
            None => drop(metadata.remove(field)),
        }
    }
    Ok(())
}

/// # Errors
/// 409 when the stored object has another uid.
pub(crate) fn expect_uid(kind: &KindInfo, key: &ObjectKey, given: &str, old: &Value) -> Result<(), ApiError> {
    let stored = text(old, "uid");
    if given.is_empty() || given == stored {
        return Ok(());
    }
    let detail = format!("Precondition failed: UID in precondition: {given}, UID in object meta: {stored}");
    Err(ApiError::conflict(&kind.group, &kind.plural, &key.name, &detail))
}

/// # Errors
/// 409, naming the current version, when another one is stored; 400 when `given` is no version.
pub(crate) fn expect_version(
    kind: &KindInfo,
    key: &ObjectKey,
    given: &str,
    stored: Option<u64>,
) -> Result<(), ApiError> {
    if given.is_empty() || given == "0" {
        return Ok(());
    }
    let given: u64 = given.parse().map_err(|_| {
        let text = format!("invalid resource version {given:?}: must be an unsigned decimal");
        ApiError::bad_request(text)
    })?;
    if stored == Some(given) {
        return Ok(());
    }
    let detail =
        "the object has been modified; please apply your changes to the latest version and try again";
    Err(ApiError::conflict(&kind.group, &kind.plural, &key.name, detail).with_cause(Cause {
        reason: "ResourceVersionConflict".to_owned(),
        message: stored.map_or_else(String::new, |version| version.to_string()),
        field: "metadata.resourceVersion".to_owned(),
    }))
}

/// Whether anything but metadata and status differs.
pub(crate) fn wants_differ(old: &Value, new: &Value) -> bool {
    let ignored = |field: &str| matches!(field, "apiVersion" | "kind" | "metadata" | "status");
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else { return true };
    let mut before = old.iter().filter(|(field, _)| !ignored(field));
    let mut after = new.iter().filter(|(field, _)| !ignored(field));
    loop {
        match (before.next(), after.next()) {
            (None, None) => return false,
            (Some(a), Some(b)) if a == b => {}
            _ => return true,
        }
    }
}

/// The generation; 0 where none is counted.
pub(crate) fn generation(object: &Value) -> i64 {
    object.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or(0)
}

/// The finalizers that are still there.
pub(crate) fn finalizers(object: &Value) -> Vec<&str> {
    let list = object.pointer("/metadata/finalizers").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Whether deletion has begun.
pub(crate) fn is_terminating(object: &Value) -> bool {
    !text(object, "deletionTimestamp").is_empty()
}

/// Seconds of grace of the deletion that has begun.
pub(crate) fn grace(object: &Value) -> Option<i64> {
    object.pointer("/metadata/deletionGracePeriodSeconds").and_then(Value::as_i64)
}
