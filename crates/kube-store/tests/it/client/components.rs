//! Components: started, stopped in order, ended by a cause.

use crate::informer::script::Script;
use crate::informer::world::World;
use async_trait::async_trait;
use kube_core::error::{ApiError, Reason};
use kube_core::view::MetaView;
use kube_store::client::{Component, Running, StopToken, stop_pair};
use kube_store::informer::{Informer, Informers};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Log = Arc<Mutex<Vec<String>>>;

/// Takes a while to stop.
struct Slow {
    name: String,
    world: World,
    log: Log,
}

#[async_trait]
impl Component for Slow {
    fn name(&self) -> &str {
        &self.name
    }

    async fn run(self: Box<Self>, stop: StopToken) -> Result<(), ApiError> {
        self.log.lock().unwrap().push(format!("{} starts", self.name));
        stop.stopped().await;
        self.world.env.sleep(Duration::from_secs(1)).await;
        self.log.lock().unwrap().push(format!("{} ends", self.name));
        Ok(())
    }
}

#[test]
fn components_stop_in_the_order_they_are_told() {
    let world = World::new();
    let log = Log::default();
    let running: Vec<Running> = ["store", "controllers", "server"]
        .map(|name| {
            let slow = Slow { name: name.to_owned(), world: world.clone(), log: log.clone() };
            Running::start(&world.env, Box::new(slow))
        })
        .into();
    world.run();
    world.finish(async {
        for component in running.iter().rev() {
            assert_eq!(component.result(), None);
            component.stop();
            component.ended().await.unwrap();
        }
    });
    let want = [
        "store starts",
        "controllers starts",
        "server starts",
        "server ends",
        "controllers ends",
        "store ends",
    ];
    assert_eq!(*log.lock().unwrap(), want);
    assert_eq!(running[0].name(), "store");
}

/// Lives on an informer, as components do.
struct Follower(Informer<MetaView>);

#[async_trait]
impl Component for Follower {
    fn name(&self) -> &'static str {
        "follower"
    }

    async fn run(self: Box<Self>, stop: StopToken) -> Result<(), ApiError> {
        let (closed, stopped) = (std::pin::pin!(self.0.closed()), std::pin::pin!(stop.stopped()));
        match futures::future::select(closed, stopped).await {
            futures::future::Either::Left((cause, _)) => Err(cause),
            futures::future::Either::Right(_) => Ok(()),
        }
    }
}

#[test]
fn a_closed_store_stops_a_component_with_that_cause() {
    let world = World::new();
    let script = Script::new(&world.env);
    let kind = crate::informer::thing::kind();
    let informers = Informers::new(script.clone());
    let start = || Running::start(&world.env, Box::new(Follower(informers.informer_of(kind.clone()))));
    let (first, second) = (start(), start());
    world.run();
    first.stop();
    world.finish(first.ended()).unwrap();
    assert_eq!(second.result(), None);
    script.close();
    assert!(world.finish(second.ended()).unwrap_err().is_closed());
}

struct Panics;

#[async_trait]
impl Component for Panics {
    fn name(&self) -> &'static str {
        "fuse"
    }

    async fn run(self: Box<Self>, _stop: StopToken) -> Result<(), ApiError> {
        panic!("blown");
    }
}

#[test]
fn a_panic_is_an_end_with_a_cause() {
    let world = World::new();
    let running = Running::start(&world.env, Box::new(Panics));
    let cause = world.finish(running.ended()).unwrap_err();
    assert_eq!(cause.reason, Reason::InternalError);
    assert!(cause.message.ends_with("fuse panicked: blown"), "{cause}");
}

#[test]
fn an_aborted_component_has_an_end_too() {
    let world = World::new();
    let slow = Slow { name: "slow".to_owned(), world: world.clone(), log: Log::default() };
    let running = Running::start(&world.env, Box::new(slow));
    world.run();
    running.abort();
    assert!(world.finish(running.ended()).unwrap_err().message.contains("slow was aborted"));
}

#[test]
fn dropping_a_component_aborts_it() {
    let world = World::new();
    let slow = Slow { name: "slow".to_owned(), world: world.clone(), log: Log::default() };
    let running = Running::start(&world.env, Box::new(slow));
    world.run();
    drop(running);
    assert_eq!(world.tasks(), 0);
}

#[test]
fn a_token_tells_of_its_stopper_only() {
    let world = World::new();
    let (stopper, token) = stop_pair();
    let (other, _) = stop_pair();
    other.stop();
    drop(other);
    assert!(!token.is_stopped());
    let late = stopper.token();
    stopper.stop();
    assert!(token.is_stopped() && late.is_stopped());
    world.finish(token.stopped());
}
