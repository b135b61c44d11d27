//! Ready-made scenarios over Kubernetes' own controllers: what the workspace itself is tested with.
//!
//! Each gives a [`Sim`] without seeds' results: choose faults, add oracles, and run it.

mod acts;
mod balancers;
mod crons;
mod daemons;
mod election;
mod evictions;
mod gangs;
mod jobs;
mod mirrors;
mod namesakes;
mod namespaces;
mod outage;
mod owners;
mod rejections;
mod resizes;
mod rivals;
mod services;
mod shards;
mod silence;
mod stateful;
mod storms;
mod traps;

pub use balancers::balancers;
pub use crons::crons;
pub use daemons::daemons;
pub use election::election;
pub use evictions::evictions;
pub use gangs::gangs;
pub use jobs::jobs;
pub use mirrors::mirrors;
pub use namesakes::namesakes;
pub use namespaces::namespaces;
pub use outage::outage;
pub use owners::owners;
pub use rejections::rejections;
pub use resizes::resizes;
pub use rivals::rivals;
pub use services::services;
pub use shards::shards;
pub use silence::silence;
pub use stateful::stateful;
pub use storms::{restarts, storm};
pub use traps::{parallel, trap};

use crate::campaign::Sim;
use crate::cluster::Cluster;
use crate::faults::Faults;
use kube_core::kinds::apps::v1::Deployment;
use kube_core::kinds::core::v1::{Pod, PodTemplateSpec};
use kube_core::resource::ObjectKey;
use kube_node::SimFleet;
use kube_node::behavior::Delays;
use kube_node::fleet::Heartbeats;
use kube_sched::{Profile, Scheduler};
use std::ops::Range;
use std::time::Duration;

/// A Deployment of ten pods behind a Service.
pub const WEB: &str = include_str!("web.yaml");

/// A pod that nobody manages.
pub const SOLO: &str = include_str!("solo.yaml");

/// A scenario by name.
pub type Named = (&'static str, fn(Range<u64>) -> Sim);

/// All of them.
pub const ALL: [Named; 30] = [
    ("deployment", deployment),
    ("rollout", rollout),
    ("unrest", unrest),
    ("rebirth", rebirth),
    ("patience", patience),
    ("crowding", crowding),
    ("rivals", rivals),
    ("gangs", gangs),
    ("stateful", stateful),
    ("daemons", daemons),
    ("silence", silence),
    ("namesakes", namesakes),
    ("failover", failover),
    ("storm", storm),
    ("restarts", restarts),
    ("outage", outage),
    ("jobs", jobs),
    ("crons", crons),
    ("evictions", evictions),
    ("namespaces", namespaces),
    ("owners", owners),
    ("parallel", parallel),
    ("trap", trap),
    ("rejections", rejections),
    ("resizes", resizes),
    ("services", services),
    ("mirrors", mirrors),
    ("balancers", balancers),
    ("election", election),
    ("shards", shards),
];

/// Who takes part besides the scheduler and the nodes, where Deployments are at work. A fixed list: another component
/// would draw other faults from the same seed.
const PLAIN: [&str; 13] = [
    "cronjob-controller",
    "deployment-controller",
    "disruption-controller",
    "stale-disruption-controller",
    "endpointslice-controller",
    "garbage-collector",
    "job-controller",
    "namespace-controller",
    "pod-garbage-collector-controller",
    "replicaset-controller",
    "replication-controller",
    "serviceaccount-controller",
    "ttl-after-finished-controller",
];

fn sim(seeds: Range<u64>, nodes: usize, zones: &[&str]) -> Sim {
    among(seeds, nodes, zones, &PLAIN)
}

/// The same among these controllers.
fn among(seeds: Range<u64>, nodes: usize, zones: &[&str], controllers: &[&str]) -> Sim {
    let sim = Sim::seeds(seeds).nodes(nodes).fleet(slow_nodes(), zones.iter().copied());
    sim.only(controllers).faults(Faults::all())
}

/// Nodes whose pods take some seconds to start, to become ready, and to stop.
fn slow_nodes() -> SimFleet {
    let seconds = |low, high| Duration::from_secs(low)..=Duration::from_secs(high);
    let delays = Delays { start: seconds(1, 4), ready: seconds(0, 3), stop: seconds(0, 5) };
    SimFleet::new(1).behavior(delays).heartbeats(Heartbeats::Off)
}

/// A Deployment of ten pods on five nodes, then another template: no Service, one thing at a time.
pub fn deployment(seeds: Range<u64>) -> Sim {
    sim(seeds, 5, &["a", "b", "c"]).scenario(|c| async move {
        c.apply(WEB.split_once("---").map_or(WEB, |(_, deployment)| deployment)).await;
        c.settle().await;
        c.edit::<Deployment>("default/web", |web| set_image(web, "example.org/web:2")).await;
    })
}

/// The same behind a Service.
pub fn rollout(seeds: Range<u64>) -> Sim {
    sim(seeds, 5, &["a", "b", "c"]).scenario(|c| async move {
        c.apply(WEB).await;
        c.settle().await;
        c.edit::<Deployment>("default/web", |web| set_image(web, "example.org/web:2")).await;
        c.settle().await;
    })
}

/// Up, down, lost pods, new templates, without waiting for anything.
pub fn unrest(seeds: Range<u64>) -> Sim {
    sim(seeds, 4, &["a", "b"]).scenario(|c| async move {
        c.apply(WEB).await;
        c.sleep(Duration::from_secs(5)).await;
        c.scale::<Deployment>("default/web", 3).await;
        c.sleep(Duration::from_secs(5)).await;
        lose_a_pod(&c).await;
        c.scale::<Deployment>("default/web", 7).await;
        c.edit::<Deployment>("default/web", |web| set_image(web, "example.org/web:2")).await;
        c.sleep(Duration::from_secs(8)).await;
        c.edit::<Deployment>("default/web", |web| set_image(web, "example.org/web:3")).await;
        lose_a_pod(&c).await;
    })
}

/// Everything goes and comes again under the same name, and one pod cannot go for long.
pub fn rebirth(seeds: Range<u64>) -> Sim {
    sim(seeds, 3, &["a"]).scenario(|c| async move {
        c.apply(WEB).await;
        c.apply(SOLO).await;
        c.sleep(Duration::from_secs(15)).await;
        c.delete::<Deployment>("default/web").await;
        for _ in 0..3 {
            c.delete::<Pod>("default/solo").await;
            c.until("solo is gone", |state| state.get::<Pod>(&ObjectKey::from("default/solo")).is_none())
                .await;
            c.apply(SOLO).await;
            c.sleep(Duration::from_secs(4)).await;
        }
        c.apply(WEB).await;
        c.settle().await;
        // A pod that a finalizer holds is as good as gone: it is replaced at once.
        let held = c.state(|state| {
            let web = state.pods().into_iter().find(|pod| pod.meta.labels.get("app").is_some());
            web.map(|pod| pod.meta.key().to_string())
        });
        if let Some(held) = held {
            c.edit::<Pod>(&held, |pod| pod.metadata.finalizers = Some(vec!["example.org/hold".to_owned()]))
                .await;
            c.delete::<Pod>(&held).await;
            c.until("it is replaced", |state| state.ready("default/web") == 10).await;
            c.edit::<Pod>(&held, |pod| pod.metadata.finalizers = None).await;
        }
    })
}

/// A slow rollout, in which pods count only after half a minute, and a change of mind after a long calm.
pub fn patience(seeds: Range<u64>) -> Sim {
    sim(seeds, 3, &["a", "b", "c"]).scenario(|c| async move {
        c.apply(WEB).await;
        c.scale::<Deployment>("default/web", 4).await;
        c.edit::<Deployment>("default/web", |web| {
            if let Some(spec) = &mut web.spec {
                spec.min_ready_seconds = Some(30);
            }
        })
        .await;
        c.settle().await;
        c.edit::<Deployment>("default/web", |web| set_image(web, "example.org/web:2")).await;
        c.sleep(Duration::from_mins(6)).await;
        c.scale::<Deployment>("default/web", 8).await;
        c.sleep(Duration::from_millis(1500)).await;
        c.scale::<Deployment>("default/web", 4).await;
        c.settle().await;
    })
}

/// More pods than there is room for, until others go.
pub fn crowding(seeds: Range<u64>) -> Sim {
    sim(seeds, 2, &["a", "b"]).scenario(|c| async move {
        c.apply(WEB).await;
        c.scale::<Deployment>("default/web", 24).await;
        c.sleep(Duration::from_secs(30)).await;
        for _ in 0..6 {
            lose_a_pod(&c).await;
            c.sleep(Duration::from_millis(700)).await;
        }
        c.scale::<Deployment>("default/web", 15).await;
    })
}

/// Two schedulers for the same pods: one that has taken over, and one that does not know so yet.
///
/// # Panics
/// Never: the default profile is valid.
#[expect(clippy::expect_used, reason = "the profile is the default one")]
pub fn failover(seeds: Range<u64>) -> Sim {
    let sim = sim(seeds, 4, &["a", "b"]).component("other-scheduler", |informers| {
        let scheduler = Scheduler::builder(informers).profile(Profile::default()).build();
        Box::new(scheduler.expect("a valid profile"))
    });
    sim.scenario(|c| async move {
        c.apply(WEB).await;
        c.sleep(Duration::from_secs(10)).await;
        lose_a_pod(&c).await;
        c.edit::<Deployment>("default/web", |web| set_image(web, "example.org/web:2")).await;
        c.settle().await;
    })
}

fn set_image(web: &mut Deployment, image: &str) {
    set_image_of(web.spec.as_mut().map(|spec| &mut spec.template), image);
}

fn set_image_of(template: Option<&mut PodTemplateSpec>, image: &str) {
    let pod = template.and_then(|template| template.spec.as_mut());
    for container in pod.into_iter().flat_map(|pod| &mut pod.containers) {
        container.image = Some(image.to_owned());
    }
}

async fn lose_a_pod(c: &Cluster) {
    let pod = c.state(|state| state.pods().first().map(|pod| pod.meta.key().to_string()));
    if let Some(pod) = pod {
        c.delete::<Pod>(&pod).await;
    }
}
