//! Several instances that share the work of the same controllers.
//!
//! Namespaces are spread over a fixed number of [`Shard`]s by their hash, and shards over the instances that show signs
//! of life ([`assign`]). An instance works on a shard while it has won the election of that shard, and writes through
//! its fence: what one instance believes of the others only says where it stands for election, so that no key is ever
//! worked on by two, however wrong that belief is. Whoever wins a shard begins when its caches show everything that was
//! written before.
//!
//! ```
//! use kube_controllers::runtime::shards::{ShardedManager, Sharding};
//! use kube_store::{client::Running, informer::Informers, objects::Objects, rt, storage::MemoryStorage};
//! use std::sync::Arc;
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
//! # runtime.block_on(async {
//! let objects = Objects::new(Arc::new(MemoryStorage::new()), rt::env());
//! let informers = Informers::new(objects.clone());
//! let sharding = Sharding::new("controllers", "plane-a", 16);
//! let manager = ShardedManager::new(&objects, &informers, sharding, kube_controllers::builtin)?;
//! let shards = manager.handle();
//! let running = Running::start(&rt::env(), Box::new(manager));
//! while shards.owned().len() < 16 {
//!     rt::env().sleep(std::time::Duration::from_millis(10)).await; // alone: all of them
//! }
//! running.stop(); // the others take over at once
//! running.ended().await?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod assign;
mod health;
mod members;
mod meters;
mod shard_runner;
mod sharding;
#[cfg(test)]
mod tests;

pub use assign::{Shard, assign};
pub use health::{ShardHealth, ShardPhase, ShardsHandle};
pub use sharding::Sharding;

use super::controller::Controller;
use async_trait::async_trait;
use futures::future::{Either, select};
use health::Books;
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::kinds::coordination::v1::Lease;
use kube_core::metrics::{Discard, Metrics};
use kube_core::resource::ResourceVersion;
use kube_store::api::Api;
use kube_store::client::election::{ElectionError, Record};
use kube_store::client::{Component, Running, StopToken};
use kube_store::informer::Informers;
use kube_store::objects::Objects;
use kube_store::service::{DeleteOptions, ListQuery};
use kube_store::storage::Revision;
use members::Members;
use shard_runner::ShardRunner;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::pin::pin;
use std::sync::Arc;

/// Makes the controllers, anew for each shard.
type Make = Box<dyn Fn() -> Vec<Controller> + Send + Sync>;

/// One instance of several that share the work of the same controllers: see the [module](self).
///
/// Controllers of namespaced kinds run in every shard, on the keys of its namespaces; those of other kinds, and those
/// whose keys are not those of one kind, run in the shard of what lies in no namespace.
pub struct ShardedManager {
    surface: Arc<Surface>,
}

/// What an instance and its shards share.
struct Surface {
    objects: Arc<Objects>,
    informers: Informers,
    sharding: Sharding,
    make: Make,
    metrics: Arc<dyn Metrics>,
    books: Arc<Books>,
}

impl ShardedManager {
    /// An instance that runs what `make` makes, over `informers` of `objects`.
    ///
    /// # Errors
    /// Parameters of the elections that leave no room for one another.
    pub fn new(
        objects: &Arc<Objects>,
        informers: &Informers,
        sharding: Sharding,
        make: impl Fn() -> Vec<Controller> + Send + Sync + 'static,
    ) -> Result<Self, ElectionError> {
        Self::with_metrics(objects, informers, sharding, make, Arc::new(Discard))
    }

    /// As [`ShardedManager::new`], counting in `metrics`: shards by `controller_shards_held`, instances by
    /// `controller_shard_members`, shards that were won, given up or lost by `controller_shard_moves_total`, each election
    /// by `leader_election_master_status`, and what the controllers count.
    ///
    /// # Errors
    /// As [`ShardedManager::new`].
    pub fn with_metrics(
        objects: &Arc<Objects>,
        informers: &Informers,
        sharding: Sharding,
        make: impl Fn() -> Vec<Controller> + Send + Sync + 'static,
        metrics: Arc<dyn Metrics>,
    ) -> Result<Self, ElectionError> {
        sharding.check()?;
        let books = Arc::new(Books::new(&sharding, &*metrics, informers.env().wall()));
        let (objects, informers) = (objects.clone(), informers.clone());
        let surface = Surface { objects, informers, sharding, make: Box::new(make), metrics, books };
        Ok(Self { surface: Arc::new(surface) })
    }

    /// Asks which shards it works on and why, also while it runs and afterwards.
    pub fn handle(&self) -> ShardsHandle {
        ShardsHandle(self.surface.books.clone())
    }
}

impl fmt::Debug for ShardedManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShardedManager").field("sharding", &self.surface.sharding).finish_non_exhaustive()
    }
}

/// As long as it lives the instance stands to a shard in one way, and then in another.
struct Stance<'a> {
    surface: &'a Surface,
    shard: Shard,
    then: ShardPhase,
}

impl Drop for Stance<'_> {
    fn drop(&mut self) {
        self.surface.enter(self.shard, self.then);
    }
}

/// What the leases say.
struct Seen {
    /// Everybody's last sign of life.
    signs: Vec<(String, Revision)>,
    /// Who holds which shard.
    holders: BTreeMap<u32, String>,
}

impl Surface {
    fn enter(&self, shard: Shard, phase: ShardPhase) {
        self.books.enter(shard, phase, self.env().wall());
    }

    /// Stands to a shard as `now` says, and `then` when what it gives is dropped.
    fn stand(&self, shard: Shard, now: ShardPhase, then: ShardPhase) -> Stance<'_> {
        self.enter(shard, now);
        Stance { surface: self, shard, then }
    }

    fn env(&self) -> &Env {
        self.informers.env()
    }

    fn leases(&self) -> Api<Lease> {
        Api::namespaced(self.objects.clone(), &self.sharding.election.namespace)
    }

    /// Shows a sign of life.
    async fn beat(&self) -> Result<(), ApiError> {
        let (leases, name, wall) = (self.leases(), self.sharding.member_lease(), self.env().wall());
        let election = &self.sharding.election;
        let mut lease = leases.find(&name).await?.unwrap_or_default();
        let spec = lease.spec.get_or_insert_default();
        let acquired = spec.acquire_time.as_ref().map_or(wall, |time| time.0);
        let (holder, duration) = (election.identity.clone(), election.lease_duration);
        Record { holder, duration, acquired, renewed: wall, transitions: 0 }.write(spec);
        if lease.metadata.resource_version.is_some() {
            leases.update(&lease).await?;
        } else {
            lease.metadata.name = Some(name);
            leases.create(&lease).await?;
        }
        Ok(())
    }

    async fn see(&self) -> Result<Seen, ApiError> {
        let mut seen = Seen { signs: Vec::new(), holders: BTreeMap::new() };
        for lease in self.leases().list(&ListQuery::default()).await?.items {
            let Some(name) = lease.metadata.name.as_deref() else { continue };
            if let Some(shard) = self.sharding.shard_of(name) {
                let holder = lease.spec.as_ref().map(|spec| Record::of(spec).holder);
                seen.holders.extend(holder.filter(|holder| !holder.is_empty()).map(|holder| (shard, holder)));
            }
            let version = lease.metadata.resource_version.as_deref().and_then(|version| version.parse().ok());
            if let (Some(member), Some(version)) = (self.sharding.member_of(name), version) {
                seen.signs.push((member.to_owned(), Revision::new(version)));
            }
        }
        Ok(seen)
    }

    /// Shows a sign of life and looks for those of others. Who cannot reach the store goes on with what was known.
    async fn look(&self, members: &mut Members) {
        let seen = async {
            self.beat().await?;
            self.see().await
        };
        match seen.await {
            Ok(Seen { signs, holders }) => {
                let now = self.env().now();
                members.observe(signs, now);
                self.books.hold(&holders);
                self.bury(&members.gone(now)).await;
            }
            Err(error) => tracing::debug!(%error, "the other instances cannot be seen"),
        }
    }

    /// Deletes the last signs of life of who died. Who shows another one meanwhile keeps it.
    async fn bury(&self, gone: &[(&str, Revision)]) {
        for (member, last) in gone {
            let only = DeleteOptions::default().version(ResourceVersion::new(last.get()));
            if let Err(error) = self.leases().delete(&self.sharding.lease_of(member), &only).await {
                tracing::debug!(member, %error, "somebody else deleted it, or it lives again");
            }
        }
    }
}

/// The shards that one instance stands for.
#[derive(Default)]
struct Stand {
    running: BTreeMap<Shard, Running>,
    /// Told to stop.
    leaving: BTreeMap<Shard, Running>,
}

impl Stand {
    /// Stands for `wanted` and for nothing else.
    ///
    /// # Errors
    /// Why the controllers of a shard ended by themselves, where that is the end of everything.
    fn move_to(&mut self, surface: &Arc<Surface>, wanted: &BTreeSet<Shard>) -> Result<(), ApiError> {
        self.leaving.retain(|_, shard| shard.result().is_none());
        for shard in Shard::all(surface.sharding.shards) {
            if let Some(ended) = self.running.get(&shard).and_then(Running::result) {
                if let Err(error) = ended {
                    if error.is_closed() {
                        return Err(error);
                    }
                    tracing::warn!(shard = shard.number(), %error, "the controllers of a shard ended");
                }
                self.running.remove(&shard);
            }
            if wanted.contains(&shard) {
                if !self.running.contains_key(&shard) && !self.leaving.contains_key(&shard) {
                    let runner = ShardRunner { surface: surface.clone(), shard };
                    self.running.insert(shard, Running::start(surface.env(), Box::new(runner)));
                }
            } else if let Some(running) = self.running.remove(&shard) {
                running.stop();
                self.leaving.insert(shard, running);
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Component for ShardedManager {
    fn name(&self) -> &'static str {
        "sharded-controllers"
    }

    async fn run(self: Box<Self>, stop: StopToken) -> Result<(), ApiError> {
        let surface = self.surface;
        let election = &surface.sharding.election;
        let mut members = Members::new(&election.identity, election.lease_duration);
        let mut stand = Stand::default();
        loop {
            if let Either::Left(_) = select(pin!(stop.stopped()), pin!(surface.look(&mut members))).await {
                break;
            }
            let live = members.live(surface.env().now());
            let assigned = assign(live.iter().copied(), surface.sharding.shards);
            surface.books.assign(&live, &assigned);
            let mine = Shard::all(surface.sharding.shards).zip(&assigned);
            let mine = mine.filter(|(_, member)| **member == Some(&*election.identity));
            stand.move_to(&surface, &mine.map(|(shard, _)| shard).collect())?;
            let pause = surface.env().sleep(election.retry_period);
            if let Either::Left(_) = select(pin!(stop.stopped()), pause).await {
                break;
            }
        }
        // First: who looks from now on stands for what is about to be given up.
        let gone = surface.leases().delete(&surface.sharding.member_lease(), &DeleteOptions::default()).await;
        if let Err(error) =
            gone.map(drop).or_else(|error| if error.is_not_found() { Ok(()) } else { Err(error) })
        {
            tracing::debug!(%error, "the sign of life of this instance runs out by itself");
        }
        stand.move_to(&surface, &BTreeSet::new())?;
        for shard in stand.leaving.values() {
            shard.ended().await?;
        }
        Ok(())
    }
}
