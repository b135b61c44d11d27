//! Keeping history: adopting, numbering, creating and forgetting revisions.

use super::{Next, by_revision, holds, next, surplus};
use crate::builtin::adoption::{Member, adopt, release};
use crate::builtin::claim::{Claim, Claimant};
use crate::builtin::indexes::{ORPHAN, OWNER, manager_uid};
use crate::runtime::Context;
use kube_core::error::ApiError;
use kube_core::kinds::apps::v1::ControllerRevision;
use kube_core::resource::{Resource, ResourceExt, Uid};
use kube_core::selector::{LabelSet, Selector};
use kube_core::view::View;
use kube_store::service::Subresource;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The revisions of an owner that the selector selects, in [order](by_revision); orphans are adopted, those that are
/// selected no more released.
pub(in crate::builtin) async fn claim<K: Resource>(
    cx: &Context,
    owner: &K,
    selector: &Selector,
) -> Result<Vec<Arc<ControllerRevision>>, ApiError> {
    let uid = owner.uid();
    let claimant = Claimant { uid: &uid, selector, terminating: owner.is_terminating() };
    let present = cx.by_index::<ControllerRevision>(OWNER, uid.as_str());
    let orphans = cx.by_index::<ControllerRevision>(ORPHAN, owner.namespace());
    let mut ours = Vec::new();
    for revision in present.into_iter().chain(orphans) {
        let labels = LabelSet::from(revision.metadata.labels.as_ref());
        let manager = manager_uid(&*revision).map(Uid::new);
        match claimant.judge(&labels, manager.as_ref(), revision.is_terminating()) {
            Claim::Ours => ours.push(revision),
            Claim::Orphan => {
                adopt(cx, owner, member(&revision)).await?;
                ours.push(revision);
            }
            Claim::Stray => release(cx, uid.as_str(), member(&revision)).await?,
            Claim::Foreign => {}
        }
    }
    ours.sort_by(by_revision);
    Ok(ours)
}

fn member(revision: &ControllerRevision) -> Member<'static> {
    Member {
        kind: ControllerRevision::kind_info(),
        key: revision.key(),
        version: revision.resource_version().unwrap_or_default(),
        owners: revision.metadata.owner_references.clone().unwrap_or_default(),
    }
}

/// Deletes the revisions beyond `limit`, as [`surplus`] names them.
pub(in crate::builtin) async fn truncate(
    cx: &Context,
    revisions: &[Arc<ControllerRevision>],
    live: &BTreeSet<&str>,
    limit: i32,
) -> Result<(), ApiError> {
    for revision in surplus(revisions, live, limit) {
        cx.delete(&*revision).await?;
    }
    Ok(())
}

/// How an owner's present template becomes a revision.
pub(in crate::builtin) struct History<'a, N> {
    pub(in crate::builtin) cx: &'a Context,
    /// The patch of the template.
    pub(in crate::builtin) patch: &'a Value,
    /// Makes the revision to create: of that number, named for so many collisions.
    pub(in crate::builtin) make: N,
}

impl<N: Fn(i64, i32) -> ControllerRevision> History<'_, N> {
    /// The revision of the present template, created or made the newest where it is not, and the number of collisions
    /// after that.
    pub(in crate::builtin) async fn present(
        &self,
        revisions: &[Arc<ControllerRevision>],
        collisions: i32,
    ) -> Result<(Arc<ControllerRevision>, i32), ApiError> {
        match next(revisions, self.patch) {
            Next::Same(revision) => Ok((revision, collisions)),
            Next::Raise(revision, number) => Ok((self.raise(&revision, number).await?, collisions)),
            Next::New(number) => self.create(number, collisions).await,
        }
    }

    async fn raise(
        &self,
        revision: &ControllerRevision,
        number: i64,
    ) -> Result<Arc<ControllerRevision>, ApiError> {
        let meta = json!({ "resourceVersion": revision.metadata.resource_version });
        let patch = json!({ "metadata": meta, "revision": number });
        let kind = ControllerRevision::kind_info();
        let raw = self.cx.patch_value(kind, &revision.key(), Subresource::Main, patch).await?;
        ControllerRevision::decode(&raw).map(Arc::new).map_err(ApiError::internal)
    }

    /// A name that is taken by the same template is that of a revision that was not seen yet; one that is taken by
    /// another leads to the next name.
    async fn create(
        &self,
        number: i64,
        mut collisions: i32,
    ) -> Result<(Arc<ControllerRevision>, i32), ApiError> {
        loop {
            let revision = (self.make)(number, collisions);
            match self.cx.create(&revision).await {
                Err(error) if error.is_already_exists() => {}
                created => return created.map(|revision| (Arc::new(revision), collisions)),
            }
            let revisions = self.cx.api::<ControllerRevision>().in_namespace(revision.namespace());
            let present = revisions.get(revision.name()).await?;
            let owner = |revision: &ControllerRevision| manager_uid(revision).map(str::to_owned);
            if holds(&present, self.patch) && owner(&present) == owner(&revision) {
                return Ok((Arc::new(present), collisions));
            }
            collisions = collisions.saturating_add(1);
        }
    }
}
