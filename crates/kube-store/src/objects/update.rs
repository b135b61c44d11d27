//! Planning an update: replace, status, scale, patch, binding.

use super::contribution::Operation;
use super::metadata;
use super::plan::{Act, End, Found, Planned, Planner};
use super::registry::Served;
use super::strategy::Stored;
use super::{binding, delete, scale};
use crate::service::{Patch, Subresource};
use kube_core::error::{ApiError, Reason};
use kube_core::patch::{PatchError, apply_json, apply_merge};
use kube_core::resource::{KindInfo, ObjectKey};
use serde_json::Value;

/// How an update makes the new object from the stored one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change<'a> {
    /// It brings it.
    Replace(&'a Value),
    /// It describes the difference.
    Patch(&'a Patch),
    /// It brings the fields that it is about.
    Apply(&'a Value),
    /// It assigns a pod to a node.
    Bind(&'a Value),
}

impl Planner<'_> {
    /// Plans an update of one part of an object.
    pub(crate) async fn update(
        &mut self,
        key: &ObjectKey,
        part: Subresource,
        change: Change<'_>,
    ) -> Result<Planned, ApiError> {
        let served = self.served.clone();
        let kind = &*served.info;
        expect_part(kind, part)?;
        let found = self.stored(key).await?;
        let old = &found.value;
        let act = Act { key, operation: Operation::Update, part };
        let mut new = if part == Subresource::Binding {
            let Change::Bind(body) = change else { return Err(no_such_part(kind, part)) };
            binding::assigned(key, old, body, &self.objects.env)?
        } else {
            let mut given = changed(kind, act, &found, change)?;
            if part == Subresource::Scale {
                given = scale::scaled(kind, key, &found, &given)?;
            }
            metadata::begin_update(kind, key, &mut given, old, found.version())?;
            keep_other_parts(&served, part, old, &mut given);
            self.admit(act, &found, &mut given).await?;
            given
        };
        let counts = served.custom || new.get("spec").is_some();
        if counts && part != Subresource::Binding && metadata::wants_differ(old, &new) {
            let next = metadata::generation(old) + 1;
            metadata::metadata(&mut new)?.insert("generation".to_owned(), next.into());
        }
        if delete::is_released(&*served.strategy, &new) {
            return self.remove(key, &found, Some(&new)).await;
        }
        self.contribute(act, Some(old), Some(&mut new)).await?;
        let bytes = kube_core::wire::canonical(&new);
        if bytes == found.current.value && self.options.ttl.is_none() {
            return Ok(self.unchanged(found));
        }
        self.expect(&found.place, &found.current);
        self.draft.put(found.place, bytes.clone(), self.options.ttl, Some(&found.current));
        Ok(Planned { bytes, end: End::Written })
    }

    async fn admit(&self, act: Act<'_>, found: &Found, new: &mut Value) -> Result<(), ApiError> {
        self.mutate(act, new).await?;
        let strategy = &self.served.strategy;
        let old = Stored { value: &found.value, bytes: &found.current.value };
        let wrong = strategy.admit_update(old, new, act.part)?;
        let mut errors = metadata::check_updated(new, old.value)?;
        errors.extend(wrong);
        self.invalid(act.key, &errors)?;
        self.validate(act, Some(old.value), Some(new)).await
    }
}

/// # Errors
/// 404 for a part that the kind has not.
fn expect_part(kind: &KindInfo, part: Subresource) -> Result<(), ApiError> {
    let known = match part {
        Subresource::Main => true,
        Subresource::Status | Subresource::Scale | Subresource::Binding | Subresource::Finalize => {
            kind.subresources.contains(part.as_str())
        }
        // Not written through this verb, or not at all yet.
        Subresource::Eviction | Subresource::EphemeralContainers => false,
    };
    if known { Ok(()) } else { Err(no_such_part(kind, part)) }
}

pub(crate) fn no_such_part(kind: &KindInfo, part: Subresource) -> ApiError {
    let text =
        format!("the server could not find the requested resource ({}/{})", kind.plural, part.as_str());
    ApiError::new(Reason::NotFound, text)
}

/// What the request wants to see stored.
fn changed(kind: &KindInfo, act: Act<'_>, found: &Found, change: Change<'_>) -> Result<Value, ApiError> {
    let (key, old) = (act.key, &found.value);
    let patch = match change {
        Change::Replace(object) | Change::Bind(object) => return Ok(object.clone()),
        Change::Apply(object) => {
            let mut new = old.clone();
            apply_merge(&mut new, object);
            return Ok(new);
        }
        Change::Patch(patch) => patch,
    };
    let mut target =
        if act.part == Subresource::Scale { scale::of(kind, key, old, None)? } else { old.clone() };
    if let Some(version) = found.version()
        && let Some(metadata) = target.get_mut("metadata").and_then(Value::as_object_mut)
    {
        // A patch may test the version or set the one that it was made for.
        metadata.insert("resourceVersion".to_owned(), version.to_string().into());
    }
    match patch {
        Patch::Merge(patch) if patch.is_object() => apply_merge(&mut target, patch),
        Patch::Merge(_) => return Err(ApiError::bad_request("a merge patch must be an object")),
        Patch::Json(patch) => apply_json(&mut target, patch).map_err(|error| refused(kind, key, &error))?,
    }
    Ok(target)
}

fn refused(kind: &KindInfo, key: &ObjectKey, error: &PatchError) -> ApiError {
    let text = error.to_string();
    let mut answer = match error {
        PatchError::Failed { .. } => {
            ApiError::new(Reason::Invalid, format!("the patch does not apply: {text}"))
        }
        PatchError::TooMany { .. } => ApiError::new(Reason::RequestEntityTooLarge, text),
        _ => ApiError::bad_request(text),
    };
    answer.details.name = key.name.to_string();
    answer.details.group = kind.group.to_string();
    answer.details.kind = kind.plural.to_string();
    answer
}

/// Takes over from the stored object what this part of it may not change.
fn keep_other_parts(served: &Served, part: Subresource, old: &Value, new: &mut Value) {
    let kind = &served.info;
    match part {
        Subresource::Main if kind.has_status() => keep(old, new, "status"),
        Subresource::Status => {
            let status = new.get_mut("status").map(Value::take);
            let given = new.get_mut("metadata").map(Value::take);
            new.clone_from(old);
            if let Some(status) = status
                && let Some(fields) = new.as_object_mut()
            {
                fields.insert("status".to_owned(), status);
            }
            // Kubernetes' own kinds let a status write change metadata, save for owners; custom kinds do not.
            let keeps_labels = kind.kind == "Deployment" && kind.group == "apps";
            if let (false, Some(Value::Object(given))) = (served.custom, given)
                && let Some(metadata) = new.get_mut("metadata").and_then(Value::as_object_mut)
            {
                let fields =
                    ["annotations", "finalizers"].into_iter().chain((!keeps_labels).then_some("labels"));
                for field in fields {
                    match given.get(field) {
                        Some(value) => drop(metadata.insert(field.to_owned(), value.clone())),
                        None => drop(metadata.remove(field)),
                    }
                }
            }
        }
        Subresource::Finalize => {
            let spec = new.get_mut("spec").map(Value::take);
            new.clone_from(old);
            if let (Some(spec), Some(fields)) = (spec, new.as_object_mut()) {
                fields.insert("spec".to_owned(), spec);
            }
        }
        _ => {}
    }
}

fn keep(old: &Value, new: &mut Value, field: &str) {
    let Some(fields) = new.as_object_mut() else { return };
    match old.get(field) {
        Some(value) => drop(fields.insert(field.to_owned(), value.clone())),
        None => drop(fields.remove(field)),
    }
}
