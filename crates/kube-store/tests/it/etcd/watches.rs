//! Watches on a store that nobody watched before.

use super::server::{Server, program, runtime};
use futures::StreamExt;
use kube_store::storage::etcd::EtcdStorage;
use kube_store::storage::{
    Event, KeyRange, Revision, Storage, Txn, TxnOutcome, WatchFrom, WatchItem, WatchOptions,
};

async fn write(storage: &EtcdStorage, txn: Txn) -> Revision {
    match storage.txn(txn).await.unwrap() {
        TxnOutcome::Committed { revision, .. } => revision,
        failed @ TxnOutcome::Failed { .. } => panic!("{failed:?}"),
    }
}

/// What is told after `from` up to `until`: the key, what it is now, and what it was.
async fn told(
    storage: &EtcdStorage,
    from: Revision,
    until: Revision,
    previous: bool,
) -> Vec<(String, Option<String>, Option<String>)> {
    let options = WatchOptions { from: WatchFrom::After(from), previous, bookmarks: false };
    let mut stream = storage.watch(&KeyRange::all(), &options).await.unwrap();
    let text = |kv: &kube_store::storage::KeyValue| String::from_utf8(kv.value.to_vec()).unwrap();
    let mut all = Vec::new();
    loop {
        let Some(Ok(WatchItem::Batch(batch))) = stream.next().await else { panic!("the watch ended") };
        all.extend(batch.events.iter().map(|event| {
            let now = match event {
                Event::Put { kv, .. } => Some(text(kv)),
                Event::Delete { .. } => None,
            };
            (event.key().to_string(), now, event.previous().map(|kv| text(kv)))
        }));
        if batch.revision >= until {
            return all;
        }
    }
}

#[test]
fn who_watches_first_misses_nothing_and_has_the_values_before_where_it_asks() {
    let Some(program) = program() else { return };
    let runtime = runtime();
    let server = Server::start(&program, runtime.handle());
    runtime.block_on(async {
        // Whichever is asked for first begins the watch of all, the other reads what was before.
        for order in [[false, true], [true, false]] {
            let storage = server.store().await.unwrap();
            let before = storage.current().await.unwrap();
            let first = write(&storage, Txn::put("/a", "1")).await;
            write(&storage, Txn::put("/a", "2")).await;
            write(&storage, Txn::delete("/a")).await;
            let last = write(&storage, Txn::put("/b", "1")).await;
            let (a, b) = (|| "/a".to_owned(), || "/b".to_owned());
            let one = || Some("1".to_owned());
            let two = || Some("2".to_owned());
            for previous in order {
                let had = |value: Option<String>| value.filter(|_| previous);
                let after = vec![(a(), two(), had(one())), (a(), None, had(two())), (b(), one(), None)];
                assert_eq!(told(&storage, first, last, previous).await, after);
                let all: Vec<_> = std::iter::once((a(), one(), None)).chain(after).collect();
                assert_eq!(told(&storage, before, last, previous).await, all);
            }
        }
    });
}
