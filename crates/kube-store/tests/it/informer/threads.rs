//! Informers on real threads, with writers, readers and new handlers all at once.

use super::script::Script;
use super::thing::{Diary, Thing, by_group, kind, put};
use kube_store::client::TaskSet;
use kube_store::informer::{Informer, Informers};
use kube_store::rt;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

const WRITERS: usize = 4;
const WRITES: usize = 200;

/// Writes, and after each write reads it back; joins a handler now and then.
async fn write(
    script: Arc<Script>,
    informer: Informer<Thing>,
    writer: usize,
    diaries: Arc<Mutex<Vec<Diary>>>,
) {
    for n in 0..WRITES {
        let name = format!("w{writer}-{}", n % 10);
        let head = script.commit(vec![put(&name, if n % 2 == 0 { "x" } else { "y" })]);
        informer.wait_for(head).await.unwrap();
        let key = format!("ns/{name}").as_str().into();
        assert_eq!(informer.version_of(&key).unwrap().revision(), head.get());
        if n % 50 == 0 {
            diaries.lock().unwrap().push(Diary::of(&informer));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_read_their_own_writes_and_handlers_miss_nothing() {
    let env = rt::env();
    let script = Script::new(&env);
    let informer = Informers::new(script.clone()).informer_of::<Thing>(kind());
    informer.add_index(by_group());
    let diaries = Arc::new(Mutex::new(vec![Diary::of(&informer)]));
    let tasks = TaskSet::new(env);
    for writer in 0..WRITERS {
        tasks.spawn("writer", write(script.clone(), informer.clone(), writer, diaries.clone()));
    }
    tasks.join_all().await;
    assert_eq!(tasks.panics(), []);
    informer.wait_for(script.head()).await.unwrap();
    assert_eq!(informer.len(), WRITERS * 10);
    let odd: BTreeSet<_> = informer.keys_by_index("group", "y").into_iter().collect();
    assert_eq!(odd.len(), WRITERS * 5);
    let want: Vec<u64> = informer.all().iter().map(|thing| thing.version).collect();
    for diary in diaries.lock().unwrap().iter() {
        let changes = diary.changes();
        let news: Vec<_> = changes.iter().filter(|change| !change.initial).map(|c| c.revision).collect();
        assert!(news.is_sorted_by(|a, b| a.get() + 1 == b.get()), "a change is missing or told twice");
        let last: BTreeMap<_, _> =
            changes.iter().map(|change| (change.key.clone(), change.revision.get())).collect();
        assert_eq!(last.into_values().collect::<Vec<_>>(), want);
    }
}
