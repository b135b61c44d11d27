//! Times to live of both.

use super::{Pair, kind};
use crate::model::naive::Lease;
use futures::FutureExt;
use kube_store::storage::{StorageError, TtlId, TtlOp};
use std::time::Duration;

impl Pair<'_> {
    pub(super) fn grant(&mut self, seconds: u64) {
        // Nothing ends while a program runs whose clock is real.
        let seconds = if self.backend.is_remote() { seconds * 1000 } else { seconds };
        let info = self.now(self.storage.ttl(TtlOp::Grant(Duration::from_secs(seconds)))).unwrap();
        assert!(!self.ids.contains(&info.id.0), "{:?} is given twice", info.id);
        self.ids.push(info.id.0);
        let lease = Lease { length: seconds, deadline: self.model.now + seconds };
        self.model.leases.insert(info.id.0, lease);
    }

    /// A lease by its number, if there ever was one.
    pub(super) fn id(&self, lease: usize) -> Option<u64> {
        lease.checked_rem(self.ids.len()).map(|at| self.ids[at])
    }

    pub(super) fn keep_alive(&mut self, lease: usize) {
        let Some(id) = self.id(lease) else { return };
        let seen = self.now(self.storage.ttl(TtlOp::KeepAlive(TtlId(id)))).map_err(|error| kind(&error));
        let now = self.model.now;
        let wanted = self.model.leases.get_mut(&id).map(|lease| {
            lease.deadline = now + lease.length;
            Duration::from_secs(lease.length)
        });
        assert_eq!(seen.map(|info| info.remaining), wanted.ok_or("not found"), "keeping {id} alive");
    }

    pub(super) fn revoke(&mut self, lease: usize) {
        let Some(id) = self.id(lease) else { return };
        let seen = self.now(self.storage.ttl(TtlOp::Revoke(TtlId(id)))).map_err(|error| kind(&error));
        let wanted = self.model.leases.contains_key(&id).then(|| self.keys(id)).ok_or("not found");
        assert_eq!(seen.map(|info| texts(&info.keys)), wanted, "revoking {id}");
        if self.model.leases.contains_key(&id) {
            self.model.end(id);
        }
    }

    pub(super) fn inspect(&self, lease: usize) {
        let Some(id) = self.id(lease) else { return };
        let seen = self.now(self.storage.ttl(TtlOp::Inspect(TtlId(id)))).map_err(|error| kind(&error));
        let seen = seen.map(|info| (info.granted, info.remaining, texts(&info.keys)));
        let wanted = self.model.leases.get(&id).map(|lease| {
            let left = Duration::from_secs(lease.deadline - self.model.now);
            let left = seen.as_ref().ok().filter(|_| self.backend.is_remote()).map_or(left, |seen| seen.1);
            (Duration::from_secs(lease.length), left, self.keys(id))
        });
        assert_eq!(seen, wanted.ok_or("not found"), "lease {id}");
    }

    fn keys(&self, lease: u64) -> Vec<String> {
        self.model.attached(lease).into_iter().map(String::from).collect()
    }

    pub(super) fn advance(&mut self, seconds: u64) {
        let due = self.model.advance(seconds);
        self.stage.clock.advance(Duration::from_secs(seconds));
        let gone = |id: u64| {
            let known = self.storage.ttl(TtlOp::Inspect(TtlId(id))).now_or_never();
            matches!(known, Some(Err(StorageError::NotFound { .. })))
        };
        let ended = self.stage.settle(|| due.iter().all(|id| gone(*id)));
        assert!(ended, "{due:?} were due and did not end");
    }
}

fn texts(keys: &[kube_store::storage::Key]) -> Vec<String> {
    keys.iter().map(ToString::to_string).collect()
}
