//! What one reconcile wrote.

use super::floors::Floors;
use super::listers::Listers;
use crate::runtime::history::WriteRecord;
use kube_core::resource::{KindInfo, ObjectKey};
use kube_store::storage::Revision;
use std::sync::Arc;

/// A write, as far as a later cause may be it: kind, object, and when.
pub(in crate::runtime) type Mark = (Arc<str>, ObjectKey, Revision);

/// What one reconcile wrote.
#[derive(Debug, Default)]
pub(in crate::runtime) struct Trail {
    pub(in crate::runtime) floors: Floors,
    pub(in crate::runtime) writes: Vec<Mark>,
    /// Whether something may have been written that is not in here.
    pub(in crate::runtime) doubtful: bool,
}

impl Trail {
    pub(super) fn wrote(&mut self, listers: &Listers, kind: &KindInfo, record: &WriteRecord) {
        self.floors.wrote(listers, kind, record.revision);
        self.writes.push((record.kind.clone(), record.key.clone(), record.revision));
    }
}
