//! Which shards an instance works on, and why.

use super::meters::Meters;
use super::{Shard, Sharding};
use jiff::Timestamp;
use kube_core::metrics::Metrics;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How an instance stands to one shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShardPhase {
    /// It is another's.
    Elsewhere,
    /// It stands for the election of the shard.
    Waiting,
    /// It has won it, and works on its keys.
    Held,
    /// It gives the shard up as soon as what is under way has ended.
    Leaving,
}

impl ShardPhase {
    fn is_owned(self) -> bool {
        matches!(self, Self::Held | Self::Leaving)
    }
}

/// How an instance stands to one shard, and why: whose the shard is, and who has it. `Display` tells it in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShardHealth {
    /// The shard.
    pub shard: Shard,
    /// How it stands to it.
    pub phase: ShardPhase,
    /// Since when, by the instance's wall clock: when the shard moved.
    pub since: Timestamp,
    /// Whose it is to be, of those who lived at the last look; `None` before the first one.
    pub assigned: Option<Arc<str>>,
    /// Who held its lease at the last look, if anybody.
    pub holder: Option<Arc<str>>,
}

impl fmt::Display for ShardHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shard, phase, since, assigned, holder } = self;
        let holder = holder.as_deref().unwrap_or("nobody");
        write!(f, "shard {}: ", shard.number())?;
        match phase {
            ShardPhase::Elsewhere => write!(f, "elsewhere since {since}, held by {holder}")?,
            ShardPhase::Waiting => write!(f, "waiting since {since} for its lease, held by {holder}")?,
            ShardPhase::Held => write!(f, "held since {since}")?,
            ShardPhase::Leaving => write!(f, "leaving since {since}, once what is under way has ended")?,
        }
        match assigned {
            Some(assigned) => write!(f, "; assigned to {assigned}"),
            None => f.write_str("; who lives is not known yet"),
        }
    }
}

/// Asks a [`ShardedManager`](super::ShardedManager). Cheap to clone.
#[derive(Clone, Debug)]
pub struct ShardsHandle(pub(super) Arc<Books>);

impl ShardsHandle {
    /// The shards that it works on.
    pub fn owned(&self) -> BTreeSet<u32> {
        let entries = self.0.lock();
        let owned = entries.shards.iter().filter(|shard| shard.phase.is_owned());
        owned.map(|shard| shard.shard.number()).collect()
    }

    /// The instances that lived at the last look, itself among them; empty before the first one.
    pub fn members(&self) -> Vec<Arc<str>> {
        self.0.lock().members.clone()
    }

    /// How it stands to each shard, by their numbers.
    pub fn health(&self) -> Vec<ShardHealth> {
        self.0.lock().shards.clone()
    }

    /// Why it works on that shard, or does not. `None` when there is no such shard.
    pub fn why(&self, shard: u32) -> Option<ShardHealth> {
        self.0.lock().shards.get(usize::try_from(shard).ok()?).cloned()
    }
}

/// What one instance knows of all shards.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) meters: Meters,
    entries: Mutex<Entries>,
}

#[derive(Debug)]
struct Entries {
    members: Vec<Arc<str>>,
    /// By number.
    shards: Vec<ShardHealth>,
}

impl Books {
    pub(super) fn new(sharding: &Sharding, metrics: &dyn Metrics, now: Timestamp) -> Self {
        let shard = |shard| ShardHealth {
            shard,
            phase: ShardPhase::Elsewhere,
            since: now,
            assigned: None,
            holder: None,
        };
        let shards = Shard::all(sharding.shards).map(shard).collect();
        let entries = Mutex::new(Entries { members: Vec::new(), shards });
        Self { meters: Meters::new(metrics, sharding), entries }
    }

    /// Notes who lives, and so whose each shard is.
    pub(super) fn assign(&self, members: &[&str], assigned: &[Option<&str>]) {
        let mut entries = self.lock();
        entries.members = members.iter().map(|member| (*member).into()).collect();
        self.meters.members.set(count(members.len()));
        for (shard, member) in entries.shards.iter_mut().zip(assigned) {
            if shard.assigned.as_deref() != *member {
                shard.assigned = member.map(Arc::from);
            }
        }
    }

    /// Notes who holds the leases of the shards.
    pub(super) fn hold(&self, holders: &BTreeMap<u32, String>) {
        for shard in &mut self.lock().shards {
            let holder = holders.get(&shard.shard.number()).map(String::as_str);
            if shard.holder.as_deref() != holder {
                shard.holder = holder.map(Arc::from);
            }
        }
    }

    /// Notes how the instance stands to a shard from now on.
    pub(super) fn enter(&self, shard: Shard, phase: ShardPhase, now: Timestamp) {
        let mut entries = self.lock();
        let number = usize::try_from(shard.number()).unwrap_or(usize::MAX);
        let Some(entry) = entries.shards.get_mut(number).filter(|entry| entry.phase != phase) else { return };
        (entry.phase, entry.since) = (phase, now);
        if let Some(gauge) = self.meters.leads.get(number) {
            gauge.set(u64::from(phase.is_owned()));
        }
        self.meters.held.set(count(entries.shards.iter().filter(|shard| shard.phase.is_owned()).count()));
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Every section leaves the entries whole.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
