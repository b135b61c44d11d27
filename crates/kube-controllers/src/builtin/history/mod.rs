//! `ControllerRevision`s: the templates that a StatefulSet or a DaemonSet had, each kept as a patch that brings it back.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/history`, and `getPatch` of the two controllers.

mod execute;
mod snapshot;
#[cfg(test)]
mod tests;

pub(super) use execute::{History, claim, truncate};
pub use snapshot::{HASH, data, name, revision_hash, template_of, template_patch};

use kube_core::kinds::apps::v1::ControllerRevision;
use kube_core::resource::ResourceExt;
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The order of revisions: by number, then by age, then by name.
pub fn by_revision(a: &Arc<ControllerRevision>, b: &Arc<ControllerRevision>) -> Ordering {
    let created = |r: &ControllerRevision| r.metadata.creation_timestamp.as_ref().map(|time| time.0);
    let key = |r: &ControllerRevision| (r.revision, created(r));
    key(a).cmp(&key(b)).then_with(|| a.name().cmp(b.name()))
}

/// What becomes of the revision of the present template.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// It is the newest already.
    Same(Arc<ControllerRevision>),
    /// An older one holds the same template, and becomes the newest by this number: a rollback.
    Raise(Arc<ControllerRevision>, i64),
    /// There is none yet; it gets this number.
    New(i64),
}

/// Finds the revision of the template whose patch this is among `revisions`, which are in [order](by_revision).
///
/// Source: `getStatefulSetRevisions`, `constructHistory`.
pub fn next(revisions: &[Arc<ControllerRevision>], patch: &Value) -> Next {
    let number = revisions.last().map_or(0, |newest| newest.revision).saturating_add(1);
    let Some(found) = revisions.iter().rposition(|revision| holds(revision, patch)) else {
        return Next::New(number);
    };
    let revision = revisions[found].clone();
    if found + 1 == revisions.len() { Next::Same(revision) } else { Next::Raise(revision, number) }
}

/// Whether a revision keeps the template whose patch this is. One that another version of Kubernetes wrote may say the
/// same in other words.
///
/// Source: `EqualRevision`, and the feature `StatefulSetSemanticRevisionComparison`.
pub fn holds(revision: &ControllerRevision, patch: &Value) -> bool {
    revision.data.as_ref().is_some_and(|data| data.0 == *patch)
        || template_of(revision).is_some_and(|kept| template_patch(&kept) == *patch)
}

/// The revisions beyond `limit` that go, oldest first; those in `live` are neither counted nor taken. `revisions` are in
/// [order](by_revision); a negative limit keeps all.
///
/// Source: `truncateHistory`.
pub fn surplus(
    revisions: &[Arc<ControllerRevision>],
    live: &BTreeSet<&str>,
    limit: i32,
) -> Vec<Arc<ControllerRevision>> {
    let Ok(limit) = usize::try_from(limit) else { return Vec::new() };
    let idle: Vec<_> = revisions.iter().filter(|revision| !live.contains(revision.name())).collect();
    let surplus = idle.len().saturating_sub(limit);
    idle.into_iter().take(surplus).cloned().collect()
}
