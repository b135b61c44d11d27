//! Durable writes.

use kube_benches::durable::baseline::Synced;
use kube_benches::durable::{ENGINES, Store};

#[test]
fn everybody_writes_everything() {
    assert_eq!(Synced::new().unwrap().overwrite(20, 4, 5), 20);
    for engine in ENGINES {
        let mut store = Store::new(engine, 1_000);
        store.load(10);
        assert_eq!(store.overwrite(20, 4, 5), 20, "{engine:?}");
        assert_eq!(store.pauses(20, 5).len(), 5);
        let before = store.space().1;
        store.open(1_000);
        assert_eq!(store.space().1, before, "{engine:?}: what was written is there again");
        store.compact();
    }
}
