//! Tests of the pure parts of informers.

use super::feed::{Feed, Step, Taken};
use super::table::{Entry, Table};
use super::{Change, Index};
use crate::service::{ObjectEvent, WatchStart};
use crate::storage::Revision;
use kube_core::resource::{ObjectKey, ResourceVersion};
use kube_core::view::{DecodeError, RawObject, View};
use proptest::collection::{btree_map, vec};
use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::{prop_assert, prop_assert_eq, proptest};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An object that is its own version.
#[derive(Debug, PartialEq, Eq)]
struct Plain(u64);

impl View for Plain {
    fn decode(raw: &RawObject) -> Result<Self, DecodeError> {
        Ok(Self(raw.version.revision()))
    }
}

fn raw(name: &str, version: u64) -> RawObject {
    let value = json!({ "metadata": { "name": name, "resourceVersion": version.to_string() } });
    RawObject::from_value(value).unwrap()
}

fn entry(version: u64) -> Entry<Plain> {
    Entry { view: Arc::new(Plain(version)), version: ResourceVersion::new(version) }
}

/// What the feed makes of `event` when the informer holds the object at `known`.
fn take(feed: &mut Feed<Plain>, event: ObjectEvent, known: Option<u64>) -> String {
    match feed.take(event, |_| known.map(entry)) {
        Ok(Taken::Nothing) => "skip".to_owned(),
        Ok(Taken::Step(Step::Insert(key, entry))) => format!("insert {key} at {}", entry.version),
        Ok(Taken::Step(Step::Remove(key, revision))) => format!("remove {key} at {revision}"),
        Ok(Taken::State(objects, revision)) => format!("replace by {:?} at {revision}", objects.keys()),
        Err(error) => format!("error: {error}"),
    }
}

fn bookmark(revision: u64) -> ObjectEvent {
    ObjectEvent::Bookmark(Revision::new(revision))
}

/// A feed that has taken everything up to revision 10.
fn started() -> Feed<Plain> {
    let mut feed = Feed::new();
    assert_eq!(feed.begin(), WatchStart::Initial);
    assert_eq!(take(&mut feed, bookmark(10), None), "replace by [] at 10");
    feed
}

#[test]
fn the_first_state_comes_as_a_whole() {
    let mut feed = Feed::new();
    assert_eq!(feed.begin(), WatchStart::Initial);
    assert_eq!(take(&mut feed, ObjectEvent::Added(raw("b", 2)), None), "skip");
    // The watch broke: what came is worth nothing.
    assert_eq!(feed.begin(), WatchStart::Initial);
    for name in ["c", "a", "d"] {
        assert_eq!(take(&mut feed, ObjectEvent::Added(raw(name, 3)), None), "skip");
    }
    assert_eq!(take(&mut feed, ObjectEvent::Deleted(raw("d", 4)), None), "skip");
    assert_eq!(take(&mut feed, bookmark(4), None), "replace by [a, c] at 4");
    assert_eq!(feed.begin(), WatchStart::After(Revision::new(4)));
}

#[test]
fn what_was_taken_is_skipped() {
    let mut feed = started();
    assert_eq!(take(&mut feed, ObjectEvent::Modified(raw("a", 10)), Some(9)), "skip");
    assert_eq!(take(&mut feed, ObjectEvent::Deleted(raw("a", 10)), Some(9)), "skip");
    assert_eq!(take(&mut feed, ObjectEvent::Modified(raw("a", 12)), Some(9)), "insert a at 12");
    assert_eq!(take(&mut feed, ObjectEvent::Modified(raw("b", 11)), Some(9)), "skip");
    // Others of the same revision.
    assert_eq!(take(&mut feed, ObjectEvent::Added(raw("b", 12)), None), "insert b at 12");
    assert_eq!(take(&mut feed, ObjectEvent::Deleted(raw("c", 12)), None), "remove c at 12");
    assert_eq!(take(&mut feed, ObjectEvent::Deleted(raw("c", 13)), Some(9)), "remove c at 13");
}

#[test]
fn what_was_applied_is_not_told_again() {
    let mut table: Table<Plain> = Table::new();
    let mut apply =
        |step| table.apply(step).map(|change| (change.old.map(|old| old.0), change.new.map(|new| new.0)));
    let insert = |version| Step::Insert(key(1), entry(version));
    let remove = |revision| Step::Remove(key(1), Revision::new(revision));
    assert_eq!(apply(remove(3)), None, "nothing is there");
    assert_eq!(apply(insert(12)), Some((None, Some(12))));
    // The same revision again, after the watch broke, and an older one.
    for step in [insert(12), insert(11), remove(12), remove(11)] {
        assert_eq!(apply(step), None);
    }
    assert_eq!(apply(insert(13)), Some((Some(12), Some(13))));
    assert_eq!(apply(remove(14)), Some((Some(13), None)));
    assert_eq!(apply(insert(14)), Some((None, Some(14))), "made anew");
}

#[test]
fn it_resumes_before_a_revision_that_may_be_incomplete() {
    let mut feed = started();
    assert_eq!(take(&mut feed, ObjectEvent::Added(raw("a", 12)), None), "insert a at 12");
    assert_eq!((feed.certain(), feed.newest()), (Revision::new(11), Revision::new(12)));
    assert_eq!(feed.begin(), WatchStart::After(Revision::new(11)));
    assert_eq!(take(&mut feed, bookmark(12), None), "skip");
    assert_eq!(feed.begin(), WatchStart::After(Revision::new(12)));
    // An old bookmark changes nothing.
    assert_eq!(take(&mut feed, bookmark(5), None), "skip");
    assert_eq!(feed.begin(), WatchStart::After(Revision::new(12)));
}

#[test]
fn a_revision_that_broke_in_the_middle_was_not_told() {
    let mut feed = started();
    assert_eq!(take(&mut feed, ObjectEvent::Added(raw("a", 12)), None), "insert a at 12");
    assert_eq!(feed.begin(), WatchStart::After(Revision::new(11)));
    assert_eq!(feed.newest(), Revision::new(11), "nothing of it was applied");
    assert_eq!(take(&mut feed, ObjectEvent::Added(raw("a", 12)), None), "insert a at 12");
    feed.settle();
    feed.expire();
    assert_eq!(feed.begin(), WatchStart::Initial);
    assert_eq!(feed.newest(), Revision::new(12));
    assert_eq!(take(&mut feed, bookmark(11), None), "error: a state at revision 11 after one at 12");
}

#[test]
fn a_state_older_than_what_was_taken_is_refused() {
    let mut feed = started();
    feed.expire();
    assert_eq!(feed.begin(), WatchStart::Initial);
    assert_eq!(take(&mut feed, ObjectEvent::Added(raw("a", 8)), None), "skip");
    assert_eq!(take(&mut feed, bookmark(9), None), "error: a state at revision 9 after one at 10");
    assert_eq!(feed.begin(), WatchStart::Initial);
    assert_eq!(take(&mut feed, bookmark(10), None), "replace by [] at 10");
}

#[derive(Clone, Debug)]
enum Op {
    Insert(u8, u64),
    Remove(u8),
    Replace(BTreeMap<u8, u64>),
    AddIndex,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        5 => (0..12_u8, 0..40_u64).prop_map(|(key, version)| Op::Insert(key, version)),
        3 => (0..12_u8).prop_map(Op::Remove),
        1 => btree_map(0..12_u8, 0..40_u64, 0..12).prop_map(Op::Replace),
        1 => Just(Op::AddIndex),
    ]
}

fn key(n: u8) -> ObjectKey {
    ObjectKey::new(format!("ns{}", n % 3), format!("{n:02}"))
}

/// Some values have the objects twice, some once, some not at all.
fn values(plain: &Plain) -> Vec<Arc<str>> {
    match plain.0 % 5 {
        0 => vec![],
        1 => vec!["odd".into(), "odd".into(), "one".into()],
        2 => vec!["one".into(), "onetwo".into()],
        _ => vec!["on".into()],
    }
}

fn play(table: &mut Table<Plain>, model: &mut BTreeMap<ObjectKey, u64>, op: Op) -> Vec<Change<Plain>> {
    match op {
        Op::Insert(n, version) => {
            let told = table.apply(Step::Insert(key(n), entry(version)));
            let newer = model.get(&key(n)).is_none_or(|known| *known < version);
            assert_eq!(told.is_some(), newer);
            if newer {
                model.insert(key(n), version);
            }
            Vec::from_iter(told)
        }
        Op::Remove(n) => {
            let told = table.apply(Step::Remove(key(n), Revision::new(99)));
            assert_eq!(told.is_some(), model.remove(&key(n)).is_some());
            Vec::from_iter(told)
        }
        Op::Replace(wanted) => {
            *model = wanted.into_iter().map(|(n, version)| (key(n), version)).collect();
            let wanted = model.iter().map(|(key, version)| (key.clone(), entry(*version))).collect();
            table.replace(wanted, Revision::new(99))
        }
        Op::AddIndex => {
            table.add_index(Index::new("values", values));
            Vec::new()
        }
    }
}

proptest! {
    #[test]
    fn a_table_equals_a_map_and_its_index_a_scan(ops in vec(op(), 0..60)) {
        let (mut table, mut model) = (Table::new(), BTreeMap::new());
        for op in ops {
            let before = model.clone();
            let changes = play(&mut table, &mut model, op);
            let mut told = before;
            for change in &changes {
                let old = match &change.new {
                    Some(new) => told.insert(change.key.clone(), new.0),
                    None => told.remove(&change.key),
                };
                prop_assert_eq!(old, change.old.as_ref().map(|old| old.0));
                prop_assert_eq!(change.revision.get(), change.new.as_ref().map_or(99, |new| new.0));
            }
            if !changes.is_empty() {
                prop_assert_eq!(&told, &model);
            }
            prop_assert!(changes.is_sorted_by(|a, b| a.key < b.key));
            let held: BTreeMap<_, _> =
                table.objects().iter().map(|(key, entry)| (key.clone(), entry.view.0)).collect();
            prop_assert_eq!(&held, &model);
            prop_assert_eq!(table.len(), model.len());
        }
        table.add_index(Index::new("values", values));
        for value in ["odd", "one", "on", "onetwo", "", "two"] {
            let found: Vec<(ObjectKey, u64)> =
                table.by_index("values", value).unwrap().map(|(key, view)| (key.clone(), view.0)).collect();
            let scan = model.iter().filter(|(_, version)| values(&Plain(**version)).contains(&value.into()));
            prop_assert_eq!(found, scan.map(|(key, version)| (key.clone(), *version)).collect::<Vec<_>>());
        }
    }
}
