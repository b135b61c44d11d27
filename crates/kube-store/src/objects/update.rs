//! Planning an update: replace, status, scale, patch, binding.

use super::candidate::{Candidate, Stored};
use super::contribution::Operation;
use super::metadata;
use super::parts::Read;
use super::plan::{Act, Found, Planned, Planner, print};
use super::{binding, delete, parts, scale};
use crate::service::{Patch, Subresource};
use kube_core::codec::TypedObject;
use kube_core::error::{ApiError, Reason};
use kube_core::patch::{PatchError, apply_json, apply_merge};
use kube_core::resource::{KindInfo, ObjectKey};
use serde_json::Value;
use std::borrow::Cow;

/// How an update makes the new object from the stored one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change<'a> {
    /// It brings it.
    Replace(&'a Value),
    /// A program made it.
    Typed(&'a dyn TypedObject),
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
        expect_part(&served.info, part)?;
        let found = self.stored(key).await?;
        let binding = match change {
            Change::Bind(body) => Some(body),
            _ => None,
        };
        let act = Act { key, operation: Operation::Update, part, binding };
        let mut new = match (part, change) {
            (Subresource::Binding, Change::Bind(body)) => {
                binding::assigned(key, &found.stored, body, &self.objects.env)?
            }
            (Subresource::Binding, _) => return Err(no_such_part(&served.info, part)),
            _ => {
                let mut new = self.wanted(act, &found, change)?;
                self.admit(act, &found.stored, &mut new).await?;
                new
            }
        };
        if metadata::is_terminating(new.meta()) {
            new.complete().map_err(ApiError::internal)?;
            if delete::is_released(&*served.strategy, &new) {
                return self.remove(key, &found, Some(&new)).await;
            }
        }
        self.contribute(act, Some(&found.stored), Some(&mut new)).await?;
        let bytes = match part {
            // What is wanted stays as it was, or is not what the generation counts.
            Subresource::Binding | Subresource::Status => print(&new)?,
            _ => {
                let bytes = self.succeed(&found.stored, &mut new)?;
                self.tell(&new, Some(&found.stored))?;
                bytes
            }
        };
        if bytes == found.current.value && self.options.ttl.is_none() {
            return Ok(self.unchanged(found));
        }
        self.expect(&found.place, &found.current);
        self.draft.put(found.place, bytes.clone(), self.options.ttl, Some(&found.current));
        Ok(Planned::written(bytes, new.meta()))
    }

    /// The object that the request wants to see stored: what the part may not change is that of the stored object.
    fn wanted(&self, act: Act<'_>, found: &Found, change: Change<'_>) -> Result<Candidate, ApiError> {
        let served = &self.served;
        let kind = &*served.info;
        if let Change::Typed(object) = change
            && let Some(new) = parts::taken_over(served, act, found, object)?
        {
            return Ok(new);
        }
        let given = changed(kind, act, found, change)?;
        let given = if act.part == Subresource::Scale {
            Cow::Owned(scale::scaled(kind, act.key, found, &given)?)
        } else {
            given
        };
        let mut given = match metadata::accept_type(kind, &given, served.strategy.codec())? {
            Cow::Owned(object) => Cow::Owned(object),
            Cow::Borrowed(_) => given,
        };
        let mut read = Read::new(served, found, self.is_strict());
        let new = read.candidate(act, &mut given)?;
        match change {
            Change::Patch(_) => self.judge_patched(&given, &read.unknown)?,
            _ => self.judge_unknown(&read.unknown)?,
        }
        Ok(new)
    }

    async fn admit(&self, act: Act<'_>, old: &Stored, new: &mut Candidate) -> Result<(), ApiError> {
        let strategy = &self.served.strategy;
        strategy.set_defaults(new)?;
        self.mutate(act, Some(old), new).await?;
        strategy.prepare_update(old, new, act.part)?;
        let mut errors = metadata::check_updated(new.meta_mut(), old.meta());
        errors.extend(strategy.validate_update(old, new, act.part)?);
        self.invalid(act.key, &errors)?;
        self.validate(act, Some(old), Some(new)).await
    }
}

/// # Errors
/// 404 for a part that the kind has not.
fn expect_part(kind: &KindInfo, part: Subresource) -> Result<(), ApiError> {
    let known = match part {
        Subresource::Main => true,
        // Not written through this verb.
        Subresource::Eviction => false,
        _ => kind.subresources.contains(part.as_str()),
    };
    if known { Ok(()) } else { Err(no_such_part(kind, part)) }
}

pub(crate) fn no_such_part(kind: &KindInfo, part: Subresource) -> ApiError {
    let text =
        format!("the server could not find the requested resource ({}/{})", kind.plural, part.as_str());
    ApiError::new(Reason::NotFound, text)
}

/// What the request says.
fn changed<'a>(
    kind: &KindInfo,
    act: Act<'_>,
    found: &Found,
    change: Change<'a>,
) -> Result<Cow<'a, Value>, ApiError> {
    let key = act.key;
    let patch = match change {
        Change::Replace(object) | Change::Bind(object) => return Ok(Cow::Borrowed(object)),
        Change::Typed(object) => return object.to_json().map(Cow::Owned).map_err(ApiError::internal),
        Change::Apply(object) => {
            let mut new = found.stored.value()?.clone();
            apply_merge(&mut new, object);
            return Ok(Cow::Owned(new));
        }
        Change::Patch(patch) => patch,
    };
    let mut target = match (act.part, patch) {
        (Subresource::Scale, _) => scale::of(kind, key, found.stored.value()?, None)?,
        // Nothing else of the object can come of it.
        (Subresource::Status, Patch::Merge(_)) => parts::status_of(&found.stored)?,
        _ => found.stored.value()?.clone(),
    };
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
    Ok(Cow::Owned(target))
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
