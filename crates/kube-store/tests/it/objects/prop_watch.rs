//! Whatever is written, whenever a watcher looks: what it was told adds up to what is there.

use super::{World, config_maps, drain, key, run, value, world};
use kube_store::service::{
    DeleteOptions, ListQuery, ObjectEvent, ObjectService, ObjectStream, WatchQuery, Write, WriteOptions,
};
use kube_store::storage::Revision;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug)]
enum Step {
    /// Writes one object with this label.
    Put(u8, u8),
    /// Writes two objects at one revision.
    Both(u8, u8, u8),
    Delete(u8),
    Look,
    /// Somebody else reads.
    List,
    Compact,
    /// The watcher starts again where it stands.
    Resume,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..5_u8, 0..3_u8).prop_map(|(name, label)| Step::Put(name, label)),
        2 => (0..5_u8, 0..5_u8, 0..3_u8).prop_map(|(a, b, label)| Step::Both(a, b, label)),
        2 => (0..5_u8).prop_map(Step::Delete),
        2 => Just(Step::Look),
        1 => Just(Step::List),
        1 => Just(Step::Compact),
        1 => Just(Step::Resume),
    ];
    vec(step, 1..40)
}

/// What a watcher believes.
struct Watcher {
    query: WatchQuery,
    stream: ObjectStream,
    known: BTreeMap<String, Value>,
    seen: Revision,
}

impl Watcher {
    fn new(w: &World, query: WatchQuery) -> Self {
        let stream = run(w.objects.watch(config_maps(), &query)).expect("watch");
        Self { query, stream, known: BTreeMap::new(), seen: Revision::ZERO }
    }

    fn look(&mut self) {
        for event in drain(&mut self.stream) {
            match event.expect("no error") {
                ObjectEvent::Added(raw) => {
                    self.saw(raw.version.revision());
                    let before = self.known.insert(raw.meta.name.to_string(), value(&raw));
                    assert_eq!(before, None, "added twice");
                }
                ObjectEvent::Modified(raw) => {
                    self.saw(raw.version.revision());
                    let before = self.known.insert(raw.meta.name.to_string(), value(&raw));
                    assert!(before.is_some(), "modified, but never added");
                }
                ObjectEvent::Deleted(raw) => {
                    self.saw(raw.version.revision());
                    assert!(self.known.remove(&*raw.meta.name).is_some(), "deleted, but never added");
                }
                ObjectEvent::Bookmark(revision) => self.saw(revision.get()),
            }
        }
    }

    fn saw(&mut self, revision: u64) {
        self.seen = self.seen.max(Revision::new(revision));
    }

    fn resume(&mut self, w: &World) {
        self.look();
        let query = self.query.clone().after(self.seen);
        match run(w.objects.watch(config_maps(), &query)) {
            Ok(stream) => self.stream = stream,
            Err(error) if error.code == 410 => {
                self.known.clear();
                self.stream = run(w.objects.watch(config_maps(), &self.query)).expect("watch");
            }
            Err(error) => panic!("{error}"),
        }
    }
}

fn write(name: u8, label: u8, round: usize) -> Write {
    let labels = ["a", "b", "c"];
    let object = json!({
        "metadata": {"name": format!("m{name}"), "labels": {"l": labels[usize::from(label)]}},
        "data": {"round": round.to_string()},
    });
    Write::Apply { kind: Arc::new(config_maps().clone()), namespace: "default".to_owned(), object }
}

fn act(w: &World, step: &Step, round: usize) {
    let writes = match step {
        Step::Put(name, label) => vec![write(*name, *label, round)],
        Step::Both(a, b, label) => vec![write(*a, *label, round), write(*b, (label + 1) % 3, round)],
        Step::Delete(name) => {
            let name = key(&format!("m{name}"));
            let answer = run(w.objects.delete(config_maps(), &name, &DeleteOptions::default()));
            assert!(answer.map_or_else(|error| error.is_not_found(), |_| true));
            return;
        }
        Step::List => {
            run(w.objects.list(config_maps(), &ListQuery::all())).expect("list");
            return;
        }
        Step::Compact => {
            run(w.storage.compact(Revision::new(w.head()))).expect("compacted");
            return;
        }
        Step::Look | Step::Resume => return,
    };
    run(w.objects.transact(writes, &WriteOptions::default())).expect("written");
}

proptest! {
    #[test]
    fn what_a_watcher_was_told_is_what_is_there(steps in steps()) {
        let w = world();
        let all = WatchQuery::all();
        let some = WatchQuery::all().labels("l in (a,b)".parse().expect("selector"));
        let mut watchers = [Watcher::new(&w, all), Watcher::new(&w, some)];
        for (round, step) in steps.iter().enumerate() {
            act(&w, step, round);
            for watcher in &mut watchers {
                match step {
                    Step::Look => watcher.look(),
                    Step::Resume => watcher.resume(&w),
                    _ => {}
                }
            }
        }
        for watcher in &mut watchers {
            watcher.look();
            let mut query = ListQuery::all();
            query.selection.labels.clone_from(&watcher.query.selection.labels);
            let list = run(w.objects.list(config_maps(), &query)).expect("list");
            let there: BTreeMap<String, Value> =
                list.items.iter().map(|raw| (raw.meta.name.to_string(), value(raw))).collect();
            prop_assert_eq!(&watcher.known, &there);
        }
    }
}
