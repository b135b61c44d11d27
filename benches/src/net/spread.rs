//! How long it takes until a pod that has become ready can be picked.

use super::follower::Follower;
use super::world::{address, read, service};
use kube_controllers::builtin::endpoint_slice;
use kube_controllers::runtime::Manager;
use kube_core::env::{Env, Mono, TaskHandle};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{Node, Pod, PodCondition, Service};
use kube_net::resolve::{ResolverDriver, ServiceResolver};
use kube_store::api::Api;
use kube_store::client::Running;
use kube_store::informer::Informers;
use kube_store::objects::Objects;
use kube_store::storage::MemoryStorage;
use serde_json::json;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Pods of each Service.
const PODS: usize = 3;
/// Nodes they run on.
const NODES: usize = 10;

/// A pod is unready for so many turns: longer than it takes until that is seen everywhere.
const LAG: usize = 50;

/// How long each took, from the moment that the write was acknowledged.
pub type Propagated = crate::controllers::Spread;

/// Who sees what becomes ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The controller of slices and the resolver.
    Ours,
    /// One loop that lists for each change what it needs.
    Baseline,
}

/// How many events there are, and how far apart.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How many.
    pub events: usize,
    /// The time from one to the next.
    pub pause: Duration,
}

/// Services and their pods over one store in memory, and who sees them.
struct Plane {
    objects: Arc<Objects>,
    sight: Arc<Sight>,
    running: Vec<Running>,
    task: Option<TaskHandle>,
}

enum Sight {
    Resolver(ServiceResolver),
    Follower(Arc<Follower>),
}

impl Sight {
    fn endpoints(&self, n: usize) -> Vec<IpAddr> {
        match self {
            Self::Resolver(resolver) => {
                let endpoints = resolver.service(&super::name(n)).map(|service| service.endpoints());
                endpoints.unwrap_or_default().iter().map(|endpoint| endpoint.address).collect()
            }
            Self::Follower(follower) => follower.endpoints(n),
        }
    }

    async fn changed(&self, seen: u64) -> u64 {
        match self {
            Self::Resolver(resolver) => resolver.changed(seen).await,
            Self::Follower(follower) => follower.changed(seen).await,
        }
    }
}

impl Plane {
    async fn new(env: &Env, way: Way, services: usize) -> Result<Self, ApiError> {
        let objects = Objects::new(Arc::new(MemoryStorage::with_env(env)), env.clone());
        let nodes = Api::<Node>::all(objects.clone());
        for n in 0..NODES {
            nodes.create(&read(json!({"metadata": {"name": format!("node-{n}")}}))).await?;
        }
        for n in 0..services {
            let service = service(n);
            let home = service.metadata.namespace.clone().unwrap_or_default();
            for at in 0..PODS {
                let pods = Api::<Pod>::namespaced(objects.clone(), &home);
                pods.create(&pod(n, at)).await?;
                pods.edit_status(&format!("web-{n}-{at}"), |pod| set(pod, n, at, true)).await?;
            }
            Api::<Service>::namespaced(objects.clone(), &home).create(&service).await?;
        }
        let (sight, running, task) = match way {
            Way::Ours => {
                let informers = Informers::new(objects.clone());
                let (resolver, driver) = ResolverDriver::new(&informers);
                let manager = Manager::new(&informers, [endpoint_slice::controller()]);
                let running =
                    vec![Running::start(env, Box::new(driver)), Running::start(env, Box::new(manager))];
                (Sight::Resolver(resolver), running, None)
            }
            Way::Baseline => {
                let (follower, task) = Follower::start(&objects, env);
                (Sight::Follower(follower), Vec::new(), Some(task))
            }
        };
        Ok(Self { objects, sight: Arc::new(sight), running, task })
    }

    async fn set(&self, n: usize, ready: bool) -> Result<(), ApiError> {
        let home = service(n).metadata.namespace.unwrap_or_default();
        let pods = Api::<Pod>::namespaced(self.objects.clone(), &home);
        pods.edit_status(&format!("web-{n}-0"), |pod| set(pod, n, 0, ready)).await.map(drop)
    }

    async fn stop(self) -> Result<(), ApiError> {
        for running in self.running {
            running.stop();
            running.ended().await?;
        }
        if let Some(task) = self.task {
            task.abort();
        }
        Ok(())
    }
}

fn pod(n: usize, at: usize) -> Pod {
    read(json!({
        "metadata": {"name": format!("web-{n}-{at}"), "labels": {"app": format!("web-{n}")}},
        "spec": {"nodeName": format!("node-{}", n % NODES), "containers": [{"name": "c", "image": "registry.example/web:1"}]},
    }))
}

fn ip(n: usize, at: usize) -> IpAddr {
    address(10, n * PODS + at).into()
}

fn set(pod: &mut Pod, n: usize, at: usize, ready: bool) {
    let status = pod.status.get_or_insert_default();
    let value = if ready { "True" } else { "False" };
    let ready = PodCondition { type_: "Ready".into(), status: value.into(), ..PodCondition::default() };
    status.phase = Some("Running".to_owned());
    status.pod_ip = Some(ip(n, at).to_string());
    status.pod_ips = Some(vec![read(json!({"ip": ip(n, at)}))]);
    status.conditions = Some(vec![ready]);
}

/// Pods that were written ready and are not seen yet: the Service's number, and when that was.
type Waiting = Arc<Mutex<Vec<(usize, Mono)>>>;

/// Makes pods of `services` Services unready and ready again under a load: how long it took from the acknowledgement of each
/// that became ready until it would be picked.
///
/// # Errors
/// What the store answers; that something is not seen within ten seconds after the end.
pub async fn propagate(env: &Env, way: Way, services: usize, load: Load) -> Result<Propagated, ApiError> {
    let plane = Plane::new(env, way, services).await?;
    for n in 0..services {
        while plane.sight.endpoints(n).len() != PODS {
            env.sleep(Duration::from_millis(1)).await;
        }
    }
    let (waiting, seen) = (Waiting::default(), Arc::new(Mutex::new(Vec::new())));
    let watcher =
        env.spawn("watcher", watch(env.clone(), plane.sight.clone(), waiting.clone(), seen.clone()));
    let mut due = env.now();
    let mut written = 0;
    for event in 0..load.events {
        env.sleep_until(due).await;
        due = due + load.pause;
        let turn = event / 2;
        if event % 2 == 0 {
            plane.set(of(turn, services), false).await?;
        } else if let Some(n) = turn.checked_sub(LAG).map(|turn| of(turn, services)) {
            plane.set(n, true).await?;
            lock(&waiting).push((n, env.now()));
            written += 1;
        }
    }
    let deadline = env.now() + Duration::from_secs(10);
    while lock(&seen).len() < written && env.now() < deadline {
        look(env, &plane.sight, &waiting, &seen);
        env.sleep(Duration::from_millis(1)).await;
    }
    watcher.abort();
    plane.stop().await?;
    let seen = std::mem::take(&mut *lock(&seen));
    if seen.len() < written {
        return Err(ApiError::internal(format!("{} of {written} were seen", seen.len())));
    }
    Ok(Propagated::of(seen))
}

/// Which Service a turn is about.
fn of(turn: usize, services: usize) -> usize {
    turn.wrapping_mul(7_919) % services
}

type Seen = Arc<Mutex<Vec<Duration>>>;

async fn watch(env: Env, sight: Arc<Sight>, waiting: Waiting, seen: Seen) {
    let mut version = 0;
    loop {
        version = sight.changed(version).await;
        look(&env, &sight, &waiting, &seen);
    }
}

/// Takes out what can be picked by now.
fn look(env: &Env, sight: &Sight, waiting: &Waiting, seen: &Seen) {
    let now = env.now();
    let mut waiting = lock(waiting);
    for (_, since) in waiting.extract_if(.., |(n, _)| sight.endpoints(*n).contains(&ip(*n, 0))) {
        lock(seen).push(now.since(since));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
