//! Decisions of the garbage collector, and its picture of who owns whom.

use super::objects::Objects;
use super::plan::{Dependent, FOREGROUND, ORPHAN, Op, Owner, View, plan};
use kube_core::kinds::core::v1::ConfigMap;
use kube_core::resource::{KindInfo, ObjectKey, Resource, Uid};
use kube_core::view::{Meta, RawObject};
use kube_store::service::Propagation;
use serde_json::json;
use std::sync::Arc;

fn kind() -> Arc<KindInfo> {
    Arc::new(ConfigMap::kind_info().clone())
}

fn dependent(uid: &str, blocking: bool, waiting: bool) -> Dependent {
    Dependent { kind: kind(), key: ObjectKey::new("default", uid), uid: Uid::new(uid), blocking, waiting }
}

fn decide(terminating: bool, finalizers: &[&str], owners: &[Owner], dependents: &[Dependent]) -> Vec<Op> {
    let finalizers: Vec<Arc<str>> = finalizers.iter().map(|&f| f.into()).collect();
    let owners: Vec<(Uid, Owner)> =
        owners.iter().enumerate().map(|(n, owner)| (Uid::new(format!("o{n}")), *owner)).collect();
    plan(&View { terminating, finalizers: &finalizers, owners: &owners, dependents })
}

#[test]
fn an_object_goes_when_no_owner_is_left() {
    use Owner::{Absent, Present, Unknown, Waiting};
    let delete = |propagation| vec![Op::Delete(propagation)];
    assert_eq!(decide(false, &[], &[], &[]), []);
    assert_eq!(decide(false, &[], &[Present], &[]), []);
    assert_eq!(decide(false, &[], &[Absent], &[]), delete(Propagation::Background));
    assert_eq!(decide(false, &[ORPHAN], &[Absent], &[]), delete(Propagation::Orphan));
    assert_eq!(decide(false, &[FOREGROUND], &[Absent], &[]), delete(Propagation::Foreground));
    assert_eq!(decide(false, &[], &[Absent, Unknown], &[]), []);
    assert_eq!(decide(false, &[], &[Waiting], &[]), delete(Propagation::Background));
    let strip = vec![Op::Strip(vec![Uid::new("o1"), Uid::new("o2")])];
    assert_eq!(decide(false, &[], &[Present, Absent, Waiting], &[]), strip);
}

#[test]
fn waiting_goes_down_the_tree_and_out_of_circles() {
    let plain = [dependent("d", true, false)];
    let circle = [dependent("d", true, true)];
    let foreground = Op::Delete(Propagation::Foreground);
    assert_eq!(decide(false, &[], &[Owner::Waiting], &plain), std::slice::from_ref(&foreground));
    assert_eq!(decide(false, &[], &[Owner::Waiting], &circle), [Op::Unblock, foreground]);
}

#[test]
fn a_terminating_object_waits_or_gives_up() {
    let dependents = [dependent("a", true, false), dependent("b", false, false)];
    assert_eq!(decide(true, &[], &[Owner::Absent], &dependents), []);
    assert_eq!(decide(true, &[FOREGROUND], &[], &dependents), [Op::LookAt(Uid::new("a"))]);
    assert_eq!(decide(true, &[FOREGROUND], &[], &dependents[1..]), [Op::RemoveFinalizer(FOREGROUND)]);
    let give_up = [Op::GiveUp(0), Op::GiveUp(1), Op::RemoveFinalizer(ORPHAN)];
    assert_eq!(decide(true, &[ORPHAN], &[], &dependents), give_up);
}

fn meta(name: &str, namespace: &str, owners: &[&str]) -> Arc<Meta> {
    let owners: Vec<_> = owners
        .iter()
        .map(|uid| json!({ "apiVersion": "v1", "kind": "ConfigMap", "name": uid, "uid": uid }))
        .collect();
    let object = json!({
        "metadata": { "name": name, "namespace": namespace, "uid": name, "ownerReferences": owners },
    });
    RawObject::from_value(object).expect("metadata").meta.clone()
}

fn observe(objects: &mut Objects, old: Option<&Arc<Meta>>, new: Option<&Arc<Meta>>) -> Vec<String> {
    objects.observe(&kind(), old, new).iter().map(ToString::to_string).collect()
}

#[test]
fn only_what_may_have_lost_an_owner_is_looked_at() {
    let mut objects = Objects::default();
    let (owner, child) = (meta("o", "ns", &[]), meta("c", "ns", &["o"]));
    assert!(observe(&mut objects, None, Some(&owner)).is_empty());
    assert!(observe(&mut objects, None, Some(&child)).is_empty(), "its owner is there");
    let foreign = meta("f", "elsewhere", &["o"]);
    assert_eq!(observe(&mut objects, None, Some(&foreign)), ["f"], "the owner is in another namespace");
    assert_eq!(observe(&mut objects, Some(&owner), None), ["c", "f"]);
    assert!(objects.is_gone(&Uid::new("o")) && !objects.is_gone(&Uid::new("c")));
}

#[test]
fn an_object_of_the_same_name_is_another_object() {
    let mut objects = Objects::default();
    let first = meta("o", "ns", &[]);
    observe(&mut objects, None, Some(&first));
    observe(&mut objects, None, Some(&meta("c", "ns", &["o"])));
    let mut second = Meta::clone(&meta("o", "ns", &[]));
    second.uid = Uid::new("o2");
    assert_eq!(observe(&mut objects, Some(&first), Some(&Arc::new(second))), ["c"]);
    assert!(objects.graph().is_virtual(&Uid::new("o")));
}
