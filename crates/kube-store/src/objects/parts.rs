//! Which part of an object a write may change: everything else is that of the stored object.

use super::candidate::{Candidate, Stored};
use super::metadata;
use super::plan::{Act, Found};
use super::registry::Served;
use crate::service::Subresource;
use kube_core::codec::{Codec, TypedObject, is_head};
use kube_core::error::{ApiError, FieldPath};
use kube_core::kinds::meta::v1::ObjectMeta;
use kube_core::wire::{fields, object_of};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Reads what a client sent.
#[derive(Debug)]
pub(super) struct Read<'a> {
    served: &'a Served,
    found: &'a Found,
    strict: bool,
    /// The fields that the kind does not know, where they are looked for.
    pub(super) unknown: Vec<FieldPath>,
}

impl<'a> Read<'a> {
    pub(super) fn new(served: &'a Served, found: &'a Found, strict: bool) -> Self {
        Self { served, found, strict, unknown: Vec::new() }
    }

    /// The object that a write of `act.part` asks for by `given`.
    ///
    /// # Errors
    /// 400 when it does not decode, and what its metadata contradicts.
    pub(super) fn candidate(
        &mut self,
        act: Act<'_>,
        given: &mut Cow<'_, Value>,
    ) -> Result<Candidate, ApiError> {
        let (served, old) = (self.served, &self.found.stored);
        let mut new = match act.part {
            Subresource::Main if served.info.has_status() => {
                put_status_of(old, given.to_mut())?;
                self.read(given)?
            }
            Subresource::Status => match served.strategy.codec().filter(|_| !served.custom) {
                Some(codec) => self.status(given, codec)?,
                None => self.read(&grafted(old, given, &["status"])?)?,
            },
            Subresource::Finalize => self.read(&grafted(old, given, &["spec"])?)?,
            Subresource::EphemeralContainers => {
                self.read(&grafted(old, given, &["spec", "ephemeralContainers"])?)?
            }
            Subresource::Resize => self.read(&resized(old, given)?)?,
            _ => self.read(given)?,
        };
        settle(served, act, self.found, new.meta_mut())?;
        Ok(new)
    }

    fn read(&mut self, object: &Value) -> Result<Candidate, ApiError> {
        let new = self.served.strategy.read(object)?;
        self.look(object, &new)?;
        Ok(new)
    }

    fn status(&mut self, given: &Value, codec: Codec) -> Result<Candidate, ApiError> {
        let refuse = |error| self.served.strategy.refuse(&head(given), &error);
        let typed = codec.read_head(given).map_err(refuse)?;
        let new = Candidate::status(typed, self.found.stored.scanned(), codec);
        if self.strict {
            self.look(&head(given), &new)?;
        }
        Ok(new)
    }

    fn look(&mut self, object: &Value, new: &Candidate) -> Result<(), ApiError> {
        if self.strict {
            self.unknown = self.served.strategy.unknown_fields(object, new)?;
        }
        Ok(())
    }
}

/// The object that a write of `act.part` asks for by one that a program made; `None` where reading its JSON would give
/// something else.
pub(super) fn taken_over(
    served: &Served,
    act: Act<'_>,
    found: &Found,
    object: &dyn TypedObject,
) -> Result<Option<Candidate>, ApiError> {
    let codec = served.strategy.codec().filter(|_| !served.custom && served.strategy.takes_over(object));
    let Some(codec) = codec else { return Ok(None) };
    let old = &found.stored;
    // What it keeps of times is what is written of them: it is compared with what was stored.
    let print = || object.to_json_text().map_err(ApiError::internal);
    let mut new = match act.part {
        Subresource::Main if served.info.has_status() => {
            let given = print()?;
            let status = old.scanned().fields().filter(|field| field.name == "status");
            let all = fields(&given).filter(|field| field.name != "status").chain(status);
            Candidate::of_typed(codec.parse(&object_of(all)).map_err(ApiError::internal)?, codec)
        }
        Subresource::Main => Candidate::of_typed(codec.parse(&print()?).map_err(ApiError::internal)?, codec),
        Subresource::Status => {
            let read = codec.read_status(object).map_err(ApiError::internal)?;
            let Some(mut typed) = read else { return Ok(None) };
            // The times in it are those of the stored object, whatever it brings.
            typed.meta_mut().clone_from(object.meta());
            Candidate::status(typed, old.scanned(), codec)
        }
        _ => return Ok(None),
    };
    settle(served, act, found, new.meta_mut())?;
    Ok(Some(new))
}

/// Checks what the write claims about the object, and puts back what it may not change of its metadata.
fn settle(served: &Served, act: Act<'_>, found: &Found, new: &mut ObjectMeta) -> Result<(), ApiError> {
    let (kind, old) = (&*served.info, found.stored.meta());
    metadata::begin_update(kind, act.key, new, old, found.version())?;
    match act.part {
        Subresource::Status => {
            // Kubernetes' own kinds let a status write change metadata, save for owners; custom kinds do not.
            let labels = !(kind.kind == "Deployment" && kind.group == "apps");
            keep_metadata(new, old, !served.custom, labels && !served.custom);
        }
        Subresource::Finalize | Subresource::EphemeralContainers | Subresource::Resize => {
            keep_metadata(new, old, false, false);
        }
        _ => {}
    }
    Ok(())
}

/// Puts back what the write may not change, beyond what no update may.
fn keep_metadata(new: &mut ObjectMeta, old: &ObjectMeta, marks: bool, labels: bool) {
    new.generate_name.clone_from(&old.generate_name);
    new.owner_references.clone_from(&old.owner_references);
    if !marks {
        new.annotations.clone_from(&old.annotations);
        new.finalizers.clone_from(&old.finalizers);
    }
    if !labels {
        new.labels.clone_from(&old.labels);
    }
}

/// Type, metadata and status of what a status write brings.
fn head(given: &Value) -> Value {
    let known = given.as_object().into_iter().flatten().filter(|(name, _)| is_head(name));
    Value::Object(known.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// Type, metadata and status of the stored object.
pub(super) fn status_of(old: &Stored) -> Result<Value, ApiError> {
    let mut head = Map::new();
    for field in old.scanned().fields() {
        if is_head(field.name) {
            let value = serde_json::from_slice(field.value).map_err(ApiError::internal)?;
            head.insert(field.name.to_owned(), value);
        }
    }
    Ok(Value::Object(head))
}

/// The status of the stored object in place of the one that `given` has.
fn put_status_of(old: &Stored, given: &mut Value) -> Result<(), ApiError> {
    let Some(object) = given.as_object_mut() else { return Ok(()) };
    match old.scanned().field("status") {
        Some(status) => {
            let status = serde_json::from_slice(status).map_err(ApiError::internal)?;
            object.insert("status".to_owned(), status);
        }
        None => drop(object.remove("status")),
    }
    Ok(())
}

/// The stored object with the metadata of `given` and what stands in it at `path`.
fn grafted(old: &Stored, given: &Value, path: &[&str]) -> Result<Value, ApiError> {
    let mut object = old.value()?.clone();
    copy(given, &mut object, &["metadata"]);
    copy(given, &mut object, path);
    Ok(object)
}

fn copy(from: &Value, to: &mut Value, path: &[&str]) {
    let Some((last, parents)) = path.split_last() else { return };
    let source = parents.iter().try_fold(from, |value, name| value.get(name)).and_then(|v| v.get(last));
    let target = parents.iter().try_fold(to, |value, name| value.get_mut(name));
    let Some(target) = target.and_then(Value::as_object_mut) else { return };
    match source {
        Some(value) => drop(target.insert((*last).to_owned(), value.clone())),
        None => drop(target.remove(*last)),
    }
}

/// The stored pod with the resources of `given`, unless containers were added, removed or renamed: then all of
/// `given`, which validation refuses.
///
/// Source: `dropNonResizeUpdates`.
fn resized(old: &Stored, given: &Value) -> Result<Value, ApiError> {
    let mut object = old.value()?.clone();
    copy(given, &mut object, &["metadata"]);
    for list in ["containers", "initContainers"] {
        let containers = |pod: &Value| {
            pod.pointer(&format!("/spec/{list}")).and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let (new, mut kept) = (containers(given), containers(&object));
        if new.len() != kept.len() || new.iter().zip(&kept).any(|(a, b)| a["name"] != b["name"]) {
            return Ok(given.clone());
        }
        if kept.is_empty() {
            continue;
        }
        for (from, to) in new.iter().zip(&mut kept) {
            copy(from, to, &["resources"]);
            copy(from, to, &["resizePolicy"]);
        }
        object["spec"][list] = kept.into();
    }
    copy(given, &mut object, &["spec", "resources"]);
    Ok(object)
}
