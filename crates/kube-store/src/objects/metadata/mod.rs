//! The part of every object that the object layer owns: type, name, identity, generation.
//!
//! Source: `k8s.io/apiserver/pkg/registry/rest` (`BeforeCreate`, `BeforeUpdate`).

mod rules;

pub(crate) use rules::{check_created, check_updated};

use kube_core::codec::Codec;
use kube_core::env::Env;
use kube_core::error::{ApiError, Cause, FieldError, FieldPath};
use kube_core::kinds::meta::v1::{ObjectMeta, Time};
use kube_core::resource::{KindInfo, ObjectKey};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Characters of `generateName` that are kept: the suffix has five more, and a name 63.
const GENERATE_BASE: usize = 58;

/// A text of the metadata of an object that is JSON.
pub(crate) fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object.get("metadata").and_then(|m| m.get(field)).and_then(Value::as_str).unwrap_or_default()
}

fn given(text: Option<&String>) -> &str {
    text.map(String::as_str).unwrap_or_default()
}

/// Levels of lists and maps that an object may have. JSON parsers stop at 128; an object made by hand need not have
/// come through one.
const MAX_DEPTH: usize = 100;

/// Whether a value has more levels than an object may have.
pub(crate) fn is_too_deep(value: &Value) -> bool {
    is_deeper(value, MAX_DEPTH)
}

/// Whether a value has more than `levels` levels.
fn is_deeper(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels == 0 || items.iter().any(|item| is_deeper(item, levels - 1)),
        Value::Object(fields) => levels == 0 || fields.values().any(|field| is_deeper(field, levels - 1)),
        _ => false,
    }
}

/// Fills in `apiVersion` and `kind`, or refuses others. Where `codec` keeps nothing that is nested deeply but metadata,
/// nothing else is looked at for it.
pub(crate) fn accept_type<'a>(
    kind: &KindInfo,
    object: &'a Value,
    codec: Option<Codec>,
) -> Result<Cow<'a, Value>, ApiError> {
    let Some(fields) = object.as_object() else {
        return Err(ApiError::bad_request("the body must be an object"));
    };
    let any_depth = codec.is_none_or(|codec| codec.holds_any_json());
    let looked_at = if any_depth { Some(object) } else { fields.get("metadata") };
    if looked_at.is_some_and(|value| is_deeper(value, MAX_DEPTH - usize::from(!any_depth))) {
        let text = format!("the object is nested deeper than {MAX_DEPTH} levels");
        return Err(ApiError::bad_request(text));
    }
    if fields.get("metadata").is_some_and(|m| !m.is_null() && !m.is_object()) {
        return Err(ApiError::bad_request("metadata must be an object"));
    }
    let expected = kind.api_version();
    let version = match fields.get("apiVersion").and_then(Value::as_str) {
        Some(given) if given == expected => true,
        None | Some("") => false,
        Some(given) => {
            return Err(ApiError::bad_request(format!(
                "the API version in the data ({given}) does not match the expected API version ({expected})"
            )));
        }
    };
    let named = match fields.get("kind").and_then(Value::as_str) {
        Some(given) if given == kind.kind => true,
        None | Some("") => false,
        Some(given) => {
            return Err(ApiError::bad_request(format!(
                "the kind in the data ({given}) does not match the expected kind ({})",
                kind.kind
            )));
        }
    };
    let nothing = fields.get("metadata").is_some_and(Value::is_null);
    if version && named && !nothing {
        return Ok(Cow::Borrowed(object));
    }
    let mut object = object.clone();
    if nothing {
        object["metadata"] = Value::Object(Map::new());
    }
    object["apiVersion"] = expected.into();
    object["kind"] = kind.kind.clone().into();
    Ok(Cow::Owned(object))
}

/// Gives a new object its namespace, name, uid and time, and takes away what it may not bring.
pub(crate) fn begin_create(
    kind: &KindInfo,
    namespace: &str,
    meta: &mut ObjectMeta,
    env: &Env,
) -> Result<ObjectKey, ApiError> {
    if !given(meta.resource_version.as_ref()).is_empty() {
        return Err(ApiError::bad_request("resourceVersion should not be set on objects to be created"));
    }
    let namespace = accept_namespace(kind, namespace, given(meta.namespace.as_ref()))?.to_owned();
    if given(meta.name.as_ref()).is_empty() {
        match given(meta.generate_name.as_ref()) {
            "" => {
                let path = FieldPath::new("metadata").child("name");
                let errors = [FieldError::required(&path, "name or generateName is required")];
                return Err(ApiError::invalid(&kind.group, &kind.kind, "", &errors));
            }
            base => meta.name = Some(generated(base, &env.suffix())),
        }
    }
    meta.namespace = Some(namespace.clone()).filter(|n| !n.is_empty());
    meta.uid = Some(env.uid().as_str().to_owned());
    meta.creation_timestamp = Some(Time(env.wall_seconds()));
    meta.resource_version = None;
    meta.self_link = None;
    meta.managed_fields = None;
    meta.deletion_timestamp = None;
    meta.deletion_grace_period_seconds = None;
    // The generation stays: a kind that counts none keeps what the client says, as Kubernetes does.
    Ok(ObjectKey::new(namespace, given(meta.name.as_ref())))
}

fn generated(base: &str, suffix: &str) -> String {
    let end = base.floor_char_boundary(GENERATE_BASE);
    format!("{}{suffix}", &base[..end])
}

/// The namespace that the request and the object agree on.
fn accept_namespace<'a>(kind: &KindInfo, asked: &'a str, given: &'a str) -> Result<&'a str, ApiError> {
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
    new: &mut ObjectMeta,
    old: &ObjectMeta,
    version: Option<u64>,
) -> Result<(), ApiError> {
    let name = given(new.name.as_ref());
    if !name.is_empty() && name != &*key.name {
        return Err(ApiError::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            key.name
        )));
    }
    let namespace = given(new.namespace.as_ref());
    if !namespace.is_empty() && namespace != &*key.namespace {
        return Err(ApiError::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    expect_uid(kind, key, given(new.uid.as_ref()), given(old.uid.as_ref()))?;
    expect_version(kind, key, given(new.resource_version.as_ref()), version)?;
    new.resource_version = None;
    new.self_link.clone_from(&old.self_link);
    new.managed_fields.clone_from(&old.managed_fields);
    new.deletion_timestamp.clone_from(&old.deletion_timestamp);
    new.deletion_grace_period_seconds = old.deletion_grace_period_seconds;
    new.generation = old.generation;
    new.name.clone_from(&old.name);
    new.namespace.clone_from(&old.namespace);
    new.uid.clone_from(&old.uid);
    new.creation_timestamp.clone_from(&old.creation_timestamp);
    Ok(())
}

/// # Errors
/// 409 when the stored object has another uid.
pub(crate) fn expect_uid(
    kind: &KindInfo,
    key: &ObjectKey,
    given: &str,
    stored: &str,
) -> Result<(), ApiError> {
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

/// The finalizers that are still there.
pub(crate) fn finalizers(meta: &ObjectMeta) -> &[String] {
    meta.finalizers.as_deref().unwrap_or_default()
}

/// Whether deletion has begun.
pub(crate) fn is_terminating(meta: &ObjectMeta) -> bool {
    meta.deletion_timestamp.is_some()
}
