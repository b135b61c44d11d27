//! Which revisions must be seen before a key is looked at again: reading one's own writes.
//!
//! Source: KEP-5647 (`k8s.io/kubernetes/pkg/controller/util/consistency`).

use super::listers::Listers;
use kube_core::error::ApiError;
use kube_core::resource::KindInfo;
use kube_store::storage::Revision;
use std::collections::BTreeMap;

/// Per informer (by its position among the listers) the revision of the newest write of one's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::runtime) struct Floors(BTreeMap<usize, Revision>);

impl Floors {
    /// Notes a write of an object of `kind` at `revision`.
    pub(super) fn wrote(&mut self, listers: &Listers, kind: &KindInfo, revision: Revision) {
        for index in listers.of_kind(kind) {
            let floor = self.0.entry(index).or_default();
            *floor = (*floor).max(revision);
        }
    }

    /// Demands every informer to be as new as `revision`: what was written is not known.
    pub(in crate::runtime) fn doubt(&mut self, listers: &Listers, revision: Revision) {
        for index in 0..listers.all().len() {
            let floor = self.0.entry(index).or_default();
            *floor = (*floor).max(revision);
        }
    }

    /// Both.
    pub(in crate::runtime) fn merge(&mut self, other: Self) {
        for (index, revision) in other.0 {
            let floor = self.0.entry(index).or_default();
            *floor = (*floor).max(revision);
        }
    }

    /// Whether a write of an object of that informer had not shown at `revision`.
    pub(in crate::runtime) fn is_above(&self, index: usize, revision: Revision) -> bool {
        self.0.get(&index).is_some_and(|floor| *floor > revision)
    }

    /// Whether nothing was written.
    pub(in crate::runtime) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Waits until every informer shows the writes.
    pub(in crate::runtime) async fn reached(&self, listers: &Listers) -> Result<(), ApiError> {
        for (index, revision) in &self.0 {
            if let Some(informer) = listers.all().get(*index).filter(|i| i.revision() < *revision) {
                informer.wait_for(*revision).await?;
            }
        }
        Ok(())
    }
}
