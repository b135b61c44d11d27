//! Saying what to simulate.

use crate::cluster::{Blueprint, Cluster, Factory, Medium, PlaneFactory, Role, Services, Start};
use crate::executor::{Limits, START};
use crate::faults::Faults;
use crate::oracle::{Always, Finally, Oracle, State, Verdict};
use jiff::Timestamp;
use kube_controllers::runtime::Controller;
use kube_core::env::{BoxFuture, Env};
use kube_core::resource::Resource;
use kube_core::selector::field::FieldSelector;
use kube_node::SimFleet;
use kube_node::behavior::Delays;
use kube_node::fleet::Heartbeats;
use kube_sched::Profile;
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
    pub(super) clocks_begin: Timestamp,
    pub(super) nodes: usize,
    pub(super) fleet: SimFleet,
    pub(super) zones: Vec<String>,
    pub(super) builtin: bool,
    pub(super) only: Option<BTreeSet<String>>,
    pub(super) scheduler: Option<Arc<dyn Fn() -> Profile + Send + Sync>>,
    pub(super) oracles: Vec<MakeOracle>,
    pub(super) without: BTreeSet<String>,
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
            blueprint: Blueprint { roles: Vec::new(), services: Services::default() },
            faults: Faults::none(),
            scenario: Arc::new(|cluster| Box::pin(async move { cluster.settle().await })),
            rest_within: Duration::from_mins(20),
            silent_for: Duration::from_hours(1),
            clocks_begin: START,
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
            self.blueprint.services.kinds.push(Arc::new(move |objects: &Objects| {
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

    /// With a control plane of your own: a process that has the store itself, as on etcd, with an API server and caches
    /// of its own. It is made anew whenever it starts.
    #[must_use]
    pub fn plane(
        mut self,
        name: &str,
        make: impl Fn(&Arc<Objects>) -> Box<dyn Component> + Send + Sync + 'static,
    ) -> Self {
        let make: PlaneFactory = Arc::new(move |objects| Ok(make(objects)));
        let start = Start::Plane(make);
        self.blueprint.roles.push(Role { name: name.into(), zone: None, only: None, start });
        self
    }

    pub(super) fn role(
        mut self,
        name: &str,
        node: Option<(Arc<str>, FieldSelector)>,
        factory: Factory,
    ) -> Self {
        let (zone, only) = match node {
            Some((zone, fields)) => (Some(zone), Some(("pods", fields))),
            None => (None, None),
        };
        self.blueprint.roles.push(Role { name: name.into(), zone, only, start: Start::Client(factory) });
        self
    }

    /// Serves the kind `K` as well.
    #[must_use]
    pub fn kind<K: Resource>(mut self) -> Self {
        self.blueprint.services.kinds.push(Arc::new(Objects::register_kind::<K>));
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
        self.blueprint.services.medium = Medium::Own(Arc::new(make));
        self
    }

    /// Over a store on a simulated disk: redb, whose file outlives the API server. For the faults of
    /// [`Faults::on_disk`].
    #[must_use]
    pub fn on_disk(mut self) -> Self {
        self.blueprint.services.medium = Medium::Disk;
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

    /// When clocks on the wall begin; at the start of 2026 when nothing is said.
    #[must_use]
    pub fn clocks_begin(mut self, at: Timestamp) -> Self {
        self.clocks_begin = at;
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
}
