//! How long it takes until a pod that has become ready can be picked.

use super::world::{address, read, service};
use kube_controllers::builtin::endpoint_slice;
use kube_controllers::runtime::Manager;
use kube_core::env::{Env, Mono};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{Node, Pod, PodCondition, Service};
use kube_net::resolve::{ResolverDriver, ServiceHandle, ServiceResolver};
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

/// Services, their pods, the controller of slices, and the resolver, over one store in memory.
struct Plane {
    objects: Arc<Objects>,
    resolver: ServiceResolver,
    running: [Running; 2],
}

impl Plane {
    async fn new(env: &Env, services: usize) -> Result<Self, ApiError> {
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
        let informers = Informers::new(objects.clone());
        let (resolver, driver) = ResolverDriver::new(&informers);
        let manager = Manager::new(&informers, [endpoint_slice::controller()]);
        let running = [Running::start(env, Box::new(driver)), Running::start(env, Box::new(manager))];
        Ok(Self { objects, resolver, running })
    }

    fn handle(&self, n: usize) -> Option<ServiceHandle> {
        self.resolver.service(&super::name(n)).ok()
    }

    async fn set(&self, n: usize, ready: bool) -> Result<(), ApiError> {
        let home = service(n).metadata.namespace.unwrap_or_default();
        let pods = Api::<Pod>::namespaced(self.objects.clone(), &home);
        pods.edit_status(&format!("web-{n}-0"), |pod| set(pod, n, 0, ready)).await.map(drop)
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

/// Pods that were written ready and are not seen yet: Service, and when that was.
type Waiting = Arc<Mutex<Vec<(ServiceHandle, IpAddr, Mono)>>>;

/// Makes pods of `services` Services unready and ready again, `events` in all, one each `pause`: how long it took from the
/// acknowledgement of each that became ready until the resolver would pick it.
///
/// # Errors
/// What the store answers; that something is never seen.
pub async fn propagate(
    env: &Env,
    services: usize,
    events: usize,
    pause: Duration,
) -> Result<Propagated, ApiError> {
    let plane = Plane::new(env, services).await?;
    let all_there = |handle: ServiceHandle| handle.endpoints().len() == PODS;
    for n in 0..services {
        while !plane.handle(n).is_some_and(all_there) {
            env.sleep(Duration::from_millis(1)).await;
        }
    }
    let (waiting, seen) = (Waiting::default(), Arc::new(Mutex::new(Vec::new())));
    let watcher =
        env.spawn("watcher", watch(env.clone(), plane.resolver.clone(), waiting.clone(), seen.clone()));
    let mut due = env.now();
    let mut written = 0;
    for event in 0..events {
        env.sleep_until(due).await;
        due = due + pause;
        let turn = event / 2;
        if event % 2 == 0 {
            plane.set(of(turn, services), false).await?;
        } else if let Some(n) = turn.checked_sub(LAG).map(|turn| of(turn, services)) {
            plane.set(n, true).await?;
            let Some(handle) = plane.handle(n) else { continue };
            lock(&waiting).push((handle, ip(n, 0), env.now()));
            written += 1;
        }
    }
    let deadline = env.now() + Duration::from_secs(10);
    while lock(&seen).len() < written && env.now() < deadline {
        look(env, &waiting, &seen);
        env.sleep(Duration::from_millis(1)).await;
    }
    watcher.abort();
    for running in plane.running {
        running.stop();
        running.ended().await?;
    }
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

async fn watch(env: Env, resolver: ServiceResolver, waiting: Waiting, seen: Seen) {
    let mut version = 0;
    loop {
        version = resolver.changed(version).await;
        look(&env, &waiting, &seen);
    }
}

/// Takes out what can be picked by now.
fn look(env: &Env, waiting: &Waiting, seen: &Seen) {
    let now = env.now();
    let mut waiting = lock(waiting);
    for (_, _, since) in waiting
        .extract_if(.., |(handle, ip, _)| handle.endpoints().iter().any(|endpoint| endpoint.address == *ip))
    {
        lock(seen).push(now.since(since));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
