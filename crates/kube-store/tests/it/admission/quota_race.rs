//! A quota holds under writers that race.

use super::{kind, pod};
use kube_core::resource::ObjectKey;
use kube_store::objects::Objects;
use kube_store::objects::admission::ResourceQuota;
use kube_store::service::{DeleteOptions, ListQuery, ObjectService, Subresource, WriteOptions};
use kube_store::storage::{MemoryStorage, ReadAt, WatchFrom, WatchItem, WatchOptions};
use serde_json::{Value, json};
use std::sync::Arc;

const WRITERS: usize = 64;
const LIMIT: usize = 20;

fn counts(bytes: &[u8]) -> usize {
    let quota: Value = serde_json::from_slice(bytes).unwrap();
    quota["status"]["used"]["pods"].as_str().and_then(|used| used.parse().ok()).unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_writers_never_exceed_a_quota() {
    let objects = Objects::builder(Arc::new(MemoryStorage::new()), kube_store::rt::env())
        .admission(Arc::new(ResourceQuota))
        .build();
    let (quotas, pods) = (kind("v1/ResourceQuota"), kind("v1/Pod"));
    let options = WriteOptions::default();
    let hard = json!({"pods": LIMIT.to_string()});
    let object = json!({"metadata": {"name": "q"}, "spec": {"hard": hard}});
    let mut quota = objects.create(quotas, "default", object, &options).await.unwrap().to_value().unwrap();
    quota["status"] = json!({"hard": hard, "used": {"pods": "0"}});
    let key = ObjectKey::new("default", "q");
    objects.update(quotas, &key, Subresource::Status, quota, &options).await.unwrap();

    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let objects = objects.clone();
        writers.spawn(async move {
            let (mut created, mut refused) = (0, 0);
            for round in 0..4 {
                let name = format!("p{writer}-{round}");
                let object = pod(&name, json!({}), json!({}));
                match objects.create(pods, "default", object, &WriteOptions::default()).await {
                    Ok(_) => created += 1,
                    Err(error) => {
                        assert_eq!(error.code, 403, "{error}");
                        refused += 1;
                        continue;
                    }
                }
                if round % 2 == 0 {
                    let key = ObjectKey::new("default", name.as_str());
                    objects.delete(pods, &key, &DeleteOptions::now()).await.expect("deleted");
                }
            }
            (created, refused)
        });
    }
    let answers = writers.join_all().await;
    let refused: usize = answers.iter().map(|(_, refused)| refused).sum();
    assert!(refused > 0, "the quota was never reached, so nothing was shown");

    // Every state that ever was: the quota's own history.
    let place = objects.keys().object(quotas, &key);
    let watch = WatchOptions {
        from: WatchFrom::After(kube_store::storage::Revision::new(2)),
        previous: false,
        bookmarks: true,
    };
    let range = kube_store::storage::KeyRange::prefix(place.as_str());
    let mut history = objects.storage().watch(&range, &watch).await.unwrap();
    let mut seen = Vec::new();
    while let Some(Ok(WatchItem::Batch(batch))) = history.try_next() {
        for event in batch.events.iter() {
            if let kube_store::storage::Event::Put { kv, .. } = event {
                seen.push(counts(&kv.value));
            }
        }
    }
    assert!(seen.len() > LIMIT, "{} states", seen.len());
    assert!(seen.iter().all(|used| *used <= LIMIT), "{seen:?}");
    let left = objects.list(pods, &ListQuery::all()).await.unwrap().items.len();
    let stored = objects.get(quotas, &key, ReadAt::Latest).await.unwrap();
    assert_eq!(counts(&stored.bytes), left, "what is charged is what is there");
}
