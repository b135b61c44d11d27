//! Two control planes on one etcd, as two processes. One leads; it is killed in the middle of a rollout of 50 pods. The
//! other takes over, ends the rollout, and does nothing twice.
//!
//! Each plane has the scheduler and Kubernetes' controllers (the HTTP server is not among them yet). Nodes are simulated
//! by the process that shows the example, and that one looks on: it counts in etcd's own history who was created, bound
//! and removed, and how often.

mod etcd;
mod history;

use crate::screen::Screen;
use etcd::Server;
use futures::future::{Either, select};
use history::History;
use kube_controllers::runtime::Manager;
use kube_core::env::Env;
use kube_core::kinds::apps::v1::Deployment;
use kube_core::kinds::coordination::v1::Lease;
use kube_core::view::PodView;
use kube_node::fleet::Heartbeats;
use kube_node::{FleetDriver, SimFleet};
use kube_plane::manifest;
use kube_sched::guard::NodeGuard;
use kube_sched::{Profile, Scheduler};
use kube_store::api::Api;
use kube_store::client::election::{Election, ElectionConfig};
use kube_store::client::{Component, Running};
use kube_store::informer::Informers;
use kube_store::objects::Objects;
use kube_store::objects::admission::NamespaceLifecycle;
use kube_store::rt;
use kube_store::service::{Fence, Fenced};
use kube_store::storage::etcd::{EtcdOptions, EtcdStorage};
use std::error::Error;
use std::pin::pin;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

type Failed = Box<dyn Error>;

const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 50
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: server, image: example.org/web:1}]
";

/// As the Deployment has it.
const REPLICAS: usize = 50;

/// The longest that anything may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Shorter than Kubernetes' 15, 10 and 2 seconds, so that the example is: a failover takes up to 6.1 s.
fn election(name: &str) -> ElectionConfig {
    ElectionConfig {
        lease_duration: Duration::from_secs(5),
        renew_deadline: Duration::from_secs(3),
        retry_period: Duration::from_millis(500),
        ..ElectionConfig::new("planes", name)
    }
}

async fn connect(endpoint: &str, env: &Env) -> Result<(Arc<EtcdStorage>, Arc<Objects>), Failed> {
    let options = EtcdOptions { prefix: "planes/".to_owned(), ..EtcdOptions::new() };
    let storage = Arc::new(EtcdStorage::connect([endpoint], options).await?);
    let objects = Objects::builder(storage.clone(), env.clone())
        .admission(Arc::new(NamespaceLifecycle))
        .contributor("", "Pod", Arc::new(NodeGuard))
        .contributor("", "Node", Arc::new(NodeGuard))
        .build();
    Ok((storage, objects))
}

/// One of the planes: stands for the election, and works while it has won. Never ends by itself.
///
/// # Errors
/// What keeps it from starting.
pub async fn plane(name: &str, endpoint: &str) -> Result<(), Failed> {
    let env = rt::env();
    let (_storage, objects) = connect(endpoint, &env).await?;
    // Who stands by has everything at hand already.
    let warm = Informers::new(objects.clone());
    warm.informer::<PodView>().synced().await?;
    let election = Election::start(&env, objects.clone(), election(name))?;
    loop {
        let fence = election.won().await;
        let informers = Informers::new(Arc::new(Fenced::new(objects.clone(), fence.clone())));
        let running = lead(&env, &informers, &fence)?;
        election.lost(&fence).await;
        drop(running);
        informers.stop();
    }
}

/// The scheduler and the controllers, in the name of who won.
fn lead(env: &Env, informers: &Informers, fence: &Fence) -> Result<Vec<Running>, Failed> {
    let scheduler = Scheduler::builder(informers).profile(Profile::default()).build()?;
    // The nodes of this example do not beat.
    let need_beats = ["node-lifecycle-controller", "taint-eviction-controller"];
    let controllers = kube_controllers::builtin().into_iter();
    let controllers = controllers.filter(|controller| !need_beats.contains(&controller.name()));
    let controllers = Manager::fenced(informers, controllers, fence.clone());
    let parts: [Box<dyn Component>; 2] = [Box::new(scheduler), Box::new(controllers)];
    Ok(parts.into_iter().map(|part| Running::start(env, part)).collect())
}

/// A process that is killed when nobody holds it any more.
struct Plane(Child);

impl Plane {
    fn start(name: &str, endpoint: &str) -> Result<Self, Failed> {
        Ok(Self(Command::new(std::env::current_exe()?).args(["plane", name, endpoint]).spawn()?))
    }

    /// As `kill -9` does.
    fn kill(&mut self) {
        // One that has ended is as good as killed.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The whole example: etcd, two planes, a rollout, and one plane less.
///
/// # Errors
/// When the rollout does not end, or something was done twice.
pub async fn demo(screen: &mut Screen) -> Result<(), Failed> {
    let env = rt::env();
    let server = Server::start()?;
    let (storage, objects) = within(&env, "etcd answers", async {
        loop {
            match connect(&server.endpoint, &env).await {
                Ok(connected) => return connected,
                Err(_) => env.sleep(Duration::from_millis(100)).await,
            }
        }
    })
    .await?;
    objects.ensure_system_namespaces().await?;
    let history = History::follow(&env, &*storage).await?;
    let informers = Informers::new(objects.clone());
    let fleet = SimFleet::new(10).cpu("16").memory("64Gi").heartbeats(Heartbeats::Off);
    let _nodes = Running::start(&env, Box::new(FleetDriver::new(fleet, &informers)));
    let mut planes = Vec::new();
    for name in ["plane-a", "plane-b"] {
        planes.push((name, Plane::start(name, &server.endpoint)?));
    }
    let world = World {
        env: env.clone(),
        leases: Api::namespaced(objects.clone(), "kube-system"),
        webs: Api::namespaced(objects.clone(), "default"),
        objects,
    };
    rollout(screen, &world, &history, &mut planes).await?;
    history.judge(screen, REPLICAS)
}

struct World {
    env: Env,
    objects: Arc<Objects>,
    leases: Api<Lease>,
    webs: Api<Deployment>,
}

impl World {
    /// Who leads; empty where nobody does.
    async fn leader(&self) -> String {
        let lease = self.leases.find("planes").await.ok().flatten();
        lease.and_then(|lease| lease.spec?.holder_identity).unwrap_or_default()
    }

    /// Whether the Deployment is as it is wanted, in every pod.
    async fn is_done(&self) -> bool {
        let Ok(web) = self.webs.get("web").await else { return false };
        let Some(status) = &web.status else { return false };
        let all = i32::try_from(REPLICAS).ok();
        status.observed_generation == web.metadata.generation
            && [status.replicas, status.updated_replicas, status.available_replicas]
                .iter()
                .all(|count| *count == all)
    }

    async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) -> Result<Duration, Failed> {
        let began = self.env.now();
        let wait = async {
            while !holds().await {
                self.env.sleep(Duration::from_millis(20)).await;
            }
        };
        within(&self.env, what, wait).await?;
        Ok(self.env.now().since(began))
    }
}

async fn rollout(
    screen: &mut Screen,
    world: &World,
    history: &History,
    planes: &mut Vec<(&'static str, Plane)>,
) -> Result<(), Failed> {
    screen.headline("two planes, one etcd");
    world.until("one leads", async || !world.leader().await.is_empty()).await?;
    let leader = world.leader().await;
    screen.line(format_args!("{leader} leads, the other stands by"));
    manifest::apply(&[("web", WEB)], &*world.objects).await?;
    let took = world.until("50 pods run", async || world.is_done().await).await?;
    screen.line(format_args!("{REPLICAS} pods run after {took:.1?}"));
    world
        .webs
        .edit("web", |web| {
            let containers = web.spec.as_mut().and_then(|spec| spec.template.spec.as_mut());
            for container in containers.into_iter().flat_map(|pod| &mut pod.containers) {
                container.image = Some("example.org/web:2".to_owned());
            }
        })
        .await?;
    let half = REPLICAS + REPLICAS / 2;
    world.until("half of the new pods are made", async || history.created() >= half).await?;
    for (_, plane) in planes.iter_mut().filter(|(name, _)| *name == leader) {
        plane.kill();
    }
    screen.line(format_args!(
        "{leader} is killed when {} of the new pods are made",
        history.created() - REPLICAS
    ));
    let took = world.until("the other leads", async || {
        let now = world.leader().await;
        !now.is_empty() && now != leader
    });
    let took = took.await?;
    screen.line(format_args!("{} leads {took:.1?} later", world.leader().await));
    let took = world.until("the rollout ends", async || world.is_done().await).await?;
    screen.line(format_args!("the rollout ends {took:.1?} after that"));
    world.until("only the new pods are there", async || history.there() == REPLICAS).await?;
    // Whoever would do something twice has time to.
    world.env.sleep(Duration::from_secs(3)).await;
    Ok(())
}

async fn within<T>(env: &Env, what: &str, future: impl Future<Output = T>) -> Result<T, Failed> {
    match select(pin!(future), env.sleep(PATIENCE)).await {
        Either::Left((done, _)) => Ok(done),
        Either::Right(_) => Err(format!("waited {PATIENCE:?} in vain: {what}").into()),
    }
}
