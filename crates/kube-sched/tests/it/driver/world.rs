//! A store, a scheduler, and a clock that moves when nothing else can: no runtime, no threads.

use futures::future::{AbortHandle, abortable};
use futures::stream::{FuturesUnordered, StreamExt};
use kube_core::env::{Abort, BoxFuture, Env, ManualClock, SeededIds, Spawner, TaskHandle};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{Event, Namespace, Node, Pod};
use kube_core::kinds::scheduling::v1alpha2::PodGroup;
use kube_core::resource::{ObjectKey, ResourceExt};
use kube_sched::guard::NodeGuard;
use kube_sched::{Profile, Scheduler, SchedulerHandle};
use kube_store::api::Api;
use kube_store::client::Running;
use kube_store::informer::Informers;
use kube_store::objects::Objects;
use kube_store::service::ListQuery;
use kube_store::storage::{MemoryStorage, Storage};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Spawned tasks, polled in the order in which they were woken.
#[derive(Clone, Default)]
struct Pool {
    inbox: Arc<Mutex<Vec<BoxFuture<'static, ()>>>>,
    tasks: Arc<Mutex<FuturesUnordered<BoxFuture<'static, ()>>>>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pool")
    }
}

struct AbortOne(AbortHandle);

impl Abort for AbortOne {
    fn abort(&self) {
        self.0.abort();
    }
}

impl Spawner for Pool {
    fn spawn(&self, _name: &str, task: BoxFuture<'static, ()>) -> TaskHandle {
        let (task, handle) = abortable(task);
        self.inbox.lock().unwrap().push(Box::pin(async move {
            // Aborted or done: both are an end.
            let _end = task.await;
        }));
        TaskHandle::new(AbortOne(handle))
    }
}

impl Pool {
    /// Runs tasks until none can go on.
    fn run(&self) {
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            let spawned = std::mem::take(&mut *self.inbox.lock().unwrap());
            let mut tasks = self.tasks.lock().unwrap();
            let quiet = spawned.is_empty();
            tasks.extend(spawned);
            // It yields now and then although tasks are ready: ask until it says so many times in a row.
            let ended = (0..64).any(|_| matches!(tasks.poll_next_unpin(&mut cx), Poll::Ready(Some(()))));
            if quiet && !ended && self.inbox.lock().unwrap().is_empty() {
                return;
            }
        }
    }
}

pub(crate) struct World {
    pub(crate) env: Env,
    clock: Arc<ManualClock>,
    pool: Pool,
    pub(crate) storage: Arc<MemoryStorage>,
    pub(crate) objects: Arc<Objects>,
    pub(crate) informers: Informers,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap()));
        let pool = Pool::default();
        let env = Env::new(clock.clone(), Arc::new(pool.clone()), Arc::new(SeededIds::new(7)), 7);
        let storage = Arc::new(MemoryStorage::with_env(&env));
        let objects = Objects::builder(storage.clone(), env.clone());
        let objects = objects.contributor("", "Pod", Arc::new(NodeGuard));
        let objects = objects.contributor("", "Node", Arc::new(NodeGuard)).build();
        objects.register_kind::<PodGroup>();
        let informers = Informers::new(objects.clone());
        let world = Self { env, clock, pool, storage, objects, informers };
        let default: Namespace = serde_json::from_value(json!({"metadata": {"name": "default"}})).unwrap();
        world.finish(Api::all(world.objects.clone()).create(&default)).unwrap();
        world
    }

    /// Starts a scheduler of this profile.
    pub(crate) fn schedule(&self, profile: Profile) -> (Running, SchedulerHandle) {
        let scheduler = Scheduler::builder(&self.informers).profile(profile).build().unwrap();
        let handle = scheduler.handle();
        let running = Running::start(&self.env, Box::new(scheduler));
        self.settle();
        (running, handle)
    }

    /// Lets a little time pass, again and again, until everything that was to happen soon has happened.
    pub(crate) fn settle(&self) {
        self.pass(Duration::from_secs(1));
    }

    pub(crate) fn pass(&self, duration: Duration) {
        let step = Duration::from_millis(50);
        self.pool.run();
        for _ in 0..duration.as_millis().div_ceil(step.as_millis()) {
            self.clock.advance(step);
            self.pool.run();
        }
    }

    /// Runs `future` beside the tasks; time passes when nothing else can happen.
    pub(crate) fn finish<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        for _ in 0..10_000 {
            if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return done;
            }
            self.pool.run();
            self.clock.advance(Duration::from_millis(1));
        }
        panic!("nothing happened for 10 s");
    }

    pub(crate) fn node(&self, name: &str, cpu: &str) {
        let node: Node = serde_json::from_value(json!({
            "metadata": {"name": name},
            "status": {"allocatable": {"cpu": cpu, "memory": "8Gi", "pods": "110"}}
        }))
        .unwrap();
        let nodes: Api<Node> = Api::all(self.objects.clone());
        self.finish(async {
            nodes.create(&node).await.unwrap();
            nodes.edit_status(name, |stored| stored.status.clone_from(&node.status)).await.unwrap();
        });
    }

    /// A pod that requests so much cpu; `more` is added to its spec.
    pub(crate) fn pod(&self, name: &str, cpu: &str, more: &Value) {
        let requests = json!({"cpu": cpu, "memory": "64Mi"});
        let container = json!({"name": "main", "image": "app:1", "resources": {"requests": requests}});
        let mut spec = json!({"containers": [container]});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let pod = json!({"metadata": {"name": name, "namespace": "default"}, "spec": spec});
        self.finish(self.pods().create(&serde_json::from_value(pod).unwrap())).unwrap();
    }

    pub(crate) fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.objects.clone(), "default")
    }

    /// A group of which at least so many pods go together.
    pub(crate) fn group(&self, name: &str, least: i32) {
        self.group_of(name, &json!({"schedulingPolicy": {"gang": {"minCount": least}}}));
    }

    pub(crate) fn group_of(&self, name: &str, spec: &Value) {
        let group = json!({"metadata": {"name": name}, "spec": spec});
        let groups: Api<PodGroup> = Api::namespaced(self.objects.clone(), "default");
        self.finish(groups.create(&serde_json::from_value(group).unwrap())).unwrap();
    }

    /// Pods and their nodes.
    pub(crate) fn placed(&self) -> BTreeMap<String, Option<String>> {
        let pods = self.finish(self.pods().list(&ListQuery::default())).unwrap().items;
        pods.into_iter()
            .map(|pod| (pod.name().to_owned(), pod.spec.and_then(|spec| spec.node_name)))
            .collect()
    }

    pub(crate) fn read(&self, name: &str) -> Pod {
        self.finish(self.pods().get(name)).unwrap()
    }

    /// Reason and note of the events about a pod.
    pub(crate) fn events(&self, pod: &str) -> Vec<(String, String)> {
        let events: Api<Event> = Api::namespaced(self.objects.clone(), "default");
        let events = self.finish(events.list(&ListQuery::default())).unwrap().items;
        let about = events.into_iter().filter(|event| event.involved_object.name.as_deref() == Some(pod));
        about.map(|event| (event.reason.unwrap_or_default(), event.message.unwrap_or_default())).collect()
    }

    /// How the component ended.
    pub(crate) fn ended(&self, running: &Running) -> Result<(), ApiError> {
        self.finish(running.ended())
    }

    pub(crate) fn close(&self) {
        self.storage.close();
    }
}

pub(crate) fn key(pod: &str) -> ObjectKey {
    ObjectKey::new("default", pod)
}
