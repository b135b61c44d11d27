//! Planning a deletion: preconditions, grace, finalizers, propagation.
//!
//! Source: `k8s.io/apiserver/pkg/registry/rest/delete.go` (`BeforeDelete`) and `registry/generic/registry/store.go`
//! (`updateForGracefulDeletionAndFinalizers`).

use super::candidate::Candidate;
use super::contribution::Operation;
use super::metadata;
use super::plan::{Act, End, Found, Planned, Planner};
use super::strategy::Strategy;
use crate::service::{DeleteOptions, Propagation};
use jiff::{SignedDuration, Timestamp};
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::kinds::meta::v1::{ObjectMeta, Time};
use kube_core::resource::ObjectKey;

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
        let found = self.stored(key).await?;
        self.expect_preconditions(key, &found, options)?;
        self.validate(Act::on(key, Operation::Delete), Some(&found.stored), None).await?;
        let mut new = found.stored.candidate()?;
        match mark(&*served.strategy, &mut new, options, &self.objects.env) {
            Fate::Pending => Ok(self.unchanged(found)),
            Fate::Gone => self.remove(key, &found, None).await,
            Fate::Marked => {
                let bytes = new.print().map_err(ApiError::internal)?;
                self.expect(&found.place, &found.current);
                self.draft.put(found.place, bytes.clone(), None, Some(&found.current));
                Ok(Planned::written(bytes, new.meta()))
            }
        }
    }

    fn expect_preconditions(
        &self,
        key: &ObjectKey,
        found: &Found,
        options: &DeleteOptions,
    ) -> Result<(), ApiError> {
        let kind = &*self.served.info;
        if let Some(uid) = &options.uid {
            let stored = found.stored.meta().uid.as_deref().unwrap_or_default();
            metadata::expect_uid(kind, key, uid.as_str(), stored)?;
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
        Ok(())
    }

    /// Removes an object that nothing holds any more; `last` is its last state where that is not the stored one.
    pub(crate) async fn remove(
        &mut self,
        key: &ObjectKey,
        found: &Found,
        last: Option<&Candidate>,
    ) -> Result<Planned, ApiError> {
        self.contribute(Act::on(key, Operation::Delete), Some(&found.stored), None).await?;
        self.expect(&found.place, &found.current);
        self.draft.delete(found.place.clone(), Some(&found.current));
        let bytes = match last {
            Some(last) => last.print().map_err(ApiError::internal)?,
            None => found.current.value.clone(),
        };
        Ok(Planned { bytes, end: End::Removed, meta: None })
    }
}

/// Whether a terminating object has nothing left that holds it.
pub(crate) fn is_released(strategy: &dyn Strategy, object: &Candidate) -> bool {
    let meta = object.meta();
    metadata::is_terminating(meta)
        && meta.deletion_grace_period_seconds.unwrap_or(0) == 0
        && metadata::finalizers(meta).is_empty()
        && !strategy.holds(object)
}

/// Begins or shortens a deletion, and tells what becomes of the object.
fn mark(strategy: &dyn Strategy, object: &mut Candidate, options: &DeleteOptions, env: &Env) -> Fate {
    let asked = options.grace_period_seconds.map(|seconds| if seconds < 0 { 1 } else { seconds });
    let grace = strategy.grace(object, asked);
    let began = metadata::is_terminating(object.meta());
    if began && let Some(wanted) = grace {
        // Only a shorter grace may be given to a deletion that is under way.
        match object.meta().deletion_grace_period_seconds {
            Some(before) if asked.is_some() && wanted < before => shorten(object.meta_mut(), before, wanted),
            Some(_) => return Fate::Pending,
            None => {}
        }
    }
    let changed = propagate(object.meta_mut(), options.propagation);
    let held = !metadata::finalizers(object.meta()).is_empty() || strategy.holds(object);
    let seconds = if began { object.meta().deletion_grace_period_seconds } else { grace }.unwrap_or(0);
    if seconds == 0 && !held {
        return Fate::Gone;
    }
    if !began {
        begin(strategy, object, seconds, env);
    } else if grace.is_none() && !changed {
        return Fate::Pending;
    }
    Fate::Marked
}

fn begin(strategy: &dyn Strategy, object: &mut Candidate, seconds: i64, env: &Env) {
    let meta = object.meta_mut();
    meta.deletion_timestamp = Some(Time(after(env.wall_seconds(), seconds)));
    meta.deletion_grace_period_seconds = Some(seconds);
    meta.generation = meta.generation.filter(|generation| *generation > 0).map(|generation| generation + 1);
    strategy.begin_deletion(object);
}

fn shorten(meta: &mut ObjectMeta, before: i64, seconds: i64) {
    if let Some(due) = &meta.deletion_timestamp {
        meta.deletion_timestamp = Some(Time(after(due.0, seconds - before)));
    }
    meta.deletion_grace_period_seconds = Some(seconds);
}

fn after(time: Timestamp, seconds: i64) -> Timestamp {
    time.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(time)
}

/// Sets the finalizers that make the garbage collector treat dependents as asked; tells whether any changed.
fn propagate(meta: &mut ObjectMeta, propagation: Option<Propagation>) -> bool {
    let Some(propagation) = propagation else { return false };
    let wanted = match propagation {
        Propagation::Background => None,
        Propagation::Foreground => Some(FOREGROUND),
        Propagation::Orphan => Some(ORPHAN),
    };
    let before = metadata::finalizers(meta);
    let kept = before.iter().filter(|name| *name != ORPHAN && *name != FOREGROUND).cloned();
    let names: Vec<String> = kept.chain(wanted.map(str::to_owned)).collect();
    if names == before {
        return false;
    }
    meta.finalizers = Some(names).filter(|names| !names.is_empty());
    true
}
