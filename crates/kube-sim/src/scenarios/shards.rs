//! Instances that share the work of one controller, come and go, and stand still.

use super::election::faults_of_planes;
use crate::campaign::Sim;
use crate::oracle::{Commit, Oracle, SCENARIO, State, Verdict};
use async_trait::async_trait;
use futures::future::{Either, select};
use kube_controllers::runtime::shards::{Shard, ShardedManager, Sharding};
use kube_controllers::runtime::{Context, Controller, Error, Outcome, Reconciler, Request};
use kube_core::env::{Env, Mono, Rng};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::ConfigMap;
use kube_core::resource::ResourceExt;
use kube_store::client::{Component, Running, StopToken};
use kube_store::informer::Informers;
use kube_store::objects::{Keys, Objects};
use kube_store::service::ObjectService;
use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

const NAME: &str = "jobs";
const SHARDS: u32 = 4;
const INSTANCES: [&str; 3] = ["alder", "beech", "cherry"];
const TEAMS: usize = 12;

/// For how long, by their own clocks, instances come and go.
const AT_WORK: Duration = Duration::from_secs(90);

/// Three instances share the work on config maps in twelve namespaces; each leaves now and then and comes again.
pub fn shards(seeds: Range<u64>) -> Sim {
    let sim = Sim::seeds(seeds)
        .nodes(0)
        .without_builtin()
        .without_scheduler()
        .faults(faults_of_planes().within(Duration::from_secs(90)))
        .oracle(|| Box::new(Ranges))
        // Leases are renewed for ever.
        .silent_for(Duration::from_mins(1));
    let sim = INSTANCES.into_iter().fold(sim, |sim, name| {
        sim.plane(name, move |objects| Box::new(Instance { objects: objects.clone(), name }))
    });
    sim.scenario(|c| async move {
        let mut rng = c.env().rng("teams");
        for team in 0..TEAMS {
            let namespace = format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: team-{team}}}}}");
            let map = format!(
                "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: job, namespace: team-{team}}}}}"
            );
            c.apply(&format!("{namespace}\n---\n{map}")).await;
        }
        for wanted in 1..60 {
            let team = rng.below(TEAMS);
            c.edit::<ConfigMap>(&format!("team-{team}/job"), |map| set(map, WANTED, &wanted.to_string()))
                .await;
            c.sleep(rng.between(Duration::from_millis(100), Duration::from_millis(2500))).await;
        }
    })
}

const WANTED: &str = "wanted";
const DONE: &str = "done";

fn set(map: &mut ConfigMap, name: &str, value: &str) {
    map.data.get_or_insert_default().insert(name.to_owned(), value.to_owned());
}

fn entry<'a>(map: &'a ConfigMap, name: &str) -> Option<&'a str> {
    map.data.as_ref()?.get(name).map(String::as_str)
}

/// Does what is wanted, slowly.
struct Jobs;

impl Reconciler for Jobs {
    type Resource = ConfigMap;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(map) = cx.get::<ConfigMap>(&request.key) else { return Ok(Outcome::Done) };
        let Some(wanted) = entry(&map, WANTED).filter(|wanted| entry(&map, DONE) != Some(wanted)) else {
            return Ok(Outcome::Done);
        };
        cx.env().sleep(Duration::from_millis(300)).await;
        let mut map = (*map).clone();
        let wanted = wanted.to_owned();
        set(&mut map, DONE, &wanted);
        cx.update(&map).await?;
        Ok(Outcome::Done)
    }
}

/// A plane that shares the work, leaves after a while, and comes again.
struct Instance {
    objects: Arc<Objects>,
    name: &'static str,
}

impl Instance {
    async fn stay(&self, env: &Env, rng: &mut Rng, stop: &StopToken) -> Result<(), ApiError> {
        let informers = Informers::new(self.objects.clone());
        let sharding = Sharding::new(NAME, self.name, SHARDS);
        let manager = ShardedManager::new(&self.objects, &informers, sharding, || {
            vec![Controller::builder(Jobs).build()]
        });
        let running = Running::start(env, Box::new(manager.map_err(ApiError::internal)?));
        let stay = rng.between(Duration::from_secs(15), Duration::from_secs(70));
        let leave = async {
            if env.now() > Mono::default() + AT_WORK {
                return std::future::pending().await;
            }
            env.sleep(stay).await;
        };
        let (stopped, leave) = (pin!(stop.stopped()), pin!(leave));
        if let Either::Right((result, _)) = select(select(stopped, leave), pin!(running.ended())).await {
            return result;
        }
        running.stop();
        running.ended().await
    }
}

#[async_trait]
impl Component for Instance {
    fn name(&self) -> &str {
        self.name
    }

    async fn run(self: Box<Self>, stop: StopToken) -> Result<(), ApiError> {
        let env = self.objects.env().clone();
        let mut rng = env.rng("instance");
        while !stop.is_stopped() {
            self.stay(&env, &mut rng, &stop).await?;
            select(pin!(stop.stopped()), env.sleep(Duration::from_secs(4))).await;
        }
        Ok(())
    }
}

/// Whoever writes in a namespace has won its shard; at rest all is done.
#[derive(Debug)]
struct Ranges;

impl Oracle for Ranges {
    fn name(&self) -> &'static str {
        "ranges"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        if &*commit.author == SCENARIO {
            return Ok(());
        }
        for change in &commit.changes {
            let Some((_, Some(map))) = change.of::<ConfigMap>() else { continue };
            let shard = Shard::of_namespace(map.namespace(), SHARDS).number();
            let fence = state.stored(&Keys::fence(&format!("{NAME}-{shard}")));
            let winner = fence.map(|fence| String::from_utf8_lossy(fence.bytes()).into_owned());
            if winner.as_deref() != Some(&*commit.author) {
                return Err(format!(
                    "{} writes {} of shard {shard}, won by {winner:?}",
                    commit.author,
                    map.key()
                ));
            }
        }
        Ok(())
    }

    fn at_rest(&mut self, state: &State) -> Verdict {
        for map in state.all::<ConfigMap>() {
            if entry(&map, WANTED) != entry(&map, DONE) {
                return Err(format!("{} is not done", map.key()));
            }
        }
        Ok(())
    }
}
