//! The simulator: its executor, one plan, a steady cluster.

pub mod baseline;

use kube_core::env::Env;
use kube_node::SimFleet;
use kube_sim::executor::Executor;
use kube_sim::{TestPlane, scenarios};
use std::time::Duration;

/// Tasks that each sleep `sleeps` times, for different lengths.
pub const TASKS: u64 = 1000;

/// One of the tasks: nothing but timers.
async fn sleeper(env: Env, number: u64, sleeps: u64) {
    for round in 0..sleeps {
        env.sleep(Duration::from_micros(1 + (number * 7919 + round * 104_729) % 1000)).await;
    }
}

/// Runs [`TASKS`] tasks on the seeded executor; gives the steps.
///
/// # Panics
/// When the run does not come to its end.
#[expect(clippy::panic, reason = "a bench that does not run measures nothing")]
pub fn executor(sleeps: u64) -> u64 {
    let mut executor = Executor::new(1);
    let env = executor.env();
    for number in 0..TASKS {
        env.spawn("sleeper", sleeper(env.clone(), number, sleeps));
    }
    let end = Duration::from_millis(sleeps + 1);
    if let Err(error) = executor.run("main", async move { env.sleep(end).await }) {
        panic!("{error}");
    }
    executor.steps()
}

/// One run of a Deployment of ten pods on five nodes with a rollout, with the faults of `seed`: its commits.
///
/// # Panics
/// When an oracle is not content.
pub fn plan(seed: u64) -> u64 {
    let observed = scenarios::deployment(seed..seed + 1).observe(seed);
    assert!(observed.trouble.is_none(), "seed {seed}: {:?}", observed.trouble);
    observed.commits
}

/// The same without faults and oracles, on one plane that shares its caches: what the processes and checks cost.
///
/// # Panics
/// When the Deployment does not become ready.
pub fn plain_plan() -> i32 {
    let mut plane = TestPlane::new();
    plane.apply(scenarios::WEB);
    plane.settle();
    plane.edit::<kube_core::kinds::apps::v1::Deployment>("default/web", |web| {
        let annotations = web.spec.as_mut().and_then(|spec| spec.template.metadata.as_mut());
        if let Some(meta) = annotations {
            meta.annotations.get_or_insert_default().insert("round".to_owned(), "2".to_owned());
        }
    });
    plane.settle();
    plane.advance(Duration::from_hours(1));
    let ready = plane.view().ready("default/web");
    assert_eq!(ready, 10);
    ready
}

/// A cluster of `nodes` nodes with leases every ten seconds, all controllers, and ten pods.
pub fn steady(nodes: usize) -> TestPlane {
    let mut plane =
        TestPlane::with(|plane| plane.controllers(kube_controllers::builtin()).nodes(SimFleet::new(nodes)));
    plane.apply(scenarios::WEB);
    plane.settle();
    plane
}
