//! Objects that cannot be read are left out, told of by key and field, counted, and stop nobody.

use super::{config_maps, map, run, told};
use kube_core::env::Env;
use kube_core::metrics::{Counter, Gauge, Histogram, Metrics};
use kube_store::objects::Objects;
use kube_store::service::{ListQuery, ObjectService, WatchQuery, WatchStart, WriteOptions};
use kube_store::storage::{MemoryStorage, Revision, Storage, Txn};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Metrics that remember.
#[derive(Debug, Default)]
struct Book(Mutex<BTreeMap<String, Counter>>);

impl Metrics for Book {
    fn counter(&self, name: &'static str, labels: &[(&'static str, &str)]) -> Counter {
        self.0.lock().unwrap().entry(format!("{name}{labels:?}")).or_default().clone()
    }

    fn gauge(&self, _name: &'static str, _labels: &[(&'static str, &str)]) -> Gauge {
        Gauge::default()
    }

    fn histogram(&self, _name: &'static str, _labels: &[(&'static str, &str)]) -> Arc<dyn Histogram> {
        Arc::new(kube_core::metrics::Discard)
    }
}

const DAMAGED: &str =
    r#"{"data":{"x":"1"},"metadata":{"labels":{"app":[]},"name":"b","namespace":"default"}}"#;

struct Damaged {
    storage: Arc<dyn Storage>,
    objects: Arc<Objects>,
    metrics: Arc<Book>,
    told: Arc<Mutex<Vec<String>>>,
}

fn damaged() -> Damaged {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let (metrics, told) = (Arc::new(Book::default()), Arc::new(Mutex::new(Vec::new())));
    let telling = told.clone();
    let tell = move |unreadable: &_| telling.lock().unwrap().push(format!("{unreadable}"));
    let objects = Objects::builder(storage.clone(), Env::manual(7).0).metrics(metrics.clone());
    Damaged { storage, objects: objects.on_unreadable(tell).build(), metrics, told }
}

impl Damaged {
    fn create(&self, name: &str) {
        let options = WriteOptions::default();
        run(self.objects.create(config_maps(), "default", map(name, "1"), &options)).unwrap();
    }

    fn damage(&self, name: &str) {
        let key = format!("/registry/core/configmaps/default/{name}");
        run(self.storage.txn(Txn::put(key, DAMAGED))).unwrap();
    }

    fn watch(&self, start: WatchStart) -> kube_store::service::ObjectStream {
        let mut query = WatchQuery::all();
        query.start = start;
        run(self.objects.watch(config_maps(), &query)).unwrap()
    }
}

#[test]
fn what_cannot_be_read_is_told_of_and_stops_nobody() {
    let world = damaged();
    world.create("a");
    world.damage("b");
    world.create("c");
    let mut stream = world.watch(WatchStart::Initial);
    assert_eq!(told(&mut stream), "+a +c #");
    let wrong = "/registry/core/configmaps/default/b at 2: metadata.labels.app: invalid type: sequence, \
                 expected a string";
    assert_eq!(*world.told.lock().unwrap(), [wrong]);
    // While it is watched: one that could be read before is gone for the watcher, the others go on.
    world.create("d");
    world.damage("a");
    world.create("e");
    world.damage("f");
    assert_eq!(told(&mut stream), "+d -a +e #");
    let listed = run(world.objects.list(config_maps(), &ListQuery::all())).unwrap();
    let names: Vec<String> = listed.items.iter().map(|raw| raw.meta.name.to_string()).collect();
    assert_eq!(names, ["c", "d", "e"]);
    let (kind, left_out) = world.objects.unreadable().remove(0);
    assert_eq!((&*kind.plural, left_out.count), ("configmaps", 3));
    let last = left_out.last.unwrap();
    assert_eq!(last.key, "/registry/core/configmaps/default/f");
    assert_eq!((last.revision, &*last.field), (Revision::new(7), "metadata.labels.app"));
    assert_eq!(world.told.lock().unwrap().len(), 3);
    let counted = world.metrics.0.lock().unwrap();
    let name = r#"apiserver_storage_decode_errors_total[("group", ""), ("resource", "configmaps")]"#;
    assert_eq!(counted.get(name).map(Counter::total), Some(3), "{counted:?}");
}

/// A watcher from further back than the cache: it reads the store's own history, in which the same objects lie.
#[test]
fn history_goes_on_over_what_cannot_be_read() {
    let world = damaged();
    world.create("a");
    world.damage("b");
    world.damage("a");
    world.create("c");
    world.damage("b");
    let begin = run(world.objects.list(config_maps(), &ListQuery::all())).unwrap();
    assert_eq!(begin.items.len(), 1);
    let mut stream = world.watch(WatchStart::After(Revision::new(1)));
    assert_eq!(told(&mut stream), "-a +c");
    world.create("d");
    assert_eq!(told(&mut stream), "+d");
}
