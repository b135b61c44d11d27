//! Session affinity by the Service's spec.

use super::{World, id};
use crate::resolve::service;
use kube_core::env::Env;
use kube_net::balance::round_robin::RoundRobin;
use kube_net::balance::{Balancing, PickContext};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

fn sticky(world: &mut World, config: &Value) {
    let spec = json!({
        "clusterIP": "10.96.0.10", "ports": [{"port": 80}], "sessionAffinity": "ClientIP",
        "sessionAffinityConfig": config,
    });
    world.table.upsert_service(&Arc::new(service("prod/web", &spec)));
    world.resolver.publish(&world.table);
}

#[test]
fn a_client_stays_at_its_endpoint_while_it_comes_back() {
    let (env, clock) = Env::manual(3);
    let mut world = World::new(Balancing::new(&env, RoundRobin), 5);
    sticky(&mut world, &json!({"clientIP": {"timeoutSeconds": 60}}));
    let web = world.web();
    let pick = |client: u8| {
        let cx = PickContext::client(IpAddr::from([192, 168, 0, client]));
        let peeked = id(&web.peek_for(&cx).unwrap());
        let picked = id(&web.pick_for(&cx).unwrap());
        assert_eq!(peeked, picked);
        picked
    };
    assert_eq!((pick(1), pick(2), pick(1), pick(2)), (1, 2, 1, 2));
    for _ in 0..5 {
        clock.advance(Duration::from_secs(59));
        assert_eq!(pick(1), 1);
    }
    clock.advance(Duration::from_mins(1));
    assert_eq!(pick(1), 3, "it was away too long");
    assert_eq!((id(&web.pick().unwrap()), id(&web.pick().unwrap())), (4, 5), "nobody in particular");

    // Endpoints come and go; who is not concerned stays.
    assert_eq!(pick(3), 1);
    world.endpoints([1, 2, 6]);
    assert_eq!(pick(3), 1);
    let moved = pick(1);
    assert!([1, 2, 6].contains(&moved));
    assert_eq!(pick(1), moved);
}

#[test]
fn three_hours_unless_told() {
    let (env, clock) = Env::manual(3);
    let mut world = World::new(Balancing::new(&env, RoundRobin), 2);
    sticky(&mut world, &Value::Null);
    let (web, cx) = (world.web(), PickContext::client([1, 1, 1, 1].into()));
    assert_eq!(id(&web.pick_for(&cx).unwrap()), 1);
    clock.advance(Duration::from_secs(10_799));
    assert_eq!(id(&web.pick_for(&cx).unwrap()), 1);
    clock.advance(Duration::from_hours(3));
    assert_eq!(id(&web.pick_for(&cx).unwrap()), 2);
}
