//! Deletions: preconditions, races, what they return.

use super::super::probe::same;
use super::super::{Contract, Verdict};
use super::script::Step;
use super::{World, datum, json_of, refused, version};
use crate::service::DeleteOptions;
use crate::storage::Txn;
use kube_core::resource::Uid;

pub(in super::super) const CONTRACTS: &[Contract] = &[
    Contract::objects("a deletion returns the last state and its own version", |w| Box::pin(plain(w)))
        .asked_by(&["RunTestUnconditionalDelete"]),
    Contract::objects("a deletion of another uid is refused", |w| Box::pin(conditional(w)))
        .asked_by(&["RunTestConditionalDelete"]),
    Contract::objects("a deletion by a fresh copy", |w| Box::pin(fresh(w)))
        .asked_by(&["RunTestDeleteWithSuggestion"]),
    Contract::objects("a deletion by a stale copy deletes what is stored", |w| Box::pin(stale(w)))
        .asked_by(&["RunTestDeleteWithSuggestionAndConflict"]),
    Contract::objects("a deletion that loses a race is made again", |w| Box::pin(race(w)))
        .asked_by(&["RunTestDeleteWithConflict"]),
    Contract::objects("what is deleted is not deleted again", |w| Box::pin(twice(w)))
        .asked_by(&["RunTestDeleteWithSuggestionOfDeletedObject"]),
    Contract::objects("a deletion is validated on what is stored", |w| Box::pin(validated(w)))
        .asked_by(&["RunTestValidateDeletionWithSuggestion"]),
    Contract::objects("a deletion that only the old state allows is refused", |w| Box::pin(outdated(w)))
        .asked_by(&["RunTestValidateDeletionWithOnlySuggestionValid"]),
    Contract::objects("a precondition that holds now", |w| Box::pin(holds_now(w)))
        .asked_by(&["RunTestPreconditionalDeleteWithSuggestion"]),
    Contract::objects("a precondition that held before", |w| Box::pin(held_before(w)))
        .asked_by(&["RunTestPreconditionalDeleteWithOnlySuggestionPass"]),
];

fn uid(raw: &kube_core::view::RawObject) -> Uid {
    raw.meta.uid.clone()
}

fn anyhow() -> DeleteOptions {
    DeleteOptions::default()
}

async fn plain(w: &World) -> Verdict {
    let made = w.map("foo").await?;
    let gone = w.gone("foo").await?;
    same("the last state", gone.bytes.clone(), made.bytes.clone())?;
    same("the version of the deletion", version(&gone) > version(&made), true)?;
    same("the version of the deletion is the newest", version(&gone), w.storage.current().await?)?;
    refused("a get after", w.read("foo").await, 404)?;
    refused("an absent object", w.delete("none", &anyhow()).await, 404).map(drop)
}

async fn conditional(w: &World) -> Verdict {
    let made = w.map("foo").await?;
    let other = Uid::new("00000000-0000-4000-8000-000000000000");
    refused("another uid", w.delete("foo", &anyhow().uid(other)).await, 409)?;
    same("what was refused", version(&w.read("foo").await?), version(&made))?;
    w.delete("foo", &anyhow().uid(uid(&made))).await?;
    refused("a get after", w.read("foo").await, 404).map(drop)
}

async fn fresh(w: &World) -> Verdict {
    let made = w.map("foo").await?;
    w.delete("foo", &anyhow().version(made.version).uid(uid(&made))).await?;
    refused("a get after", w.read("foo").await, 404).map(drop)
}

/// Without a precondition the newest state goes; with the stale version nothing does.
async fn stale(w: &World) -> Verdict {
    let made = w.map("foo").await?;
    let changed = w.set("foo", "2").await?;
    refused("the stale version", w.delete("foo", &anyhow().version(made.version)).await, 409)?;
    let gone = w.gone("foo").await?;
    same("the last state", &gone.bytes, &changed.bytes)
}

/// The stored object as somebody else has written it.
fn rewritten(
    w: &World,
    raw: &kube_core::view::RawObject,
    data: &str,
) -> Result<Txn, super::super::Violation> {
    let mut object = json_of(raw)?;
    object["data"]["x"] = data.into();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("resourceVersion");
    }
    Ok(Txn::put(w.place(&raw.meta.name), kube_core::wire::canonical(&object)))
}

/// Somebody writes between the read and the deletion: their state goes, and is what the deletion returns.
async fn race(w: &World) -> Verdict {
    let made = w.map("foo").await?;
    w.script.prepare([Step::Interfere(rewritten(w, &made, "2")?)]);
    let gone = w.gone("foo").await?;
    same("the validations", w.script.validations(), 2)?;
    same("the last state", datum(&gone)?, "2".into())?;
    refused("a get after", w.read("foo").await, 404).map(drop)
}

async fn twice(w: &World) -> Verdict {
    let made = w.map("foo").await?;
    w.gone("foo").await?;
    for options in [anyhow(), anyhow().uid(uid(&made)), anyhow().version(made.version)] {
        refused("a second deletion", w.delete("foo", &options).await, 404)?;
    }
    Ok(())
}

/// A refusal comes out as it is and deletes nothing; later validations see the newest state.
async fn validated(w: &World) -> Verdict {
    let made = w.map("foo").await?;
    w.script.prepare([Step::Refuse]);
    refused("a refused deletion", w.delete("foo", &anyhow()).await, 403)?;
    same("it is judged once", w.script.validations(), 1)?;
    w.set("foo", "2").await?;
    w.script.prepare([Step::Expect("2"), Step::Expect("2")]);
    w.delete("foo", &anyhow()).await?;
    same("it is judged at the most twice", w.script.validations() <= 2, true)?;
    refused("a get after", w.read("foo").await, 404)?;
    w.script.prepare([]);
    same("the name is free again", version(&w.map("foo").await?) > version(&made), true)
}

/// Judged good, then changed by somebody else: judged again, and refused.
async fn outdated(w: &World) -> Verdict {
    let made = w.map("foo").await?;
    w.script.prepare([Step::Interfere(rewritten(w, &made, "2")?), Step::Expect("1")]);
    refused("what is no longer allowed", w.delete("foo", &anyhow()).await, 403)?;
    same("the validations", w.script.validations(), 2)?;
    same("what was refused", datum(&w.read("foo").await?)?, "2".into())
}

/// Deleted and created again, it is the new one that the precondition is about.
async fn holds_now(w: &World) -> Verdict {
    let first = w.map("foo").await?;
    w.gone("foo").await?;
    let second = w.map("foo").await?;
    same("another uid", uid(&first) == uid(&second), false)?;
    w.delete("foo", &anyhow().uid(uid(&second))).await?;
    refused("a get after", w.read("foo").await, 404).map(drop)
}

async fn held_before(w: &World) -> Verdict {
    let first = w.map("foo").await?;
    w.gone("foo").await?;
    let second = w.map("foo").await?;
    refused("the uid before", w.delete("foo", &anyhow().uid(uid(&first))).await, 409)?;
    same("what was refused", version(&w.read("foo").await?), version(&second))
}
