//! A store with informers and controllers, and a node agent in ten lines: enough of a cluster for pods to become ready.

use futures::future::{Either, select};
use kube_controllers::runtime::{
    Context, Controller, Error, HasStatus, Health, Manager, ManagerHandle, Outcome, Reconciler, Request,
};
use kube_core::env::{Env, ManualClock};
use kube_core::kinds::core::v1::{Pod, PodCondition, PodStatus};
use kube_core::kinds::meta::v1::Time;
use kube_core::resource::{Resource, ResourceExt};
use kube_store::api::Api;
use kube_store::client::Running;
use kube_store::informer::Informers;
use kube_store::objects::Objects;
use kube_store::service::{DeleteOptions, ListQuery, ObjectService};
use kube_store::storage::Storage;
use kube_store::storage::memory::MemoryStorage;
use serde_json::Value;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// How long a test waits for what should be a matter of milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct World {
    pub(crate) objects: Arc<Objects>,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) informers: Informers,
    pub(crate) health: Vec<Health>,
    pub(crate) handle: ManagerHandle,
    pub(crate) manager: Running,
}

impl World {
    /// Runs `controllers`.
    pub(crate) fn with(controllers: Vec<Controller>) -> Self {
        let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
        Self::over(storage, controllers)
    }

    /// Runs `controllers` over what `storage` holds.
    pub(crate) fn over(storage: Arc<dyn Storage>, controllers: Vec<Controller>) -> Self {
        Self::build(storage, &kube_store::rt::env(), controllers)
    }

    /// Runs `controllers` in the time of `clock`.
    pub(crate) fn under(clock: Arc<ManualClock>, controllers: Vec<Controller>) -> Self {
        let env = kube_store::rt::env().with_clock(clock);
        Self::build(Arc::new(MemoryStorage::new()), &env, controllers)
    }

    /// Runs `controllers` over what `storage` holds, in the world of `env`.
    pub(crate) fn again(storage: Arc<dyn Storage>, env: &Env, controllers: Vec<Controller>) -> Self {
        Self::build(storage, env, controllers)
    }

    fn build(storage: Arc<dyn Storage>, env: &Env, controllers: Vec<Controller>) -> Self {
        let objects = Objects::new(storage.clone(), env.clone());
        let informers = Informers::new(objects.clone());
        let manager = Manager::new(&informers, controllers);
        let (health, handle) = (manager.health(), manager.handle());
        let manager = Running::start(env, Box::new(manager));
        Self { objects, storage, informers, health, handle, manager }
    }

    pub(crate) fn api<K: Resource>(&self) -> Api<K> {
        Api::namespaced(self.objects.clone(), "default")
    }

    pub(crate) async fn create<K: Resource>(&self, object: Value) -> K {
        let object: K = serde_json::from_value(object).expect("an object of the kind");
        self.api::<K>().create(&object).await.expect("it can be created")
    }

    pub(crate) async fn list<K: Resource>(&self) -> Vec<K> {
        self.api::<K>().list(&ListQuery::default()).await.expect("a list").items
    }

    /// In all namespaces.
    pub(crate) async fn list_all<K: Resource>(&self) -> Vec<K> {
        let all: Api<K> = Api::all(self.objects.clone());
        all.list(&ListQuery::all()).await.expect("a list").items
    }

    /// Waits until `holds` for the objects of a kind; looks again at every change of the kind.
    pub(crate) async fn until<K: Resource>(&self, what: &str, holds: impl Fn(&[Arc<K>]) -> bool) {
        let informer = self.informers.informer::<K>();
        let changed = Arc::new(tokio::sync::Notify::new());
        let notify = changed.clone();
        informer.on_change(move |_| notify.notify_one());
        let wait = async {
            // What the test wrote before must show.
            let now = self.objects.current().await.expect("a revision");
            informer.wait_for(now).await.expect("an open store");
            while !holds(&informer.all()) {
                changed.notified().await;
            }
        };
        if let Either::Right(_) = select(pin!(wait), kube_store::rt::env().sleep(PATIENCE)).await {
            let all: Vec<Value> =
                informer.all().iter().map(|o| serde_json::to_value(&**o).expect("JSON")).collect();
            let all = serde_json::to_string_pretty(&all).expect("JSON");
            panic!("never: {what}; {:?}; there is {all}", self.health);
        }
    }

    /// Waits until the controllers have nothing to do.
    pub(crate) async fn settle(&self) {
        let mut quiet = 0;
        let mut before = self.objects.current().await.expect("a revision");
        while quiet < 50 {
            tokio::task::yield_now().await;
            let now = self.objects.current().await.expect("a revision");
            let busy = self.health.iter().map(Health::now).any(|h| h.queued + h.running > 0);
            quiet = if busy || now != before { 0 } else { quiet + 1 };
            before = now;
        }
    }
}

/// Makes every pod ready, and takes it away when it is to go.
pub(crate) fn node_agent() -> Controller {
    Controller::builder(NodeAgent).named("node-agent").workers(4).build()
}

struct NodeAgent;

impl Reconciler for NodeAgent {
    type Resource = Pod;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(pod) = cx.get::<Pod>(&request.key) else { return Ok(Outcome::Done) };
        if pod.is_terminating() {
            let options = DeleteOptions::now().uid(pod.uid());
            let gone = cx.delete_object(Pod::kind_info(), &request.key, &options).await;
            return gone
                .map(|_| Outcome::Done)
                .or_else(|error| if error.is_not_found() { Ok(Outcome::Done) } else { Err(error.into()) });
        }
        let broken =
            pod.spec.as_ref().is_some_and(|spec| spec.containers[0].image.as_deref() == Some("broken"));
        if !broken && pod.status().and_then(|status| status.phase.as_deref()) != Some("Running") {
            let now = cx.now();
            cx.patch_status(&*pod, |status| run(status, &Time(now))).await?;
        }
        Ok(Outcome::Done)
    }
}

fn run(status: &mut PodStatus, now: &Time) {
    status.phase = Some("Running".to_owned());
    let ready =
        PodCondition { type_: "Ready".to_owned(), status: "True".to_owned(), ..PodCondition::default() };
    kube_core::condition::set(status.conditions.get_or_insert_default(), ready, now);
}
