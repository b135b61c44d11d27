//! Creating objects.

use super::super::probe::{broken, same};
use super::super::{Advance, Contract, Verdict};
use super::{World, after, json_of, key, map, maps, next, refused, version};
use crate::service::{ListQuery, ObjectService, WriteOptions};
use crate::storage::{ReadAt, TtlOp};
use kube_core::resource::ObjectKey;
use serde_json::json;
use std::time::Duration;

pub(in super::super) const CONTRACTS: &[Contract] = &[
    Contract::objects("an object is created with a version", |w| Box::pin(create(w)))
        .asked_by(&["RunTestCreate"]),
    Contract::objects("an object is created once", |w| Box::pin(taken(w)))
        .asked_by(&["RunTestCreateWithKeyExist"]),
    Contract::objects_clock("an object ends with its time to live", |w, c| Box::pin(ends(w, c)))
        .asked_by(&["RunTestCreateWithTTL"]),
    Contract::objects("an object stands in its own place only", |w| Box::pin(places(w)))
        .asked_by(&["RunTestKeySchema"]),
];

/// The answer carries a version, the stored bytes do not; a version in the request is refused.
async fn create(w: &World) -> Verdict {
    refused("a get before", w.read("foo").await, 404)?;
    let made = w.map("foo").await?;
    same("the name", &*made.meta.name, "foo")?;
    same("the version", version(&made), w.storage.current().await?)?;
    let stored = w.storage.get(&w.place("foo"), ReadAt::Latest).await?.kv;
    let Some(stored) = stored else { return broken("the object is not at its place") };
    let text = String::from_utf8_lossy(&stored.value);
    same("a version in the stored bytes", text.contains("resourceVersion"), false)?;
    same("a self link in the stored bytes", text.contains("selfLink"), false)?;

    let object = json!({"metadata": {"name": "bar", "resourceVersion": "1"}});
    refused("a create with a version", w.create(maps(), "a", object).await, 400)?;
    refused("what was refused", w.read("bar").await, 404).map(drop)
}

/// A second create is refused and changes nothing.
async fn taken(w: &World) -> Verdict {
    let first = w.map("foo").await?;
    refused("the same again", w.create(maps(), "a", map("foo", "2")).await, 409)?;
    same("the stored object", json_of(&w.read("foo").await?)?, json_of(&first)?)?;
    w.create(maps(), "b", map("foo", "2")).await?;
    Ok(())
}

/// The end is an ordinary deletion.
async fn ends(w: &World, advance: &Advance) -> Verdict {
    let id = w.storage.ttl(TtlOp::Grant(Duration::from_secs(1))).await?.id;
    let options = WriteOptions::default().ttl(id);
    let made = w.objects.create(maps(), "a", map("foo", "1"), &options).await?;
    let mut stream = w.watch(&after(&made)).await?;
    advance(Duration::from_secs(1));
    same("the event", next(&mut stream).await?, "-foo".into())?;
    refused("a get after", w.read("foo").await, 404).map(drop)
}

/// Names that would be paths are refused; keys of one resource or namespace never show another's.
async fn places(w: &World) -> Verdict {
    for name in ["", ".", "..", "x/y", "../b"] {
        let refused = w.create(maps(), "a", map(name, "1")).await;
        same(&format!("the name {name:?} is refused"), refused.is_err(), true)?;
    }
    same("the newest revision", w.storage.status().keys, 0)?;
    w.map("x").await?;
    w.create(maps(), "ab", map("y", "1")).await?;
    for name in ["", "../ab/y", "../../secrets/a/x"] {
        refused("a path as a name", w.objects.get(maps(), &key(name), ReadAt::Latest).await, 404)?;
    }
    refused(
        "a path as a namespace",
        {
            let key = ObjectKey::new("../configmaps/a", "x");
            w.objects.get(maps(), &key, ReadAt::Latest).await
        },
        404,
    )?;
    let list = w.list(&ListQuery::namespaced("a")).await?;
    same("the namespace", super::names(&list), vec!["a/x".into()])?;
    // A token that leads out of the list: {"v":"meta.k8s.io/v1","rv":1,"start":"../secrets/"}.
    let token = "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiIuLi9zZWNyZXRzLyJ9";
    refused("a token of another list", w.list(&ListQuery::namespaced("a").after(token)).await, 400).map(drop)
}
