//! A control plane on virtual time, for ordinary tests.

mod units;

pub use units::Units;

use crate::executor::Executor;
use kube_controllers::runtime::Controller;
use kube_core::env::{Env, Mono};
use kube_core::error::ApiError;
use kube_core::resource::{Resource, ResourceExt};
use kube_node::SimFleet;
use kube_node::fleet::Heartbeats;
use kube_plane::plane::View;
use kube_plane::{ControlPlane, ControlPlaneBuilder};
use kube_store::api::Api;
use kube_store::service::DeleteOptions;
use kube_store::storage::{KeyRange, ListOptions, MemoryStorage, Storage};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A control plane on virtual time, driven by plain function calls: nothing happens but inside them, and everything
/// that is due happens at once.
///
/// It has Kubernetes' own controllers, the default scheduler and three nodes whose pods start at once. Methods panic
/// when what they are asked for is refused: in a test that is the failure to report.
///
/// ```
/// use kube_core::kinds::core::v1::Pod;
/// use kube_sim::{TestPlane, Units};
///
/// let mut plane = TestPlane::new();
/// plane.apply("{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: c, image: i}]}}");
/// plane.settle();
/// assert!(plane.get::<Pod>("default/web").spec.unwrap().node_name.is_some());
/// plane.advance(10.minutes()); // takes no time
/// ```
pub struct TestPlane {
    // Dropped first: tasks of the plane run here.
    plane: Arc<Mutex<Option<ControlPlane>>>,
    executor: Executor,
    storage: Arc<dyn Storage>,
    env: Env,
    view: View,
}

/// How long nothing may happen before the plane counts as settled.
const QUIET: Duration = Duration::from_secs(5);

/// How long a plane may take to settle.
const PATIENCE: Duration = Duration::from_hours(1);

impl Default for TestPlane {
    fn default() -> Self {
        Self::new()
    }
}

impl TestPlane {
    /// A plane with Kubernetes' own controllers, the default scheduler and three nodes.
    pub fn new() -> Self {
        Self::with(|plane| plane.controllers(kube_controllers::builtin()).nodes(nodes(3)))
    }

    /// The same with a controller of your own; its kind is served if it is not built in.
    pub fn with_controller<K: Resource>(controller: Controller) -> Self {
        Self::with(|plane| {
            plane
                .controllers(kube_controllers::builtin())
                .controllers([controller])
                .kind::<K>()
                .nodes(nodes(3))
        })
    }

    /// A plane of what `compose` adds: it begins with the default scheduler, and neither controllers nor nodes.
    ///
    /// # Panics
    /// When what it adds is not complete.
    #[expect(clippy::panic, reason = "the failure of a test")]
    pub fn with(compose: impl FnOnce(ControlPlaneBuilder) -> ControlPlaneBuilder) -> Self {
        let mut executor = Executor::new(0);
        let env = executor.env();
        let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::with_env(&env));
        let builder = ControlPlane::builder().env(env.clone()).shared_storage(storage.clone());
        let starting = compose(builder).start();
        let plane = match executor.run("start", starting) {
            Ok(Ok(plane)) => plane,
            Ok(Err(error)) => panic!("the plane does not start: {error}"),
            Err(error) => panic!("the plane does not start: {error}"),
        };
        let view = plane.view().clone();
        let mut test = Self { plane: Arc::new(Mutex::new(Some(plane))), executor, storage, env, view };
        test.settle();
        test
    }

    /// Runs `request` against the plane to its end.
    ///
    /// # Panics
    /// When it never ends.
    #[expect(clippy::panic, reason = "the failure of a test")]
    pub fn block_on<T: Send + 'static>(&mut self, request: impl Future<Output = T> + Send + 'static) -> T {
        match self.executor.run("test", request) {
            Ok(value) => value,
            Err(error) => panic!("{error}"),
        }
    }

    /// Lets time pass: everything that is due within happens.
    pub fn advance(&mut self, time: Duration) {
        let sleep = self.env.sleep(time);
        self.block_on(sleep);
    }

    /// Lets things happen until nothing changes any more, signs of life aside.
    ///
    /// # Panics
    /// When that does not come within an hour of virtual time.
    pub fn settle(&mut self) {
        let (env, storage) = (self.env.clone(), self.storage.clone());
        let settled = self.block_on(async move {
            let deadline = env.now() + PATIENCE;
            let mut last = busy(&*storage).await;
            while env.now() < deadline {
                env.sleep(QUIET).await;
                let now = busy(&*storage).await;
                if now == last {
                    return true;
                }
                last = now;
            }
            false
        });
        assert!(settled, "something is still written after an hour of virtual time");
    }

    /// Virtual time since the plane began.
    pub fn now(&self) -> Mono {
        self.env.now()
    }

    /// The environment: clock and random numbers.
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// What the plane's caches hold.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Calls `with` with the plane itself.
    ///
    /// # Panics
    /// When the plane is gone: only [`TestPlane`]'s end takes it.
    pub fn plane<T>(&self, with: impl FnOnce(&ControlPlane) -> T) -> T {
        let plane = self.plane.lock().unwrap_or_else(PoisonError::into_inner);
        #[expect(clippy::expect_used, reason = "it is taken nowhere but at the end")]
        with(plane.as_ref().expect("the plane is there until the end"))
    }

    /// Objects of one kind, for [`TestPlane::block_on`].
    pub fn api<K: Resource>(&self) -> Api<K> {
        self.plane(ControlPlane::api::<K>)
    }

    /// Applies a manifest of one or more documents.
    ///
    /// # Panics
    /// When a document is refused.
    #[expect(clippy::panic, reason = "the failure of a test")]
    pub fn apply(&mut self, manifest: &str) {
        let service = self.plane(ControlPlane::service);
        let manifest = manifest.to_owned();
        let applied = self
            .block_on(async move { kube_plane::manifest::apply(&[("test", &*manifest)], &*service).await });
        if let Err(refused) = applied {
            panic!("{refused}");
        }
    }

    /// Creates an object, in `default` where it names no namespace.
    ///
    /// # Panics
    /// When it is refused.
    pub fn create<K: Resource>(&mut self, mut object: K) -> K {
        if K::kind_info().is_namespaced() && object.namespace().is_empty() {
            object.metadata_mut().namespace = Some("default".to_owned());
        }
        let api = self.api::<K>();
        answered(self.block_on(async move { api.create(&object).await }))
    }

    /// One object; `name` is `namespace/name`, or a name for kinds without namespaces.
    ///
    /// # Panics
    /// When it is not there.
    pub fn get<K: Resource>(&mut self, name: &str) -> K {
        let (api, name) = (self.api::<K>(), name.to_owned());
        answered(self.block_on(async move { api.get(&name).await }))
    }

    /// One object, if it is there.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn find<K: Resource>(&mut self, name: &str) -> Option<K> {
        let (api, name) = (self.api::<K>(), name.to_owned());
        answered(self.block_on(async move { api.find(&name).await }))
    }

    /// All objects of a kind.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn list<K: Resource>(&mut self) -> Vec<K> {
        let api = self.api::<K>();
        let query = kube_store::service::ListQuery::all();
        answered(self.block_on(async move { api.list(&query).await })).items
    }

    /// Changes an object.
    ///
    /// # Panics
    /// When it is refused.
    pub fn edit<K: Resource>(&mut self, name: &str, change: impl FnMut(&mut K) + Send + 'static) -> K {
        let (api, name) = (self.api::<K>(), name.to_owned());
        answered(self.block_on(async move { api.edit(&name, change).await }))
    }

    /// Sets the replica count.
    ///
    /// # Panics
    /// When it is refused.
    pub fn scale<K: Resource>(&mut self, name: &str, replicas: i32) -> K {
        let (api, name) = (self.api::<K>(), name.to_owned());
        answered(self.block_on(async move { api.scale(&name, replicas).await }))
    }

    /// Deletes an object, or begins its deletion.
    ///
    /// # Panics
    /// When it is refused.
    pub fn delete<K: Resource>(&mut self, name: &str) {
        let (api, name) = (self.api::<K>(), name.to_owned());
        answered(self.block_on(async move { api.delete(&name, &DeleteOptions::default()).await }));
    }
}

impl Drop for TestPlane {
    fn drop(&mut self) {
        // Before the executor: components end while there is still somebody to end them.
        drop(self.plane.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl fmt::Debug for TestPlane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestPlane").field("now", &self.now()).finish_non_exhaustive()
    }
}

/// Nodes whose pods start at once and which send no signs of life, which nobody would look at.
fn nodes(count: usize) -> SimFleet {
    SimFleet::new(count).heartbeats(Heartbeats::Off)
}

/// A mark that changes with every write that is no sign of life.
async fn busy(storage: &dyn Storage) -> (u64, usize) {
    let page = storage.list(&KeyRange::all(), &ListOptions::default()).await;
    let items = page.map(|page| page.items).unwrap_or_default();
    let others =
        items.iter().filter(|kv| !kv.key.as_str().starts_with("/registry/coordination.k8s.io/leases/"));
    (others.map(|kv| kv.mod_revision.get()).max().unwrap_or(0), items.len())
}

#[expect(clippy::panic, reason = "the failure of a test")]
fn answered<T>(answer: Result<T, ApiError>) -> T {
    answer.unwrap_or_else(|error| panic!("the server refuses: {error}"))
}
