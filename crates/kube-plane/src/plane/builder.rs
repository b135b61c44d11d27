//! What a control plane is put together from.

use super::ControlPlane;
use super::condition::View;
use kube_controllers::runtime::{Controller, Manager};
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{Pod, ServiceAccount};
use kube_core::resource::{GroupResource, KindInfo, Resource};
use kube_net::cloud::CloudProvider;
use kube_net::{ResolverDriver, ServiceAllocation, ServiceRanges};
use kube_node::{FleetDriver, SimFleet};
use kube_sched::guard::NodeGuard;
use kube_sched::{Profile, Scheduler};
use kube_store::client::{Component, Running};
use kube_store::informer::Informers;
use kube_store::objects::admission;
use kube_store::objects::{Admission, Objects, ObjectsBuilder};
use kube_store::rt;
use kube_store::service::Access;
use kube_store::storage::{MemoryStorage, Storage};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Makes a component of your own, given the caches that all components share.
pub type Part = Box<dyn FnOnce(&Informers) -> Box<dyn Component> + Send>;

type KindRegistration = Box<dyn FnOnce(&Objects) + Send>;

/// Puts a [`ControlPlane`] together. Whatever is left out costs nothing.
#[derive(Default)]
pub struct ControlPlaneBuilder {
    env: Option<Env>,
    storage: Option<Arc<dyn Storage>>,
    profile: Option<Profile>,
    without_scheduler: bool,
    controllers: Vec<Controller>,
    fleets: Vec<SimFleet>,
    ranges: ServiceRanges,
    admission: Vec<Arc<dyn Admission>>,
    left_out: BTreeSet<String>,
    kinds: Vec<KindRegistration>,
    parts: Vec<Part>,
}

impl fmt::Debug for ControlPlaneBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlPlaneBuilder")
            .field("storage", &self.storage)
            .field("fleets", &self.fleets)
            .finish_non_exhaustive()
    }
}

impl ControlPlaneBuilder {
    /// Lives in this environment; the real one when none is given.
    #[must_use]
    pub fn env(mut self, env: Env) -> Self {
        self.env = Some(env);
        self
    }

    /// Keeps its objects there; in memory when nothing is given.
    #[must_use]
    pub fn storage(mut self, storage: impl Storage) -> Self {
        self.storage = Some(Arc::new(storage));
        self
    }

    /// Keeps its objects in a store that others hold as well.
    #[must_use]
    pub fn shared_storage(mut self, storage: Arc<dyn Storage>) -> Self {
        self.storage = Some(storage);
        self
    }

    /// Schedules by this profile; by the default one when none is given.
    #[must_use]
    pub fn scheduler(mut self, profile: Profile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Schedules nothing: somebody else does.
    #[must_use]
    pub fn without_scheduler(mut self) -> Self {
        self.without_scheduler = true;
        self
    }

    /// Runs these controllers, `kube_controllers::builtin()` for those of Kubernetes.
    #[must_use]
    pub fn controllers(mut self, controllers: impl IntoIterator<Item = Controller>) -> Self {
        self.controllers.extend(controllers);
        self
    }

    /// Makes load balancers of Services by this provider.
    #[must_use]
    pub fn cloud(mut self, provider: impl CloudProvider) -> Self {
        self.controllers.extend(kube_controllers::builtin::of_cloud(Arc::new(provider)));
        self
    }

    /// Adds a fleet of simulated nodes.
    #[must_use]
    pub fn nodes(mut self, fleet: SimFleet) -> Self {
        self.fleets.push(fleet);
        self
    }

    /// Allocates addresses and node ports of services from these ranges.
    #[must_use]
    pub fn service_ranges(mut self, ranges: ServiceRanges) -> Self {
        self.ranges = ranges;
        self
    }

    /// Serves the kind `K` as well.
    #[must_use]
    pub fn kind<K: Resource>(mut self) -> Self {
        self.kinds.push(Box::new(Objects::register_kind::<K>));
        self
    }

    /// Asks this plugin before every write: after Kubernetes' own (`kube_store::objects::admission::builtin`) and those
    /// given before, ahead of quotas. One with the name of a built-in plugin takes its place.
    #[must_use]
    pub fn admission(mut self, plugin: Arc<dyn Admission>) -> Self {
        self.admission.push(plugin);
        self
    }

    /// Leaves out the built-in admission plugin of that name, as `PodSecurity`.
    ///
    /// `ServiceAccount` is left out without being asked where no controller makes service accounts: every pod would be
    /// refused.
    #[must_use]
    pub fn without_admission(mut self, name: &str) -> Self {
        self.left_out.insert(name.to_owned());
        self
    }

    /// Runs a component of your own.
    #[must_use]
    pub fn component(mut self, part: impl FnOnce(&Informers) -> Box<dyn Component> + Send + 'static) -> Self {
        self.parts.push(Box::new(part));
        self
    }

    /// Creates what every cluster has, and starts the components.
    ///
    /// # Errors
    /// What the store answers, and a profile or a controller that is not complete.
    ///
    /// # Panics
    /// Outside a tokio runtime when no environment is given.
    pub async fn start(self) -> Result<ControlPlane, ApiError> {
        let env = self.env.unwrap_or_else(rt::env);
        let storage = self.storage.unwrap_or_else(|| Arc::new(MemoryStorage::with_env(&env)));
        let builder = Objects::builder(storage.clone(), env.clone());
        let mut handled: BTreeSet<GroupResource> =
            self.controllers.iter().filter_map(Controller::kind).map(KindInfo::group_resource).collect();
        let mut left_out = self.left_out;
        if !handled.contains(&ServiceAccount::kind_info().group_resource()) {
            left_out.insert("ServiceAccount".to_owned());
        }
        let allocation = Arc::new(ServiceAllocation::new(self.ranges));
        let guard = Arc::new(NodeGuard);
        let builder = builder.contributor("", "Service", allocation);
        let builder = builder.contributor("", "Pod", guard.clone()).contributor("", "Node", guard);
        let objects =
            chain(self.admission, &left_out).into_iter().fold(builder, ObjectsBuilder::admission).build();
        for register in self.kinds {
            register(&objects);
        }
        objects.ensure_system_namespaces().await?;

        let informers = Informers::new(objects.clone());
        let view = View::new(&informers);
        let (resolver, resolver_driver) = ResolverDriver::new(&informers);
        // Started from what others look at towards what acts: resolver, nodes, scheduler, controllers, parts.
        let mut components: Vec<Box<dyn Component>> = vec![Box::new(resolver_driver)];
        for fleet in self.fleets {
            components.push(Box::new(FleetDriver::new(fleet, &informers)));
        }
        let mut scheduler = None;
        if !self.without_scheduler {
            let profile = self.profile.unwrap_or_default();
            let built =
                Scheduler::builder(&informers).profile(profile).build().map_err(ApiError::internal)?;
            scheduler = Some(built.handle());
            components.push(Box::new(built));
            handled.insert(Pod::kind_info().group_resource());
        }
        let manager = Manager::new(&informers, self.controllers);
        let controllers = manager.handle();
        if !controllers.is_empty() {
            components.push(Box::new(manager));
        }
        components.extend(self.parts.into_iter().map(|part| part(&informers)));
        let running = components.into_iter().map(|component| Running::start(&env, component)).collect();
        Ok(ControlPlane {
            env,
            storage,
            access: Access::new(objects.clone()),
            objects,
            informers,
            resolver,
            scheduler,
            controllers,
            handled,
            running,
            view,
        })
    }
}

/// The plugins in order: Kubernetes' own, but for those left out, and `given` ahead of quotas.
fn chain(given: Vec<Arc<dyn Admission>>, left_out: &BTreeSet<String>) -> Vec<Arc<dyn Admission>> {
    let mut chain = admission::builtin();
    chain.retain(|plugin| !left_out.contains(plugin.name()));
    for plugin in given {
        if let Some(own) = chain.iter_mut().find(|own| own.name() == plugin.name()) {
            *own = plugin;
            continue;
        }
        let place = chain.iter().position(|own| own.name() == "ResourceQuota").unwrap_or(chain.len());
        chain.insert(place, plugin);
    }
    chain
}
