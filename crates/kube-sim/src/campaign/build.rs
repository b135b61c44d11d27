//! Saying what to simulate.

use super::conduct::Experiment;
use super::{Failure, Observation, Replay, Summary};
use crate::cluster::{Blueprint, Cluster, Factory, Role};
use crate::executor::Limits;
use crate::faults::{Cast, Faults, Latency, Plan, draw};
use crate::oracle::{Always, Finally, Oracle, State, Verdict, builtin};
use kube_controllers::runtime::Controller;
use kube_core::env::{BoxFuture, Env};
use kube_core::error::ApiError;
use kube_core::resource::Resource;
use kube_core::selector::field::FieldSelector;
use kube_node::behavior::Delays;
use kube_node::fleet::Heartbeats;
use kube_node::{FleetDriver, SimFleet};
use kube_sched::{Profile, Scheduler};
use kube_store::client::Component;
use kube_store::informer::Informers;
use kube_store::objects::Objects;
use kube_store::service::ObjectService;
use kube_store::storage::Storage;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub(super) type Scenario = Arc<dyn Fn(Cluster) -> BoxFuture<'static, ()> + Send + Sync>;
type MakeOracle = Arc<dyn Fn() -> Box<dyn Oracle> + Send + Sync>;

/// A scenario, the cluster it runs on, what may go wrong, and what must hold: to be run under many seeds.
///
/// Without further words the cluster has Kubernetes' own controllers, the default scheduler and three nodes (which do not
/// beat: without them in the [`fleet`](Sim::fleet), nobody watches over nodes); the
/// oracles are [`oracle::builtin`](crate::oracle::builtin); and nothing goes wrong.
///
/// ```
/// use kube_core::kinds::apps::v1::Deployment;
/// use kube_sim::{Faults, Sim};
///
/// const WEB: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 2, selector:
///   {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}}}";
///
/// let summary = Sim::seeds(0..4)
///     .faults(Faults::all())
///     .scenario(|c| async move {
///         c.apply(WEB).await;
///         c.settle().await;
///         c.scale::<Deployment>("default/web", 4).await;
///     })
///     .finally(|state| match state.ready("default/web") {
///         4 => Ok(()),
///         other => Err(format!("{other} pods are ready")),
///     })
///     .run();
/// assert_eq!(summary.runs, 4);
/// ```
#[derive(Clone)]
pub struct Sim {
    pub(super) seeds: Vec<u64>,
    pub(super) blueprint: Blueprint,
    pub(super) faults: Faults,
    pub(super) scenario: Scenario,
    pub(super) rest_within: Duration,
    pub(super) silent_for: Duration,
    pub(super) limits: Limits,
    nodes: usize,
    fleet: SimFleet,
    zones: Vec<String>,
    builtin: bool,
    only: Option<BTreeSet<String>>,
    scheduler: Option<Arc<dyn Fn() -> Profile + Send + Sync>>,
    oracles: Vec<MakeOracle>,
    without: BTreeSet<String>,
    pub(super) twice: bool,
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim")
            .field("seeds", &self.seeds.len())
            .field("nodes", &self.nodes)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

impl Sim {
    /// One run.
    pub fn new(seed: u64) -> Self {
        Self::seeds([seed])
    }

    /// One run for each seed.
    pub fn seeds(seeds: impl IntoIterator<Item = u64>) -> Self {
        let seconds = |low, high| Duration::from_secs(low)..=Duration::from_secs(high);
        let delays = Delays { start: seconds(1, 4), ready: seconds(0, 3), stop: seconds(0, 5) };
        Self {
            seeds: seeds.into_iter().collect(),
            blueprint: Blueprint {
                roles: Vec::new(),
                kinds: Vec::new(),
                storage: None,
                latency: Latency::default(),
            },
            faults: Faults::none(),
            scenario: Arc::new(|cluster| Box::pin(async move { cluster.settle().await })),
            rest_within: Duration::from_mins(20),
            silent_for: Duration::from_hours(1),
            limits: Limits { steps: 20_000_000, steps_at_one_time: 200_000, time: Duration::from_hours(48) },
            nodes: 3,
            fleet: SimFleet::new(1).behavior(delays).heartbeats(Heartbeats::Off),
            zones: Vec::new(),
            builtin: true,
            only: None,
            scheduler: Some(Arc::new(Profile::default)),
            oracles: Vec::new(),
            without: BTreeSet::new(),
            twice: false,
        }
    }

    /// On this many nodes.
    #[must_use]
    pub fn nodes(mut self, nodes: usize) -> Self {
        self.nodes = nodes;
        self
    }

    /// Whose nodes are like those of this fleet (its number of nodes does not matter); spread over these zones.
    #[must_use]
    pub fn fleet<S: Into<String>>(mut self, fleet: SimFleet, zones: impl IntoIterator<Item = S>) -> Self {
        self.fleet = fleet;
        self.zones = zones.into_iter().map(Into::into).collect();
        self
    }

    /// What may go wrong.
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// With a controller of your own. It is made anew whenever it starts. Its kind is served if it is not built in.
    #[expect(clippy::should_implement_trait, reason = "nobody takes a controller for a number")]
    #[must_use]
    pub fn add(mut self, controller: impl Fn() -> Controller + Send + Sync + 'static) -> Self {
        let made = controller();
        let name = made.name().to_owned();
        if let Some(kind) = made.kind() {
            self.blueprint.kinds.push(Arc::new(move |objects: &Objects| {
                if objects.find_kind(&kind.api_version(), &kind.kind).is_none() {
                    objects.register(kind.clone());
                }
            }));
        }
        self.component(&name, move |informers| Box::new(controller().bind(informers)))
    }

    /// With a component of your own: it is made anew whenever it starts.
    #[must_use]
    pub fn component(
        self,
        name: &str,
        make: impl Fn(&Informers) -> Box<dyn Component> + Send + Sync + 'static,
    ) -> Self {
        self.role(name, None, Arc::new(move |informers| Ok(make(informers))))
    }

    fn role(mut self, name: &str, node: Option<(Arc<str>, FieldSelector)>, factory: Factory) -> Self {
        let (zone, only) = match node {
            Some((zone, fields)) => (Some(zone), Some(("pods", fields))),
            None => (None, None),
        };
        self.blueprint.roles.push(Role { name: name.into(), zone, only, factory });
        self
    }

    /// Serves the kind `K` as well.
    #[must_use]
    pub fn kind<K: Resource>(mut self) -> Self {
        self.blueprint.kinds.push(Arc::new(Objects::register_kind::<K>));
        self
    }

    /// Without Kubernetes' own controllers.
    #[must_use]
    pub fn without_builtin(mut self) -> Self {
        self.builtin = false;
        self
    }

    /// With these of Kubernetes' own controllers, by name, and no others.
    #[must_use]
    pub fn only(mut self, controllers: &[&str]) -> Self {
        self.only = Some(controllers.iter().map(|name| (*name).to_owned()).collect());
        self
    }

    /// Scheduled by this profile, made anew whenever the scheduler starts.
    #[must_use]
    pub fn scheduler(mut self, profile: impl Fn() -> Profile + Send + Sync + 'static) -> Self {
        self.scheduler = Some(Arc::new(profile));
        self
    }

    /// Without a scheduler.
    #[must_use]
    pub fn without_scheduler(mut self) -> Self {
        self.scheduler = None;
        self
    }

    /// Over a store of your own, made anew for every run.
    #[must_use]
    pub fn storage(mut self, make: impl Fn(&Env) -> Arc<dyn Storage> + Send + Sync + 'static) -> Self {
        self.blueprint.storage = Some(Arc::new(make));
        self
    }

    /// What happens. When it ends, what it asked for has to come about and then to stay.
    #[must_use]
    pub fn scenario<F>(mut self, scenario: impl Fn(Cluster) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.scenario = Arc::new(move |cluster| Box::pin(scenario(cluster)));
        self
    }

    /// What must hold after every commit.
    #[must_use]
    pub fn always(self, check: impl Fn(&State) -> Verdict + Clone + Send + Sync + 'static) -> Self {
        self.oracle(move || Box::new(Always(check.clone())))
    }

    /// What must hold at the end.
    #[must_use]
    pub fn finally(self, check: impl Fn(&State) -> Verdict + Clone + Send + Sync + 'static) -> Self {
        self.oracle(move || Box::new(Finally(check.clone())))
    }

    /// One more oracle, made anew for every run.
    #[must_use]
    pub fn oracle(mut self, make: impl Fn() -> Box<dyn Oracle> + Send + Sync + 'static) -> Self {
        self.oracles.push(Arc::new(make));
        self
    }

    /// Without the built-in oracle of that name.
    #[must_use]
    pub fn without_oracle(mut self, name: &str) -> Self {
        self.without.insert(name.to_owned());
        self
    }

    /// How soon after the last fault and the end of the scenario everything has to be at rest: 20 minutes of virtual
    /// time when nothing is said.
    #[must_use]
    pub fn at_rest_within(mut self, time: Duration) -> Self {
        self.rest_within = time;
        self
    }

    /// How long nothing may be written then, signs of life aside: 60 minutes when nothing is said.
    #[must_use]
    pub fn silent_for(mut self, time: Duration) -> Self {
        self.silent_for = time;
        self
    }

    /// How long runs may go on.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Makes every run twice and compares what they did, step by step.
    #[must_use]
    pub fn twice(mut self) -> Self {
        self.twice = true;
        self
    }

    /// Runs every seed, or what the variable `KUBE_SIM` says: the line that a failure prints.
    ///
    /// # Panics
    /// With a report when a run fails: the seed, what did not hold, the faults it takes, and the line that replays it.
    #[expect(clippy::panic, reason = "the failure of a test")]
    pub fn run(self) -> Summary {
        match Replay::from_environment() {
            None => self.check().unwrap_or_else(|failure| panic!("{failure}")),
            Some(Ok(replay)) => self.replay(&replay).unwrap_or_else(|failure| panic!("{failure}")),
            Some(Err(error)) => panic!("{error}"),
        }
    }

    /// Runs every seed; the first failure ends it, and is shrunk.
    ///
    /// # Errors
    /// The failure.
    pub fn check(&self) -> Result<Summary, Box<Failure>> {
        let sim = self.complete();
        let mut summary = Summary::default();
        let mut hashes = BTreeSet::new();
        for seed in &self.seeds {
            let experiment = sim.experiment(*seed);
            let seen = sim.conduct(&experiment);
            hashes.insert(seen.hash);
            summary.add(&seen);
            summary.distinct = hashes.len();
            if seen.trouble.is_some() {
                return Err(Box::new(sim.shrink(experiment, seen)));
            }
            if self.twice && sim.conduct(&experiment).hash != seen.hash {
                summary.differences += 1;
            }
        }
        Ok(summary)
    }

    /// Runs what `replay` says.
    ///
    /// # Errors
    /// The failure.
    pub fn replay(&self, replay: &Replay) -> Result<Summary, Box<Failure>> {
        let sim = self.complete();
        let experiment = replay.experiment(&sim);
        let seen = sim.conduct(&experiment);
        let mut summary = Summary { distinct: 1, ..Summary::default() };
        summary.add(&seen);
        match seen.trouble {
            Some(_) => Err(Box::new(Failure::new(&experiment, seen, experiment.plan.faults.len()))),
            None => Ok(summary),
        }
    }

    /// The faults of a seed.
    pub fn plan(&self, seed: u64) -> Plan {
        draw(seed, &self.faults, &self.complete().cast())
    }

    /// Runs one seed and tells what was seen, without shrinking anything.
    pub fn observe(&self, seed: u64) -> Observation {
        let sim = self.complete();
        sim.conduct(&sim.experiment(seed))
    }

    pub(super) fn experiment(&self, seed: u64) -> Experiment {
        Experiment::new(seed, draw(seed, &self.faults, &self.cast()))
    }

    pub(super) fn oracles(&self) -> Vec<Box<dyn Oracle>> {
        let builtin = builtin().into_iter().filter(|oracle| !self.without.contains(oracle.name()));
        builtin.chain(self.oracles.iter().map(|make| make())).collect()
    }

    fn cast(&self) -> Cast {
        let mut cast = Cast::default();
        for role in &self.blueprint.roles {
            match &role.zone {
                Some(zone) => cast.nodes.push((role.name.clone(), zone.clone())),
                None => cast.components.push(role.name.clone()),
            }
        }
        cast
    }

    /// With all components: the built-in ones first, the nodes last.
    pub(super) fn complete(&self) -> Self {
        let mut sim = Self { nodes: 0, builtin: false, scheduler: None, ..self.clone() };
        let own = std::mem::take(&mut sim.blueprint.roles);
        if let Some(profile) = self.scheduler.clone() {
            sim = sim.role(
                "default-scheduler",
                None,
                Arc::new(move |informers| {
                    let built = Scheduler::builder(informers).profile(profile()).build();
                    Ok(Box::new(built.map_err(ApiError::internal)?))
                }),
            );
        }
        let controllers = if self.builtin { kube_controllers::builtin() } else { Vec::new() };
        for (index, controller) in controllers.iter().enumerate() {
            let asked = self.only.as_ref().is_none_or(|only| only.contains(controller.name()));
            if !asked || (!self.fleet.beats() && NEED_BEATS.contains(&controller.name())) {
                continue;
            }
            sim = sim.role(controller.name(), None, Arc::new(move |informers| builtin_at(index, informers)));
        }
        sim.blueprint.roles.extend(own);
        for index in 0..self.nodes {
            sim = sim.node(index, &self.fleet, &self.zones);
        }
        sim
    }

    fn node(self, index: usize, fleet: &SimFleet, zones: &[String]) -> Self {
        let fleet = fleet.clone().first(index).count(1).zones(zones.iter().cloned());
        let name = fleet.node_names().next().unwrap_or_default();
        let zone: Arc<str> = match zones.get(index % zones.len().max(1)) {
            Some(zone) => zone.as_str().into(),
            None => "zone".into(),
        };
        let fields = FieldSelector::equal("spec.nodeName", &name);
        let factory: Factory =
            Arc::new(move |informers| Ok(Box::new(FleetDriver::new(fleet.clone(), informers))));
        self.role(&name, Some((zone, fields)), factory)
    }
}

/// Controllers that would take nodes which do not beat for dead.
const NEED_BEATS: [&str; 2] = ["node-lifecycle-controller", "taint-eviction-controller"];

/// The built-in controller at that place of the list.
fn builtin_at(index: usize, informers: &Informers) -> Result<Box<dyn Component>, ApiError> {
    let controller = kube_controllers::builtin().into_iter().nth(index);
    let controller = controller.ok_or_else(|| ApiError::internal("the list of controllers has changed"))?;
    Ok(Box::new(controller.bind(informers)))
}
