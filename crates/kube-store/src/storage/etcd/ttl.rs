//! Times to live: one lease of etcd each.
//!
//! A lease counts whole seconds on the leader's clock. It ends at its length or up to a second later, and when the
//! leader changes it begins anew with its full length: it never ends early.

use super::call::Again;
use super::core::Core;
use super::failure::Failure;
use crate::storage::{Key, StorageError, StorageResult, TtlId, TtlInfo, TtlOp};
use etcd_client::LeaseTimeToLiveOptions;
use std::time::Duration;

impl Core {
    pub(super) async fn ttl(&self, op: TtlOp) -> StorageResult<TtlInfo> {
        match op {
            TtlOp::Grant(length) => self.grant(length).await,
            TtlOp::KeepAlive(id) => self.keep_alive(id).await,
            TtlOp::Revoke(id) => self.revoke(id).await,
            TtlOp::Inspect(id) => self.inspect(id).await,
        }
    }

    /// A lease that nobody learned the id of ends by itself: granting is safe to try again.
    async fn grant(&self, length: Duration) -> StorageResult<TtlInfo> {
        let seconds = length.as_secs() + u64::from(length.subsec_nanos() > 0);
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        let grant = || {
            let mut client = self.client.lease_client();
            async move { client.grant(seconds, None).await }
        };
        let granted = self.call(Again::Safe, grant).await.map_err(|failure| failure.of_read("granting"))?;
        // etcd prolongs what is shorter than an election of its own.
        let granted_for = if granted.ttl() > seconds { whole(granted.ttl()) } else { length };
        let id = TtlId(granted.id().cast_unsigned());
        Ok(TtlInfo { id, granted: granted_for, remaining: granted_for, keys: Vec::new() })
    }

    async fn keep_alive(&self, id: TtlId) -> StorageResult<TtlInfo> {
        let keep = || {
            let mut client = self.client.lease_client();
            async move { client.keep_alive(id.0.cast_signed()).await.map(drop) }
        };
        self.call(Again::Safe, keep).await.map_err(|failure| not_found(failure, id, "keeping alive"))?;
        let info = self.inspect(id).await?;
        Ok(TtlInfo { remaining: info.granted, ..info })
    }

    async fn revoke(&self, id: TtlId) -> StorageResult<TtlInfo> {
        let info = self.inspect(id).await?;
        let revoke = || {
            let mut client = self.client.lease_client();
            async move { client.revoke(id.0.cast_signed()).await }
        };
        let revoked = self.call(Again::NotSent, revoke).await.map_err(|failure| match failure {
            Failure::NoLease => not_found(failure, id, "revoking"),
            other => other.of_write("revoking"),
        })?;
        self.note_seen(revoked.header().map_or(0, etcd_client::ResponseHeader::revision));
        Ok(TtlInfo { remaining: Duration::ZERO, ..info })
    }

    async fn inspect(&self, id: TtlId) -> StorageResult<TtlInfo> {
        let look = || {
            let mut client = self.client.lease_client();
            let options = LeaseTimeToLiveOptions::new().with_keys();
            async move { client.time_to_live(id.0.cast_signed(), Some(options)).await }
        };
        let info =
            self.call(Again::Safe, look).await.map_err(|failure| not_found(failure, id, "inspecting"))?;
        if info.ttl() < 0 {
            return Err(not_found(Failure::NoLease, id, ""));
        }
        let mut keys: Vec<Key> = info.keys().iter().filter_map(|key| self.space.strip(key)).collect();
        keys.sort_unstable();
        Ok(TtlInfo { id, granted: whole(info.granted_ttl()), remaining: whole(info.ttl()), keys })
    }
}

fn whole(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

fn not_found(failure: Failure, id: TtlId, what: &str) -> StorageError {
    match failure {
        Failure::NoLease => StorageError::NotFound { what: format!("the time to live {}", id.0) },
        other => other.of_read(what),
    }
}
