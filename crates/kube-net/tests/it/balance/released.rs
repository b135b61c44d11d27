//! Whoever waits until nobody uses an endpoint misses nobody.

use super::{World, id};
use futures::FutureExt;
use kube_core::env::Env;
use kube_net::balance::{Balancing, find};
use std::sync::atomic::{AtomicBool, Ordering};

fn world(policy: &str) -> World {
    let env = Env::manual(1).0;
    World::new(Balancing::shared(&env, find(policy, &env).unwrap()), 2)
}

#[test]
fn an_endpoint_is_released_once_it_is_out_and_no_pick_is_held() {
    let mut world = world("round-robin");
    let web = world.web();
    let (first, second) = (web.pick().unwrap(), web.pick().unwrap());
    let leaving = first.endpoint().clone();
    let mut released = Box::pin(web.released(&leaving));
    assert!(web.offers(&leaving) && released.as_mut().now_or_never().is_none());
    world.endpoints([2]);
    assert!(!web.offers(&leaving) && web.offers(second.endpoint()));
    assert!(released.as_mut().now_or_never().is_none(), "it is in use");
    drop(first);
    assert!(released.now_or_never().is_some());
    assert!(web.released(second.endpoint()).now_or_never().is_none(), "it is on offer");
    world.endpoints([]);
    drop(second);
    assert!(web.pick().is_err());
}

/// Threads pick while an endpoint comes and goes: what was taken out and is not in use must not be picked any more.
#[test]
fn no_pick_slips_through_while_endpoints_change() {
    for policy in ["round-robin", "peak-ewma"] {
        let mut world = world(policy);
        let web = world.web();
        let (serves, done) = (AtomicBool::new(true), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for local in [false, true] {
                let (web, serves, done) = (web.clone(), &serves, &done);
                scope.spawn(move || {
                    let mut held = web.local();
                    while !done.load(Ordering::SeqCst) {
                        let picked = if local { held.pick() } else { web.pick() }.unwrap();
                        let good = id(&picked) != 1 || serves.load(Ordering::SeqCst);
                        assert!(good, "{policy}: picked once it had ended");
                    }
                });
            }
            for _ in 0..3_000 {
                // It counts anew each time it comes back unused.
                let first = web.endpoints()[0].clone();
                world.endpoints([2]);
                while first.in_flight() != 0 {
                    std::hint::spin_loop();
                }
                serves.store(false, Ordering::SeqCst);
                std::thread::yield_now();
                serves.store(true, Ordering::SeqCst);
                world.endpoints([1, 2]);
            }
            done.store(true, Ordering::SeqCst);
        });
    }
}
