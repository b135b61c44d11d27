//! The course of a run: start, scenario with faults, rest, silence.

use super::build::Scenario;
use crate::cluster::{Cluster, World};
use futures::future::{Either, select};
use kube_core::env::Mono;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// How long nothing may be written before the oracles are asked whether this is the end.
const QUIET: Duration = Duration::from_mins(1);

/// Runs `scenario` on `world` to the silence after it, or to the first violation, which the observer keeps.
pub(super) async fn tell(world: Arc<World>, scenario: Scenario, rest_within: Duration, silent_for: Duration) {
    let observer = world.observer.clone();
    let whole = pin!(whole(world, scenario, rest_within, silent_for));
    let violated = pin!(observer.violated());
    if let Either::Left((Err((oracle, what)), _)) = select(whole, violated).await {
        observer.violate(&oracle, what);
    }
}

type Told = Result<(), (String, String)>;

async fn whole(world: Arc<World>, scenario: Scenario, rest_within: Duration, silent_for: Duration) -> Told {
    let start =
        |error: kube_core::error::ApiError| ("components".to_owned(), format!("does not start: {error}"));
    world.start().await.map_err(start)?;
    let cluster = Cluster::new(world.clone());
    scenario(cluster.clone()).await;
    world.env.sleep_until(Mono::default() + world.plan.end()).await;
    world.heal().map_err(start)?;
    rest(&world, &cluster, rest_within).await?;
    world.observer.expect_silence();
    world.env.sleep(silent_for).await;
    world.observer.at_rest()?;
    alive(&world)
}

/// Waits until everything has come about, or until it had its time.
async fn rest(world: &World, cluster: &Cluster, within: Duration) -> Told {
    let deadline = world.env.now() + within;
    loop {
        let quiet =
            crate::cluster::within(&world.env, deadline.since(world.env.now()), cluster.quiet(QUIET)).await;
        alive(world)?;
        let Some(()) = quiet else {
            // Nothing was written for long: what is wanted does not come about, and that is what is wrong.
            let idle = world.env.now().since(world.observer.last_busy()) >= QUIET;
            if let (true, Err(unmet)) = (idle, world.observer.at_rest()) {
                return Err(unmet);
            }
            let what = format!("something is still written {within:?} after the last fault");
            return Err(("rest".to_owned(), what));
        };
        match world.observer.at_rest() {
            Ok(()) => return Ok(()),
            // Whoever failed too often may be waiting for its next try.
            Err(_) if world.env.now() < deadline => world.env.sleep(QUIET).await,
            Err(unmet) => return Err(unmet),
        }
    }
}

fn alive(world: &World) -> Told {
    match world.ended() {
        Some((name, why)) => Err(("components".to_owned(), format!("{name} ended by itself: {why}"))),
        None => Ok(()),
    }
}
