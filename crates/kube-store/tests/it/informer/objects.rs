//! Informers and events over the real thing: objects in a store in memory.

use super::world::World;
use kube_core::kinds::core::v1::{ConfigMap, Event, Namespace};
use kube_core::resource::{Resource, ResourceExt, find_builtin};
use kube_core::view::{DecodeError, Meta, MetaView, RawObject, View};
use kube_store::api::Api;
use kube_store::client::events::{EventTarget, EventType, Recorder};
use kube_store::informer::{Index, Informers};
use kube_store::objects::Objects;
use kube_store::service::{DeleteOptions, ListQuery, ObjectService};
use kube_store::storage::{MemoryStorage, Revision};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn setup() -> (World, Arc<Objects>, Api<ConfigMap>) {
    let world = World::new();
    let objects = Objects::new(Arc::new(MemoryStorage::new()), world.env.clone());
    let namespaces = Api::<Namespace>::all(objects.clone());
    let prod = serde_json::from_value(json!({ "metadata": { "name": "prod" } })).unwrap();
    world.finish(namespaces.create(&prod)).unwrap();
    let maps = Api::namespaced(objects.clone(), "prod");
    (world, objects, maps)
}

fn map(name: &str, colour: &str) -> ConfigMap {
    let mut map = ConfigMap::default();
    map.metadata.name = Some(name.to_owned());
    map.metadata.labels = Some(labels(colour));
    map
}

fn labels(colour: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("colour".to_owned(), colour.to_owned())])
}

fn revision(map: &ConfigMap) -> Revision {
    Revision::new(map.resource_version().unwrap().revision())
}

#[test]
fn a_quiet_kind_can_be_waited_for_up_to_a_write_of_another() {
    let (world, objects, maps) = setup();
    let quiet = Informers::new(objects).informer::<Namespace>();
    world.finish(quiet.synced()).unwrap();
    let made = world.finish(maps.create(&map("loud", "red"))).unwrap();
    assert!(quiet.revision() < revision(&made));
    world.finish(quiet.wait_for(revision(&made))).unwrap();
    assert!(quiet.revision() >= revision(&made));
}

static DECODED: AtomicUsize = AtomicUsize::new(0);

/// Counts how often it is decoded. Read by one test only.
#[derive(Debug)]
struct Counted(Arc<Meta>);

impl View for Counted {
    fn decode(raw: &RawObject) -> Result<Self, DecodeError> {
        DECODED.fetch_add(1, Ordering::SeqCst);
        Ok(Self(raw.meta.clone()))
    }
}

#[test]
fn an_event_is_parsed_once_and_decoded_once_per_view_however_many_read() {
    let (world, objects, maps) = setup();
    let kind = Arc::new(ConfigMap::kind_info().clone());
    let informers = Informers::new(objects);
    let counted: Vec<_> = (0..5).map(|_| informers.informer_of::<Counted>(kind.clone())).collect();
    let lean = informers.informer_of::<MetaView>(kind);
    let told = Arc::new(AtomicUsize::new(0));
    for informer in &counted {
        let told = told.clone();
        informer.on_change(move |_| {
            told.fetch_add(1, Ordering::SeqCst);
        });
        informer.add_index(Index::new("name", |view: &Counted| vec![view.0.name.clone()]));
    }
    lean.add_index(Index::by_label("colour", "colour"));
    world.finish(counted[0].synced()).unwrap();
    world.finish(lean.synced()).unwrap();
    for n in 0..40 {
        let made = world.finish(maps.create(&map(&format!("m{n}"), "red"))).unwrap();
        world.finish(counted[0].wait_for(revision(&made))).unwrap();
        world.finish(lean.wait_for(revision(&made))).unwrap();
    }
    assert_eq!((DECODED.load(Ordering::SeqCst), told.load(Ordering::SeqCst)), (40, 5 * 40));
    let red = lean.by_index("colour", "red");
    assert_eq!(red.len(), 40);
    for view in red {
        let same = counted[4].by_index("name", &view.0.name);
        assert!(Arc::ptr_eq(&view.0, &same[0].0), "the metadata of {} was parsed twice", view.0.name);
    }
}

#[test]
fn a_writer_reads_its_own_writes() {
    let (world, objects, maps) = setup();
    let informer = Informers::new(objects.clone()).informer::<ConfigMap>();
    informer.add_index(Index::new("colour", |map: &ConfigMap| {
        let labels = map.metadata().labels.iter().flatten();
        labels.filter(|(key, _)| *key == "colour").map(|(_, colour)| colour.as_str().into()).collect()
    }));
    world.finish(informer.synced()).unwrap();
    world.finish(async {
        for n in 0..20 {
            let colour = if n % 2 == 0 { "red" } else { "blue" };
            let made = maps.create(&map(&format!("m{n:02}"), colour)).await.unwrap();
            informer.wait_for(revision(&made)).await.unwrap();
            assert_eq!(*informer.get(&made.key()).unwrap(), made);
        }
        maps.edit("m00", |map| map.metadata_mut().labels = Some(labels("blue"))).await.unwrap();
        maps.delete("m01", &DeleteOptions::now()).await.unwrap();
        informer.wait_for(objects.current().await.unwrap()).await.unwrap();
    });
    assert_eq!(informer.by_index("colour", "red").len(), 9);
    assert_eq!(informer.by_index("colour", "blue").len(), 10);
    assert_eq!(informer.len(), 19);
}

#[test]
fn a_late_informer_of_metadata_sees_the_same() {
    let (world, objects, maps) = setup();
    for name in ["b", "a"] {
        world.finish(maps.create(&map(name, "red"))).unwrap();
    }
    let informers = Informers::new(objects.clone());
    let kind = Arc::new(find_builtin("", "v1", "ConfigMap").unwrap().clone());
    let metas = informers.informer_of::<MetaView>(kind);
    world.finish(metas.synced()).unwrap();
    let names: Vec<String> = metas.all().iter().map(|view| view.0.name.to_string()).collect();
    let list = world.finish(maps.list(&ListQuery::all())).unwrap();
    assert_eq!(names, list.items.iter().map(ResourceExt::name).collect::<Vec<_>>());
    assert_eq!(metas.revision(), world.finish(objects.current()).unwrap());
}

#[test]
fn closing_the_store_ends_informers_and_recorders() {
    let (world, objects, maps) = setup();
    let informer = Informers::new(objects.clone()).informer::<ConfigMap>();
    let recorder = Recorder::new(objects.clone(), "tester");
    let made = world.finish(maps.create(&map("a", "red"))).unwrap();
    world.finish(informer.synced()).unwrap();
    objects.storage().close();
    assert!(world.finish(informer.closed()).is_closed());
    recorder.record(&EventTarget::of(&made), EventType::Normal, "Late", "nobody reads this");
    world.pass(Duration::from_secs(1));
    assert_eq!(world.tasks(), 0);
}

#[test]
fn events_are_stored_and_counted() {
    let (world, objects, maps) = setup();
    let recorder = Recorder::new(objects.clone(), "tester");
    let made = world.finish(maps.create(&map("a", "red"))).unwrap();
    for _ in 0..3 {
        recorder.record(&EventTarget::of(&made), EventType::Normal, "Seen", "again");
        world.pass(Duration::from_secs(1));
    }
    let events = world.finish(Api::<Event>::namespaced(objects, "prod").list(&ListQuery::all())).unwrap();
    assert_eq!(events.items.len(), 1);
    assert_eq!(events.items[0].count, Some(3));
    assert_eq!(events.items[0].involved_object.name.as_deref(), Some("a"));
    assert_eq!(recorder.dropped(), 0);
}
