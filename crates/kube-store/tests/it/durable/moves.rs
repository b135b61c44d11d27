//! Memory to redb to sled to memory; and what stands on a store that moves.

use super::{put, rows};
use crate::backend::unlocked;
use crate::scratch::Scratch;
use futures::StreamExt;
use kube_core::kinds::core::v1::ConfigMap;
use kube_store::api::Api;
use kube_store::informer::Informers;
use kube_store::objects::Objects;
use kube_store::rt;
use kube_store::service::{ListQuery, WatchQuery};
use kube_store::storage::{
    MemoryStorage, ReadAt, RedbStorage, Revision, SledStorage, Storage, StorageError, WatchFrom,
    WatchOptions, export, import, import_into,
};
use serde_json::{from_value, json};
use std::sync::Arc;

#[tokio::test]
async fn a_store_moves_through_every_engine() {
    let (memory, first, second) = (MemoryStorage::new(), Scratch::new(), Scratch::new());
    for n in 0..300 {
        put(&memory, &format!("/{:03}", n % 120), &n.to_string()).await;
    }
    let redb = unlocked(|| RedbStorage::open(first.path())).unwrap();
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
        match older.next().await.unwrap() {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(matches!(told, StorageError::Expired { .. }), "{told:?}");
    let early = redb.get(&"/000".into(), ReadAt::Exactly(Revision::new(300))).await.unwrap_err();
    assert!(matches!(early, StorageError::Expired { .. }), "{early:?}");
    let incarnation = redb.status().incarnation;
    drop(redb);
    let redb = unlocked(|| RedbStorage::open(first.path())).unwrap();
    assert_eq!((redb.status().head, redb.status().incarnation), (at, incarnation), "it was made durable");
    assert_eq!(put(&redb, "/later", "1").await, Revision::new(302));

    let mut file = Vec::new();
    export(&redb, &mut file, None).await.unwrap();
    let sled = unlocked(|| SledStorage::open(second.path())).unwrap();
    assert_eq!(import(moved(file), &sled, None).await.unwrap(), Revision::new(303));
    drop(sled);
    let sled = unlocked(|| SledStorage::open(second.path())).unwrap();
    assert_eq!(rows(&sled), rows(&redb));

    let mut file = Vec::new();
    export(&sled, &mut file, None).await.unwrap();
    assert_eq!(import(moved(file), &memory, None).await.unwrap(), Revision::new(304));
    assert_eq!(rows(&memory), rows(&redb));
}

/// Objects over `storage`, with thirty config maps where it has none.
pub(crate) async fn plane(storage: Arc<dyn Storage>) -> Arc<Objects> {
    let objects = Objects::new(storage, rt::env());
    let maps = maps(&objects);
    if maps.list(&ListQuery::all()).await.unwrap().items.is_empty() {
        for n in 0..30 {
            maps.create(&map(&format!("map-{n}"))).await.unwrap();
        }
    }
    objects
}

fn maps(objects: &Arc<Objects>) -> Api<ConfigMap> {
    Api::namespaced(objects.clone(), "default")
}

fn map(name: &str) -> ConfigMap {
    from_value(json!({"metadata": {"name": name}})).unwrap()
}

/// The names and uids of all config maps, and the version of the list.
pub(crate) async fn contents(objects: &Arc<Objects>) -> (Vec<(String, String)>, Revision) {
    let list = maps(objects).list(&ListQuery::all()).await.unwrap();
    let name = |map: ConfigMap| (map.metadata.name.unwrap(), map.metadata.uid.unwrap());
    (list.items.into_iter().map(name).collect(), list.revision)
}

/// `there` is what `here` was, goes on from there, and tells who comes with a version of before that it is too old.
pub(crate) async fn resumes(here: &Arc<Objects>, there: &Arc<Objects>) {
    let ((before, version), (after, _)) = (contents(here).await, contents(there).await);
    assert_eq!(after, before);
    let mut stream = maps(there).watch(&WatchQuery::all().after(version)).await;
    let told = match &mut stream {
        Ok(stream) => stream.next().await.unwrap().map(drop),
        Err(error) => Err(error.clone()),
    };
    assert_eq!(told.unwrap_err().code, 410, "a watch from version {version}");
    let informers = Informers::new(there.clone());
    let informer = informers.informer::<ConfigMap>();
    informer.synced().await.unwrap();
    assert_eq!(informer.len(), before.len());
    let made = maps(there).create(&map(&format!("later-{version}"))).await.unwrap();
    let made = Revision::new(made.metadata.resource_version.unwrap().parse().unwrap());
    assert!(made > version, "{made} after {version}");
    informer.wait_for(made).await.unwrap();
    assert_eq!(informer.len(), before.len() + 1);
}

/// The export is taken while the plane runs. It lives on in redb, and then in memory.
#[tokio::test]
async fn a_plane_moves_and_resumes() {
    let memory = Arc::new(MemoryStorage::new());
    let here = plane(memory.clone()).await;
    let mut file = Vec::new();
    export(&*memory, &mut file, None).await.unwrap();
    let directory = Scratch::new();
    let redb = Arc::new(unlocked(|| RedbStorage::open(directory.path())).unwrap());
    import(&file[..], &redb, None).await.unwrap();
    let there = plane(redb.clone()).await;
    resumes(&here, &there).await;
    file.clear();
    export(&*redb, &mut file, None).await.unwrap();
    let back = Arc::new(MemoryStorage::new());
    import_into(&file[..], &*back, None).await.unwrap();
    resumes(&there, &plane(back).await).await;
}
