//! Many threads at once: no write is lost, no watch misses or repeats one.

use bytes::Bytes;
use futures::StreamExt;
use kube_store::storage::{
    Compare, KeyRange, MemoryStorage, Op, ReadAt, Revision, Storage, StorageError, Txn, TxnOutcome,
    WatchFrom, WatchItem, WatchOptions,
};
use std::sync::Arc;
use tokio::task::JoinHandle;

const WRITERS: u64 = 4;
const WRITES: u64 = 500;

fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    #[expect(clippy::disallowed_methods, reason = "the test is about real threads")]
    tokio::spawn(task)
}

/// Adds one to the number at `/n`.
async fn increment(storage: &dyn Storage) {
    loop {
        let kv = storage.get(&"/n".into(), ReadAt::Latest).await.unwrap().kv;
        let compare = match &kv {
            Some(kv) => Compare::Unchanged { key: "/n".into(), revision: kv.mod_revision },
            None => Compare::Absent { key: "/n".into() },
        };
        let n: u64 = kv.map_or(0, |kv| String::from_utf8_lossy(&kv.value).parse().unwrap());
        let op = Op::Put { key: "/n".into(), value: Bytes::from((n + 1).to_string()), ttl: None };
        match storage.txn(Txn::of(vec![op]).when(compare)).await {
            Ok(TxnOutcome::Committed { .. }) => return,
            Ok(TxnOutcome::Failed { .. }) | Err(StorageError::Busy { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

/// The numbers that a watch tells, until it has told `last`; holds the revisions to be in order.
async fn watched(storage: Arc<MemoryStorage>, prefix: &'static str, last: u64) -> Vec<u64> {
    let from = WatchFrom::After(Revision::ZERO);
    let options = WatchOptions { from, previous: false, bookmarks: prefix == "/" };
    let mut stream = storage.watch(&KeyRange::prefix(prefix), &options).await.unwrap();
    let (mut numbers, mut position) = (Vec::new(), Revision::ZERO);
    while numbers.last() != Some(&last) {
        match stream.next().await.unwrap().unwrap() {
            WatchItem::Batch(batch) => {
                assert!(batch.revision > position, "{} after {position}", batch.revision);
                position = batch.revision;
                let puts = batch.events.iter().filter(|event| event.key().as_str() == "/n");
                for event in puts {
                    let kube_store::storage::Event::Put { kv, .. } = event else { panic!("{event:?}") };
                    numbers.push(String::from_utf8_lossy(&kv.value).parse().unwrap());
                }
            }
            WatchItem::Bookmark(revision) => {
                assert!(revision >= position, "bookmark {revision} after {position}");
                position = revision;
            }
        }
    }
    numbers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_lose_nothing() {
    let storage = Arc::new(MemoryStorage::new());
    let total = WRITERS * WRITES;
    let watches: Vec<_> =
        ["/n", "/", "/n", "/"].map(|prefix| spawn(watched(storage.clone(), prefix, total))).into();
    let writer = |number: u64| {
        let storage = storage.clone();
        spawn(async move {
            for n in 0..WRITES {
                increment(&*storage).await;
                storage.txn(Txn::put(format!("/noise/{number}"), n.to_string())).await.unwrap();
            }
        })
    };
    let writers: Vec<_> = (0..WRITERS).map(writer).collect();
    for task in writers {
        task.await.unwrap();
    }
    for task in watches {
        assert_eq!(task.await.unwrap(), (1..=total).collect::<Vec<_>>());
    }
    assert_eq!(storage.status().head.get(), 2 * total);
    assert_eq!((storage.status().queued, storage.status().watchers), (0, 0));
}
