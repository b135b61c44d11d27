//! The bytes below everything.

use futures::FutureExt;
use kube_benches::store::{Ours, PODS_PER_NODE, Pods, ScannedPods, baseline::Locked, entries, long_keys};
use kube_store::storage::{Key, Revision};

#[test]
fn both_stores_hold_the_same() {
    let all = entries(60);
    let (ours, locked) = (Ours::default(), Locked::default());
    for (key, value) in all.clone() {
        assert!(ours.create(key.clone(), value.clone()) && locked.create(key, value));
    }
    for (key, value) in &all {
        assert!(!ours.create(key.clone(), Vec::new()) && !locked.create(key.clone(), Vec::new()));
        assert_eq!(ours.get(&key.as_str().into()).as_deref(), Some(value.as_slice()));
        assert_eq!(locked.get(key).as_ref(), Some(value));
    }
    for (prefix, count) in [("/registry/pods/", 60), ("/registry/pods/ns-03/", 3), ("/other", 0)] {
        assert_eq!(ours.list(prefix), (count, count * 1024));
        assert_eq!(locked.list(prefix), (count, count * 1024));
    }
}

#[test]
fn both_stores_tell_the_same() {
    let all = entries(40);
    let (ours, locked) = (Ours::with(all.clone()), Locked::with(all.clone()));
    let prefixes = ["/registry/pods/", "/registry/pods/ns-07/", "/other/"];
    let mut watches: Vec<_> = prefixes
        .iter()
        .map(|prefix| (ours.watch(prefix).expect("it is open"), locked.watch(prefix)))
        .collect();
    for (key, _) in &all {
        ours.put(key, vec![1; 10]);
        locked.put(key, vec![1; 10]);
    }
    let mut lent: Vec<_> = prefixes.iter().map(|prefix| ours.watch(prefix).expect("it is open")).collect();
    ours.put(&all[0].0, vec![1; 7]);
    locked.put(&all[0].0, vec![1; 7]);
    assert_eq!(
        lent.iter_mut().map(kube_benches::store::Watch::visit).collect::<Vec<_>>(),
        [(1, 7), (0, 0), (0, 0)]
    );
    let told: Vec<_> = watches.iter_mut().map(|(ours, locked)| (ours.drain(), locked.drain())).collect();
    assert_eq!(told, [((41, 407), (41, 407)), ((2, 20), (2, 20)), ((0, 0), (0, 0))]);
}

#[test]
fn both_stores_swap_the_same() {
    let keys = long_keys(10);
    assert!(keys.iter().all(|key| (50..70).contains(&key.len())), "{keys:?}");
    let (ours, locked) = (Ours::keeping(5), Locked::default());
    for key in &keys {
        assert!(ours.create(key.clone(), vec![0]) && locked.create(key.clone(), vec![0]));
    }
    for (n, key) in keys.iter().enumerate().cycle().take(50) {
        let ours_key = Key::from(key.as_str());
        let (at, same) =
            (ours.revision(&ours_key).expect("it is there"), locked.revision(key).expect("it is there"));
        assert_eq!(at.get(), same);
        let swap = |at: Revision| {
            ours.swap(ours_key.clone(), at, vec![1; n].into()).now_or_never().expect("at once")
        };
        assert_eq!(swap(at).map(Revision::get), locked.swap(key, same, vec![1; n]));
        assert_eq!((swap(at), locked.swap(key, same, Vec::new())), (None, None), "it is another by now");
    }
}

#[tokio::test]
async fn both_ways_find_the_same_pods_of_a_node() {
    let count = PODS_PER_NODE * 7;
    let (ours, scanned) = (Pods::load(count).await.expect("loaded"), ScannedPods::load(count));
    for node in ["node-00000", "node-00006", "nowhere"] {
        let names = scanned.on(node);
        assert_eq!(names.len(), if node == "nowhere" { 0 } else { PODS_PER_NODE });
        assert_eq!(ours.listed(node).await.expect("listed"), names);
        assert_eq!(ours.informed(node), names);
    }
}
