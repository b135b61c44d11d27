//! Several writes as one, admission, contributions, fences.

use super::{config_maps, key, map, namespaces, pods, run, value, world};
use async_trait::async_trait;
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::ConfigMap;
use kube_core::resource::KindInfo;
use kube_store::objects::admission::NamespaceLifecycle;
use kube_store::objects::{Candidate, Contribution, Contributor, Objects, Stored, TxnBuilder};
use kube_store::service::{DeleteOptions, Fence, ListQuery, ObjectService, Subresource, Write, WriteOptions};
use kube_store::storage::memory::MemoryOptions;
use kube_store::storage::{Limits, MemoryStorage, Revision, Storage, Txn};
use serde_json::{Value, json};
use std::sync::Arc;

fn create(kind: &KindInfo, namespace: &str, object: Value) -> Write {
    Write::Create { kind: Arc::new(kind.clone()), namespace: namespace.to_owned(), object }
}

fn apply(kind: &KindInfo, object: Value) -> Write {
    Write::Apply { kind: Arc::new(kind.clone()), namespace: "default".to_owned(), object }
}

#[test]
fn all_writes_have_one_revision() {
    let w = world();
    w.create(config_maps(), map("old", "1"));
    let update = Write::Update {
        kind: Arc::new(config_maps().clone()),
        key: key("old"),
        subresource: Subresource::Main,
        object: map("old", "2"),
    };
    let before = w.head();
    let writes = vec![
        create(config_maps(), "default", map("a", "1")),
        update,
        create(config_maps(), "default", map("b", "1")),
    ];
    let stored = run(w.objects.transact(writes, &WriteOptions::default())).expect("stored");
    assert_eq!(w.head(), before + 1);
    assert!(stored.iter().all(|object| object.version.revision() == before + 1));
}

#[test]
fn one_wrong_write_spoils_all() {
    let w = world();
    w.create(config_maps(), map("taken", "1"));
    let before = w.head();
    let writes = |bad: Value| {
        vec![create(config_maps(), "default", map("a", "1")), create(config_maps(), "default", bad)]
    };
    let error =
        run(w.objects.transact(writes(map("Bad Name", "1")), &WriteOptions::default())).expect_err("invalid");
    assert_eq!((error.write, error.error.code), (Some(1), 422));
    let error =
        run(w.objects.transact(writes(map("taken", "1")), &WriteOptions::default())).expect_err("taken");
    assert_eq!((error.write, error.error.code), (Some(1), 409));
    let error = run(w.objects.transact(writes(map("a", "2")), &WriteOptions::default())).expect_err("twice");
    assert_eq!((error.write, error.error.code), (Some(1), 409));
    assert!(error.to_string().starts_with("write 2: configmaps \"a\" already exists"), "{error}");
    assert_eq!(w.head(), before);
}

#[test]
fn later_writes_see_earlier_ones() {
    let w = world();
    let stored = run(w.objects.transact(
        vec![
            apply(config_maps(), map("a", "1")),
            apply(
                config_maps(),
                json!({"metadata": {"name": "a", "labels": {"l": "x"}}, "data": {"y": "2"}}),
            ),
        ],
        &WriteOptions::default(),
    ))
    .expect("stored");
    let last = value(&stored[1]);
    assert_eq!(
        (&last["data"], &last["metadata"]["labels"]),
        (&json!({"x": "1", "y": "2"}), &json!({"l": "x"}))
    );
    assert_eq!(w.get(config_maps(), "a").expect("there"), last);
    let again = run(w.objects.transact(vec![apply(config_maps(), map("a", "1"))], &WriteOptions::default()))
        .expect("stored");
    assert_eq!(again[0].version, stored[1].version, "an apply that changes nothing writes nothing");
}

#[test]
fn a_namespace_of_the_same_batch_counts() {
    let (env, _) = Env::manual(1);
    let objects =
        Objects::builder(Arc::new(MemoryStorage::new()), env).admission(Arc::new(NamespaceLifecycle)).build();
    let team = json!({"metadata": {"name": "team"}});
    let inside = || create(config_maps(), "team", map("a", "1"));
    let error =
        run(objects
            .transact(vec![inside(), create(namespaces(), "", team.clone())], &WriteOptions::default()))
        .expect_err("too early");
    assert_eq!((error.write, error.error.message.as_str()), (Some(0), "namespaces \"team\" not found"));
    run(objects.transact(vec![create(namespaces(), "", team), inside()], &WriteOptions::default()))
        .expect("stored");

    run(objects.ensure_system_namespaces()).expect("ensured");
    run(objects.ensure_system_namespaces()).expect("ensured again");
    let all = run(objects.list(namespaces(), &ListQuery::all())).expect("list");
    let names: Vec<_> = all.items.iter().map(|item| item.meta.name.to_string()).collect();
    assert_eq!(names, ["default", "kube-node-lease", "kube-public", "kube-system", "team"]);
    let stay = run(objects.delete(namespaces(), &"default".into(), &DeleteOptions::default()))
        .expect_err("immortal");
    assert_eq!(stay.code, 403);
}

#[test]
fn nothing_new_in_a_namespace_that_is_going() {
    let (env, _) = Env::manual(1);
    let objects =
        Objects::builder(Arc::new(MemoryStorage::new()), env).admission(Arc::new(NamespaceLifecycle)).build();
    let options = WriteOptions::default();
    let team = json!({"metadata": {"name": "team", "finalizers": ["example.com/one"]}});
    run(objects.create(namespaces(), "", team, &options)).expect("created");
    run(objects.delete(namespaces(), &"team".into(), &DeleteOptions::default())).expect("begun");
    let error = run(objects.create(config_maps(), "team", map("a", "1"), &options)).expect_err("terminating");
    assert_eq!((error.code, error.details.causes[0].reason.as_str()), (403, "NamespaceTerminating"));
}

#[test]
fn too_many_writes_for_the_store_are_refused() {
    let limits = Limits { max_txn_ops: 3, max_request_bytes: usize::MAX };
    let storage = MemoryStorage::with_options(MemoryOptions { limits, ..MemoryOptions::default() });
    let w = super::world_on(Arc::new(storage));
    let writes =
        |n: usize| (0..n).map(|i| create(config_maps(), "default", map(&format!("m{i}"), "1"))).collect();
    let error = run(w.objects.transact(writes(4), &WriteOptions::default())).expect_err("too many");
    assert_eq!((error.write, error.error.code), (None, 413));
    run(w.objects.transact(writes(3), &WriteOptions::default())).expect("stored");
}

/// Counts config maps in a value of its own, in the same transaction.
#[derive(Debug)]
struct Counter;

#[async_trait]
impl Contributor for Counter {
    async fn contribute(
        &self,
        cx: &Contribution<'_>,
        old: Option<&Stored>,
        new: Option<&mut Candidate>,
        txn: &mut TxnBuilder,
    ) -> Result<(), ApiError> {
        let step = match (old, &new) {
            (None, Some(_)) => 1,
            (Some(_), None) => -1,
            _ => return Ok(()),
        };
        let read = cx.get(&"/count".into()).await?;
        let count = read.json()?.and_then(|count| count.as_i64()).unwrap_or(0) + step;
        if count > 5 {
            let key = cx.key();
            return Err(ApiError::forbidden("", "configmaps", &key.name, "exceeded quota"));
        }
        if let Some(object) = new {
            let map: &mut ConfigMap = object.typed_mut().expect("a config map");
            map.data.get_or_insert_default().insert("number".to_owned(), count.to_string());
        }
        txn.put(&read, count.to_string());
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contributions_are_part_of_the_write() {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let objects = Objects::builder(storage, kube_store::rt::env())
        .contributor("", "ConfigMap", Arc::new(Counter))
        .build();
    let mut creates = tokio::task::JoinSet::new();
    for n in 0..16 {
        let objects = objects.clone();
        creates.spawn(async move {
            let object = map(&format!("m{n}"), "1");
            objects.create(config_maps(), "default", object, &WriteOptions::default()).await
        });
    }
    let answers = creates.join_all().await;
    let mut numbers: Vec<String> = answers
        .iter()
        .filter_map(|answer| answer.as_ref().ok())
        .map(|raw| value(raw)["data"]["number"].as_str().unwrap_or_default().to_owned())
        .collect();
    numbers.sort();
    assert_eq!(numbers, ["1", "2", "3", "4", "5"], "no number twice, none left out");
    let refused = answers.iter().filter_map(|answer| answer.as_ref().err());
    assert!(refused.clone().all(|error| error.code == 403) && refused.count() == 11);
    let batch = (0..2).map(|n| create(config_maps(), "default", map(&format!("b{n}"), "1"))).collect();
    let error = objects.transact(batch, &WriteOptions::default()).await.expect_err("full");
    assert_eq!((error.write, error.error.code), (Some(0), 403));
}

#[test]
fn a_fenced_write_needs_the_election() {
    let w = world();
    let won = match run(w.storage.txn(Txn::put("/fence/leader", "me"))).expect("won") {
        kube_store::storage::TxnOutcome::Committed { revision, .. } => revision,
        other @ kube_store::storage::TxnOutcome::Failed { .. } => panic!("{other:?}"),
    };
    let fenced = |revision| WriteOptions::default().fenced(Fence { name: "leader".into(), revision });
    let write = |name: &str, revision| {
        run(w.objects.create(config_maps(), "default", map(name, "1"), &fenced(revision)))
    };
    write("a", won).expect("leader");
    assert!(write("b", Revision::new(won.get() + 7)).expect_err("not the leader").is_conflict());
    run(w.storage.txn(Txn::put("/fence/leader", "other"))).expect("lost");
    assert!(write("c", won).expect_err("leader no more").is_conflict());
    let update =
        run(w.objects.update(config_maps(), &key("a"), Subresource::Main, map("a", "1"), &fenced(won)));
    assert!(update.expect_err("leader no more").is_conflict(), "even for a write that changes nothing");
    assert_eq!(w.get(config_maps(), "b"), None);
    assert!(pods().is_namespaced());
}
