//! Updates that read, change and write.

use super::super::probe::{broken, same};
use super::super::{Advance, Contract, Verdict};
use super::script::Step;
use super::{World, after, datum, json_of, key, map, maps, next, refused, version};
use crate::service::{ObjectService, Patch, Subresource, WriteOptions};
use crate::storage::{ReadAt, TtlOp, Txn, TxnOutcome};
use serde_json::json;
use std::time::Duration;

pub(in super::super) const CONTRACTS: &[Contract] = &[
    Contract::objects("an update that changes nothing writes nothing", |w| Box::pin(update(w)))
        .asked_by(&["RunTestGuaranteedUpdate"]),
    Contract::objects_clock("an update gives a time to live", |w, c| Box::pin(ends(w, c)))
        .asked_by(&["RunTestGuaranteedUpdateWithTTL"]),
    Contract::objects("an update judges the stored bytes", |w| Box::pin(stored_bytes(w)))
        .asked_by(&["RunTestGuaranteedUpdateChecksStoredData"]),
    Contract::objects("an update that loses a race is made again", |w| Box::pin(conflict(w)))
        .asked_by(&["RunTestGuaranteedUpdateWithConflict"]),
    Contract::objects("an update with a stale copy is refused, a fresh one is not", |w| Box::pin(stale(w)))
        .asked_by(&["RunTestGuaranteedUpdateWithSuggestionAndConflict"]),
];

/// Absent, changed, the same, a matching and another uid.
async fn update(w: &World) -> Verdict {
    refused("an absent object", w.set("none", "1").await, 404)?;
    let first = w.map("foo").await?;
    let changed = w.set("foo", "2").await?;
    same("the datum", datum(&changed)?, "2".into())?;
    same("a change makes a version", version(&changed) > version(&first), true)?;
    let same_again = w.set("foo", "2").await?;
    same("the same makes none", version(&same_again), version(&changed))?;
    let mut whole = json_of(&changed)?;
    whole["metadata"]["selfLink"] = "/api/v1/namespaces/a/configmaps/foo".into();
    same("a self link makes none", version(&w.update("foo", whole).await?), version(&changed))?;
    same("the newest revision", w.storage.current().await?, version(&changed))?;
    let mut matching = json_of(&changed)?;
    matching["data"]["x"] = "3".into();
    let third = w.update("foo", matching.clone()).await?;
    same("a matching uid", datum(&third)?, "3".into())?;
    matching["metadata"]["uid"] = "00000000-0000-4000-8000-000000000000".into();
    matching["metadata"]["resourceVersion"] = third.version.to_string().into();
    matching["data"]["x"] = "4".into();
    same("another uid is refused", w.update("foo", matching).await.is_err(), true)?;
    same("what was refused", datum(&w.read("foo").await?)?, "3".into())
}

/// The object ends with the time to live that the update gave it.
async fn ends(w: &World, advance: &Advance) -> Verdict {
    w.map("foo").await?;
    let id = w.storage.ttl(TtlOp::Grant(Duration::from_secs(1))).await?.id;
    let options = WriteOptions::default().ttl(id);
    let patch = Patch::Merge(map("foo", "2"));
    let changed = w.objects.patch(maps(), &key("foo"), Subresource::Main, &patch, &options).await?;
    let mut stream = w.watch(&after(&changed)).await?;
    advance(Duration::from_secs(1));
    same("the event", next(&mut stream).await?, "-foo".into())
}

/// Stored in another form, the same object is written anew in the one form; after that nothing is written.
async fn stored_bytes(w: &World) -> Verdict {
    let first = w.map("foo").await?;
    let loose = format!(" {}", String::from_utf8_lossy(&first.bytes));
    let TxnOutcome::Committed { revision, .. } = w.storage.txn(Txn::put(w.place("foo"), loose)).await? else {
        return broken("a put without a condition failed");
    };
    let written = w.update("foo", map("foo", "1")).await?;
    same("the other form is replaced", version(&written) > revision, true)?;
    let kv = w.storage.get(&w.place("foo"), ReadAt::Latest).await?.kv;
    same("the stored form", kv.map(|kv| kv.value.clone()), Some(first.bytes.clone()))?;
    let again = w.update("foo", map("foo", "1")).await?;
    same("the one form is kept", version(&again), version(&written))
}

/// Somebody writes between the read and the write: both changes are there, the update is planned twice.
async fn conflict(w: &World) -> Verdict {
    let made = w.map("foo").await?;
    let mut other = json_of(&made)?;
    other["data"]["other"] = "theirs".into();
    if let Some(metadata) = other["metadata"].as_object_mut() {
        metadata.remove("resourceVersion");
    }
    let bytes = kube_core::wire::canonical(&other);
    w.script.prepare([Step::Interfere(Txn::put(w.place("foo"), bytes))]);
    let changed = w.merge("foo", json!({"data": {"mine": "ours"}})).await?;
    same("the validations", w.script.validations(), 2)?;
    let data = json_of(&changed)?["data"].clone();
    same("both changes", data, json!({"mine": "ours", "other": "theirs", "x": "1"}))
}

/// The copy's version decides; with the newest one an error of the update itself comes out as it is.
async fn stale(w: &World) -> Verdict {
    let first = json_of(&w.map("foo").await?)?;
    let second = w.set("foo", "2").await?;
    let mut copy = first.clone();
    copy["data"]["x"] = "3".into();
    refused("the stale copy", w.update("foo", copy.clone()).await, 409)?;
    same("what was refused", datum(&w.read("foo").await?)?, "2".into())?;
    copy["metadata"]["resourceVersion"] = second.version.to_string().into();
    let third = w.update("foo", copy.clone()).await?;
    same("the fresh copy", datum(&third)?, "3".into())?;
    copy["metadata"]["resourceVersion"] = third.version.to_string().into();
    copy["data"]["x"] = "4".into();
    w.script.prepare([Step::Refuse]);
    refused("a refused update", w.update("foo", copy).await, 403)?;
    same("it is judged once", w.script.validations(), 1)
}
