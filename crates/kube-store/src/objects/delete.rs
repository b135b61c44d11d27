//! Planning a deletion: preconditions, grace, finalizers, propagation.
//!
//! Source: `k8s.io/apiserver/pkg/registry/rest/delete.go` (`BeforeDelete`) and `registry/generic/registry/store.go`
//! (`updateForGracefulDeletionAndFinalizers`).

use super::contribution::Operation;
use super::metadata;
use super::plan::{Act, End, Found, Planned, Planner};
use super::strategy::Strategy;
use crate::service::{DeleteOptions, Propagation};
use jiff::{SignedDuration, Timestamp};
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::resource::ObjectKey;
use serde_json::Value;

const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";

/// What a deletion makes of an object.
enum Fate {
    /// It goes.
    Gone,
    /// It stays, marked.
    Marked,
    /// Its deletion is under way and stays as it is.
    Pending,
}

impl Planner<'_> {
    /// Plans a deletion.
    pub(crate) async fn delete(
        &mut self,
        key: &ObjectKey,
        options: &DeleteOptions,
    ) -> Result<Planned, ApiError> {
        let served = self.served.clone();
        let kind = &*served.info;
        let found = self.stored(key).await?;
        let old = &found.value;
        if let Some(uid) = &options.uid {
            metadata::expect_uid(kind, key, uid.as_str(), old)?;
        }
        if let Some(version) = options.version
            && found.version() != Some(version.revision())
        {
            let stored = found.version().unwrap_or(0);
            let detail = format!(
                "Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {stored}"
            );
            return Err(ApiError::conflict(&kind.group, &kind.plural, &key.name, &detail));
        }
        self.validate(Act::on(key, Operation::Delete), Some(old), None).await?;
        let mut new = old.clone();
        match mark(&*served.strategy, &mut new, options, &self.objects.env)? {
            Fate::Pending => Ok(self.unchanged(found)),
            Fate::Gone => self.remove(key, &found, None).await,
            Fate::Marked => {
                let bytes = kube_core::wire::canonical(&new);
                self.expect(&found.place, &found.current);
                self.draft.put(found.place, bytes.clone(), None, Some(&found.current));
                Ok(Planned { bytes, end: End::Written })
            }
        }
    }

    /// Removes an object that nothing holds any more; `last` is its last state where that is not the stored one.
    pub(crate) async fn remove(
        &mut self,
        key: &ObjectKey,
        found: &Found,
        last: Option<&Value>,
    ) -> Result<Planned, ApiError> {
        self.contribute(Act::on(key, Operation::Delete), Some(&found.value), None).await?;
        self.expect(&found.place, &found.current);
        self.draft.delete(found.place.clone(), Some(&found.current));
        let bytes = last.map_or_else(|| found.current.value.clone(), kube_core::wire::canonical);
        Ok(Planned { bytes, end: End::Removed })
    }
}

/// Whether a terminating object has nothing left that holds it.
pub(crate) fn is_released(strategy: &dyn Strategy, object: &Value) -> bool {
    metadata::is_terminating(object)
        && metadata::grace(object).unwrap_or(0) == 0
        && metadata::finalizers(object).is_empty()
        && !strategy.holds(object)
}

/// Begins or shortens a deletion, and tells what becomes of the object.
fn mark(
    strategy: &dyn Strategy,
    object: &mut Value,
    options: &DeleteOptions,
    env: &Env,
) -> Result<Fate, ApiError> {
    let asked = options.grace_period_seconds.map(|seconds| if seconds < 0 { 1 } else { seconds });
    let grace = strategy.grace(object, asked);
    let began = metadata::is_terminating(object);
    if began && grace.is_some() {
        // Only a shorter grace may be given to a deletion that is under way.
        match (metadata::grace(object), asked) {
            (Some(before), Some(asked)) if asked < before => shorten(object, before, asked)?,
            (Some(_), _) => return Ok(Fate::Pending),
            (None, _) => {}
        }
    }
    let changed = propagate(object, options.propagation)?;
    let held = !metadata::finalizers(object).is_empty() || strategy.holds(object);
    let seconds = if began { metadata::grace(object) } else { grace }.unwrap_or(0);
    if seconds == 0 && !held {
        return Ok(Fate::Gone);
    }
    if !began {
        begin(strategy, object, seconds, env)?;
    } else if grace.is_none() && !changed {
        return Ok(Fate::Pending);
    }
    Ok(Fate::Marked)
}

fn begin(strategy: &dyn Strategy, object: &mut Value, seconds: i64, env: &Env) -> Result<(), ApiError> {
    let generation = metadata::generation(object);
    let due = after(env.wall_seconds(), seconds);
    let metadata = metadata::metadata(object)?;
    metadata.insert("deletionTimestamp".to_owned(), due.to_string().into());
    metadata.insert("deletionGracePeriodSeconds".to_owned(), seconds.into());
    if generation > 0 {
        metadata.insert("generation".to_owned(), (generation + 1).into());
    }
    strategy.begin_deletion(object);
    Ok(())
}

fn shorten(object: &mut Value, before: i64, seconds: i64) -> Result<(), ApiError> {
    let due: Timestamp = metadata::text(object, "deletionTimestamp").parse().map_err(ApiError::internal)?;
    let due = after(due, seconds - before);
    let metadata = metadata::metadata(object)?;
    metadata.insert("deletionTimestamp".to_owned(), due.to_string().into());
    metadata.insert("deletionGracePeriodSeconds".to_owned(), seconds.into());
    Ok(())
}

fn after(time: Timestamp, seconds: i64) -> Timestamp {
    time.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(time)
}

/// Sets the finalizers that make the garbage collector treat dependents as asked; tells whether any changed.
fn propagate(object: &mut Value, propagation: Option<Propagation>) -> Result<bool, ApiError> {
    let Some(propagation) = propagation else { return Ok(false) };
    let wanted = match propagation {
        Propagation::Background => None,
        Propagation::Foreground => Some(FOREGROUND),
        Propagation::Orphan => Some(ORPHAN),
    };
    let before = metadata::finalizers(object);
    let mut names: Vec<Value> = before
        .iter()
        .filter(|name| **name != ORPHAN && **name != FOREGROUND)
        .map(|name| (*name).into())
        .collect();
    names.extend(wanted.map(Value::from));
    let unchanged = names.iter().filter_map(Value::as_str).eq(before.iter().copied());
    if unchanged {
        return Ok(false);
    }
    let metadata = metadata::metadata(object)?;
    if names.is_empty() {
        metadata.remove("finalizers");
    } else {
        metadata.insert("finalizers".to_owned(), names.into());
    }
    Ok(true)
}
