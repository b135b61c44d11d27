//! Times to live: one lease of etcd each.
//!
//! A lease counts whole seconds on the leader's clock. It ends at its length or up to a second later, and when the
//! leader changes it begins anew with its full length. Keeping one alive is no entry of etcd's log: a member that was
//! deposed while it stood still answers as if it led, and who leads knows nothing of it. So the term of the member that
//! answered is compared with that of a linearizable read made afterwards.

use super::call::Again;
use super::core::Core;
use super::failure::Failure;
use crate::storage::{Key, StorageError, StorageResult, TtlId, TtlInfo, TtlOp};
use etcd_client::{Error, LeaseClient, LeaseTimeToLiveOptions, ResponseHeader};
use futures::future::join;
use std::time::Duration;

/// How often one is kept alive until the member that answered leads.
const KEEPS: usize = 3;

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
        for _ in 0..KEEPS {
            let kept = self.call(Again::Safe, || keep(self.client.lease_client(), id)).await;
            let kept = kept.map_err(|failure| not_found(failure, id, "keeping alive"))?;
            let (info, term) = join(self.inspect(id), self.term()).await;
            if term? <= kept {
                let info = info?;
                return Ok(TtlInfo { remaining: info.granted, ..info });
            }
        }
        Err(Failure::Lost("the leader changed meanwhile".into()).of_read("keeping alive"))
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
        self.note_seen(revoked.header().map_or(0, ResponseHeader::revision));
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
        let granted = whole(info.granted_ttl());
        // A new leader gives more than that for the time of an election, and while it begins, no end at all.
        Ok(TtlInfo { id, granted, remaining: whole(info.ttl()).min(granted), keys })
    }
}

/// Keeps a lease alive: the term that the member which answered had come to before.
async fn keep(mut client: LeaseClient, id: TtlId) -> Result<u64, Error> {
    let (mut keeper, mut told) = client.keep_alive(id.0.cast_signed()).await?;
    // The client keeps the first answer to itself.
    keeper.keep_alive().await?;
    match told.message().await? {
        Some(told) if told.ttl() > 0 => Ok(told.header().map_or(0, ResponseHeader::raft_term)),
        Some(_) => Err(Error::LeaseKeepAliveError("lease not found".into())),
        None => Err(Error::LeaseKeepAliveError("no answer".into())),
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
