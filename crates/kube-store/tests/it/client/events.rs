//! The event recorder over a service that refuses on demand.

use crate::informer::script::Script;
use crate::informer::world::World;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{Event, Pod};
use kube_core::resource::ResourceExt;
use kube_store::client::events::{EventTarget, EventType, Recorder};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

fn setup() -> (World, Arc<Script>, Recorder, EventTarget) {
    let world = World::new();
    let script = Script::new(&world.env);
    let recorder = Recorder::new(script.clone(), "scheduler");
    let pod: Pod = serde_json::from_value(json!({
        "metadata": { "name": "web", "namespace": "prod", "uid": "u-1" }
    }))
    .unwrap();
    (world, script, recorder, EventTarget::of(&pod))
}

fn stored(script: &Script) -> Vec<Event> {
    script.stored().into_iter().map(|object| serde_json::from_value(object).unwrap()).collect()
}

#[test]
fn an_event_is_stored_as_kubernetes_stores_it() {
    let (world, script, recorder, pod) = setup();
    recorder.record(&pod, EventType::Warning, "FailedScheduling", "0/3 nodes are available");
    world.run();
    let mut object = script.stored().pop().unwrap();
    let name = object["metadata"]["name"].take();
    assert!(name.as_str().unwrap().starts_with("web.1886"), "{name}");
    let want = json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": { "name": null, "namespace": "prod", "resourceVersion": "1" },
        "involvedObject": {
            "apiVersion": "v1", "kind": "Pod", "namespace": "prod", "name": "web", "uid": "u-1",
        },
        "type": "Warning", "reason": "FailedScheduling", "message": "0/3 nodes are available",
        "count": 1, "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:00:00Z",
        "source": { "component": "scheduler" },
        "reportingComponent": "scheduler", "reportingInstance": "",
    });
    assert_eq!(object, want);
}

#[test]
fn equal_events_are_counted_others_stored_apart() {
    let (world, script, recorder, pod) = setup();
    recorder.record(&pod, EventType::Normal, "Pulled", "image a");
    world.pass(Duration::from_secs(5));
    for _ in 0..3 {
        recorder.record(&pod, EventType::Normal, "Pulled", "image a");
    }
    recorder.record(&pod, EventType::Normal, "Pulled", "image b");
    recorder.record(&pod, EventType::Warning, "Pulled", "image a");
    world.run();
    let mut events = stored(&script);
    events.sort_by_key(|event| -event.count.unwrap());
    let counts: Vec<i32> = events.iter().map(|event| event.count.unwrap()).collect();
    assert_eq!(counts, [4, 1, 1]);
    let times = serde_json::to_value(&events[0]).unwrap();
    assert_eq!(times["firstTimestamp"], "2026-01-01T00:00:00Z");
    assert_eq!(times["lastTimestamp"], "2026-01-01T00:00:05Z");
    // Three sightings at once are one write.
    assert_eq!(script.head().get(), 4);
    assert_eq!(recorder.dropped(), 0);
}

#[test]
fn events_of_cluster_objects_live_in_default() {
    let (world, script, recorder, pod) = setup();
    let node = EventTarget { kind: "Node".to_owned(), namespace: String::new(), ..pod };
    recorder.record(&node, EventType::Normal, "Starting", "up");
    world.run();
    assert_eq!(stored(&script)[0].namespace(), "default");
}

#[test]
fn trouble_is_retried_and_refusals_are_counted() {
    let (world, script, recorder, pod) = setup();
    script.refuse(ApiError::unavailable("not now"));
    script.refuse(ApiError::timeout("not now either"));
    recorder.record(&pod, EventType::Normal, "First", "stored after two attempts");
    world.pass(Duration::from_secs(2));
    assert_eq!(stored(&script).len(), 1);
    script.refuse(ApiError::forbidden("", "events", "", "namespace is terminating"));
    recorder.record(&pod, EventType::Normal, "Second", "refused");
    recorder.record(&pod, EventType::Normal, "Third", "stored");
    world.pass(Duration::from_secs(2));
    assert_eq!((stored(&script).len(), recorder.dropped()), (2, 1));
}

#[test]
fn an_event_that_was_removed_is_stored_anew() {
    let (world, script, recorder, pod) = setup();
    recorder.record(&pod, EventType::Normal, "Pulled", "image");
    world.run();
    let first = stored(&script).pop().unwrap();
    script.commit(vec![(first.key(), None)]);
    recorder.record(&pod, EventType::Normal, "Pulled", "image");
    world.pass(Duration::from_secs(1));
    let second = stored(&script).pop().unwrap();
    assert_ne!(first.name(), second.name());
    assert_eq!(second.count, Some(2));
}

#[test]
fn a_full_queue_drops_and_counts() {
    let (world, script, recorder, pod) = setup();
    for n in 0..1030 {
        // Of one object most would be dropped as spam.
        let target = EventTarget { name: format!("web-{n}"), ..pod.clone() };
        recorder.record(&target, EventType::Normal, "Flood", "many");
    }
    assert_eq!(recorder.dropped(), 6);
    world.run();
    assert_eq!(stored(&script).len(), 1024);
}

#[test]
fn the_task_ends_with_the_last_recorder_after_writing_everything() {
    let (world, script, recorder, pod) = setup();
    world.run();
    let second = recorder.clone();
    drop(recorder);
    world.run();
    assert_eq!(world.tasks(), 1);
    second.record(&pod, EventType::Normal, "Last", "words");
    drop(second);
    world.run();
    assert_eq!((stored(&script).len(), world.tasks()), (1, 0));
}

#[test]
fn the_task_ends_with_the_store() {
    let (world, script, recorder, pod) = setup();
    script.close();
    recorder.record(&pod, EventType::Normal, "Late", "words");
    world.run();
    assert_eq!(world.tasks(), 0);
    recorder.record(&pod, EventType::Normal, "Later", "words");
    assert_eq!(recorder.dropped(), 2);
}

#[test]
fn a_long_note_is_cut_between_characters() {
    let (world, script, recorder, pod) = setup();
    recorder.record(&pod, EventType::Normal, "Long", &"ü".repeat(1000));
    world.run();
    assert_eq!(stored(&script)[0].message.as_ref().unwrap().len(), 1024);
}
