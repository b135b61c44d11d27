//! Elections over a lease, on every engine of one process; a clock that moves when nothing else can.

use crate::backend::{Backend, Engine, InDirectory, Memory};
use crate::informer::world::World;
use kube_core::kinds::coordination::v1::Lease;
use kube_core::kinds::core::v1::ConfigMap;
use kube_store::api::Api;
use kube_store::client::election::{Election, ElectionConfig};
use kube_store::objects::Objects;
use kube_store::storage::mvcc::Drive;
use serde_json::{from_value, json};
use std::sync::Arc;
use std::time::Duration;

fn stand(world: &World, objects: &Arc<Objects>, identity: &str) -> Election {
    Election::start(&world.env, objects.clone(), ElectionConfig::new("test", identity)).unwrap()
}

fn map(name: &str) -> ConfigMap {
    from_value(json!({"metadata": {"name": name}})).unwrap()
}

/// The engines, each with nothing in it.
fn engines() -> Vec<(&'static str, Box<dyn Backend>)> {
    vec![
        ("memory", Box::new(Memory)),
        ("redb", Box::new(InDirectory::new(Engine::Redb, Drive::Callers))),
        ("sled", Box::new(InDirectory::new(Engine::Sled, Drive::Callers))),
    ]
}

/// Whoever was paused and does not know that it lost writes nothing any more.
#[test]
fn a_deposed_leader_writes_nothing() {
    for (name, engine) in engines() {
        let world = World::new();
        let objects = Objects::new(engine.open(&world.env).unwrap(), world.env.clone());
        let first = stand(&world, &objects, "first");
        let old = world.finish(first.won());
        let maps: Api<ConfigMap> = Api::namespaced(objects.clone(), "default");
        let (before, mine) = (maps.clone(), maps.clone().fenced(old));
        world.finish(mine.create(&map("a"))).unwrap();
        // Paused: it renews no more, and is not told so.
        drop(first);
        let second = stand(&world, &objects, "second");
        let began = world.env.now();
        let new = world.finish(second.won());
        let took = world.env.now().since(began);
        assert!(took >= Duration::from_secs(14) && took <= Duration::from_millis(19_400), "{name}: {took:?}");
        let refused = world.finish(mine.create(&map("b"))).unwrap_err();
        assert_eq!(refused.code, 409, "{name}: {refused}");
        assert!(world.finish(mine.update(&world.finish(before.get("a")).unwrap())).is_err(), "{name}");
        assert!(world.finish(before.find("b")).unwrap().is_none(), "{name}: nothing was written");
        world.finish(maps.fenced(new).create(&map("b"))).unwrap();
    }
}

/// Who stops on purpose is followed within a second.
#[test]
fn a_release_hands_over_at_once() {
    let world = World::new();
    let objects = Objects::new(Memory.open(&world.env).unwrap(), world.env.clone());
    let mut leading = stand(&world, &objects, "0");
    let mut old = world.finish(leading.won());
    for n in 1..6 {
        let next = stand(&world, &objects, &n.to_string());
        world.pass(Duration::from_secs(5));
        assert_eq!((next.fence(), next.holder()), (None, Some((n - 1).to_string())));
        let began = world.env.now();
        world.finish(leading.release());
        let new = world.finish(next.won());
        let took = world.env.now().since(began);
        assert!(took <= Duration::from_secs(1), "{took:?}");
        assert!(new.revision > old.revision);
        (leading, old) = (next, new);
    }
    let lease = world.finish(Api::<Lease>::namespaced(objects, "kube-system").get("test")).unwrap();
    let spec = lease.spec.unwrap();
    assert_eq!((spec.holder_identity.as_deref(), spec.lease_transitions), (Some("5"), Some(5)));
}

/// A leader renews, and keeps its fence while it does.
#[test]
fn a_leader_goes_on() {
    let world = World::new();
    let objects = Objects::new(Memory.open(&world.env).unwrap(), world.env.clone());
    let leading = stand(&world, &objects, "leads");
    let fence = world.finish(leading.won());
    let follows = stand(&world, &objects, "follows");
    world.pass(Duration::from_mins(1));
    assert_eq!((leading.fence(), follows.fence()), (Some(fence), None));
    assert_eq!(follows.holder().as_deref(), Some("leads"));
}

/// A process that stood still does not believe that it leads for one moment more than it may.
#[test]
fn a_leader_that_stood_still_knows_it_by_its_clock() {
    let world = World::new();
    let objects = Objects::new(Memory.open(&world.env).unwrap(), world.env.clone());
    let leading = stand(&world, &objects, "leads");
    world.finish(leading.won());
    world.leap(Duration::from_secs(9));
    assert!(leading.fence().is_some());
    world.leap(Duration::from_secs(1));
    assert_eq!(leading.fence(), None, "although nothing has run since");
}

/// What somebody deletes or takes is lost at the next renewal.
#[test]
fn a_leader_whose_lease_is_taken_stops() {
    let world = World::new();
    let objects = Objects::new(Memory.open(&world.env).unwrap(), world.env.clone());
    let leading = stand(&world, &objects, "leads");
    let fence = world.finish(leading.won());
    let leases: Api<Lease> = Api::namespaced(objects, "kube-system");
    world
        .finish(leases.edit("test", |lease| {
            lease.spec.get_or_insert_default().holder_identity = Some("thief".into());
        }))
        .unwrap();
    world.finish(leading.lost(&fence));
    assert_eq!(leading.holder().as_deref(), Some("thief"));
}
