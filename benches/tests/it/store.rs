//! The bytes below everything.

use kube_benches::store::{Ours, baseline::Locked, entries};

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
    let told: Vec<_> = watches.iter_mut().map(|(ours, locked)| (ours.drain(), locked.drain())).collect();
    assert_eq!(told, [((40, 400), (40, 400)), ((2, 20), (2, 20)), ((0, 0), (0, 0))]);
}
