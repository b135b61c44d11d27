//! Memory to redb to sled to memory.

use super::{put, rows};
use crate::scratch::Scratch;
use kube_store::storage::{
    MemoryStorage, ReadAt, RedbStorage, Revision, SledStorage, Storage, StorageError, WatchFrom,
    WatchOptions, export, import,
};

#[tokio::test]
async fn a_store_moves_through_every_engine() {
    let (memory, first, second) = (MemoryStorage::new(), Scratch::new(), Scratch::new());
    for n in 0..300 {
        put(&memory, &format!("/{:03}", n % 120), &n.to_string()).await;
    }
    let redb = RedbStorage::open(first.path()).unwrap();
    put(&redb, "/was/here", "1").await;
    let watch = WatchOptions { from: WatchFrom::Now, previous: false, bookmarks: false };
    let mut older = redb.watch(&kube_store::storage::KeyRange::all(), &watch).await.unwrap();
    let moved = |exported: Vec<u8>| std::io::Cursor::new(exported);

    let mut file = Vec::new();
    export(&memory, &mut file, None).await.unwrap();
    let at = import(moved(file), &redb, None).await.unwrap();
    assert_eq!(at, Revision::new(301), "above all that either has had");
    assert_eq!(rows(&redb), rows(&memory));
    let told = loop {
        match futures::StreamExt::next(&mut older).await.unwrap() {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(matches!(told, StorageError::Expired { .. }), "{told:?}");
    let early = redb.get(&"/000".into(), ReadAt::Exactly(Revision::new(300))).await.unwrap_err();
    assert!(matches!(early, StorageError::Expired { .. }), "{early:?}");
    let incarnation = redb.status().incarnation;
    drop(redb);
    let redb = RedbStorage::open(first.path()).unwrap();
    assert_eq!((redb.status().head, redb.status().incarnation), (at, incarnation), "it was made durable");
    assert_eq!(put(&redb, "/later", "1").await, Revision::new(302));

    let mut file = Vec::new();
    export(&redb, &mut file, None).await.unwrap();
    let sled = SledStorage::open(second.path()).unwrap();
    assert_eq!(import(moved(file), &sled, None).await.unwrap(), Revision::new(303));
    drop(sled);
    let sled = SledStorage::open(second.path()).unwrap();
    assert_eq!(rows(&sled), rows(&redb));

    let mut file = Vec::new();
    export(&sled, &mut file, None).await.unwrap();
    assert_eq!(import(moved(file), &memory, None).await.unwrap(), Revision::new(304));
    assert_eq!(rows(&memory), rows(&redb));
}
