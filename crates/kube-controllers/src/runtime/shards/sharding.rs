//! How work is shared.

use super::Shard;
use kube_store::client::election::{ElectionConfig, ElectionError};

/// Among how many shards, by which elections, and who stands for them. The same but for the identity for everybody who
/// shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sharding {
    /// The elections: `<name>-<number>` for each shard, and `<name>-member-<identity>` for the sign of life of each
    /// instance, whose lease lasts as long. Looks come every `retry_period`. Who leaves takes its sign of life along; that
    /// of one who died is deleted by the others once it is four durations old.
    pub election: ElectionConfig,
    /// How many shards. More of them spread the work more evenly, and cost a lease each.
    pub shards: u32,
}

impl Sharding {
    /// `shards` shards of the work `name` (at least 1), of which `identity` does a part. Both are part of the names of
    /// leases, in `kube-system`.
    pub fn new(name: impl Into<String>, identity: impl Into<String>, shards: u32) -> Self {
        Self { election: ElectionConfig::new(name, identity), shards }
    }

    pub(super) fn check(&self) -> Result<(), ElectionError> {
        self.election.check()?;
        if self.shards == 0 {
            return Err(ElectionError { field: "shards", reason: "must be at least 1".to_owned() });
        }
        let lease = self.member_lease();
        let errors = kube_core::names::is_dns1123_subdomain(&lease);
        match errors.first() {
            Some(error) => Err(ElectionError { field: "identity", reason: format!("{lease:?}: {error}") }),
            None => Ok(()),
        }
    }

    /// The election of a shard.
    pub fn election_of(&self, shard: Shard) -> ElectionConfig {
        let name = format!("{}-{}", self.election.name, shard.number());
        ElectionConfig { name, ..self.election.clone() }
    }

    /// Of which shard the lease of that name is.
    pub(super) fn shard_of(&self, lease: &str) -> Option<u32> {
        let number = lease.strip_prefix(&*self.election.name)?.strip_prefix('-')?.parse().ok()?;
        Some(number).filter(|number| *number < self.shards)
    }

    /// The lease that is this instance's sign of life.
    pub(super) fn member_lease(&self) -> String {
        self.lease_of(&self.election.identity)
    }

    /// The lease that is a member's sign of life.
    pub(super) fn lease_of(&self, member: &str) -> String {
        format!("{}{member}", self.member_prefix())
    }

    /// Whose sign of life the lease of that name is.
    pub(super) fn member_of<'a>(&self, lease: &'a str) -> Option<&'a str> {
        lease.strip_prefix(&self.member_prefix())
    }

    fn member_prefix(&self) -> String {
        format!("{}-member-", self.election.name)
    }
}
