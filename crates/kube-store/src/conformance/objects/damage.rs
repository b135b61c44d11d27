//! Values that nobody can read: Kubernetes' storage meets them when decryption or decoding fails.
//!
//! The store itself knows nothing about what a value means, so such a value is written, watched and deleted like any
//! other; the object layer refuses to make something up. Kubernetes' unsafe deletion
//! (`ignoreStoreReadErrorWithClusterBreakingPotential`) is a transaction on the store here, by the revision read.

use super::super::probe::{batches, broken, commit, same, told as store_told, watch};
use super::super::{Contract, Verdict};
use super::{World, map, names, refused, told};
use crate::service::{DeleteOptions, ListQuery, WatchQuery};
use crate::storage::{Compare, ListOptions, ReadAt, Revision, Txn, TxnOutcome, WatchFrom};

pub(in super::super) const CONTRACTS: &[Contract] = &[
    Contract::objects("a damaged object is refused by every verb", |w| Box::pin(refuses(w)))
        .asked_by(&["RunTestTransformationFailure"]),
    Contract::objects("damaged objects do not hide the others", |w| Box::pin(others(w)))
        .asked_by(&["RunTestGetListWithErrorAggregation"]),
    Contract::objects("a page stops at a damaged object", |w| Box::pin(stops(w)))
        .asked_by(&["RunTestGetListWithoutErrorAggregation"]),
    Contract::objects("a damaged object is deleted by its revision", |w| Box::pin(deleted(w)))
        .asked_by(&["RunTestDeleteExpectedTransformOrDecodeError"]),
    Contract::objects("a damaged object that was repaired meanwhile stays", |w| Box::pin(repaired(w)))
        .asked_by(&["RunTestDeleteWithConflictAndMissingExpectedTransformOrDecodeError"]),
    Contract::objects("a deletion by another revision deletes nothing", |w| Box::pin(other_revision(w)))
        .asked_by(&["RunTestDeleteWithSuggestionAndMissingExpectedTransformOrDecodeError"]),
    Contract::objects("a watch does not make a damaged object up", |w| Box::pin(watched(w)))
        .asked_by(&["RunTestWatchError"]),
    Contract::objects("the deletion of a damaged object is told", |w| Box::pin(unsafe_delete(w)))
        .asked_by(&["RunTestWatchWithUnsafeDelete"]),
];

/// Puts what is no object in an object's place.
async fn damage(w: &World, name: &str) -> super::Seen<Revision> {
    commit(&*w.storage, Txn::put(w.place(name), "\u{0}not an object")).await
}

fn by(w: &World, name: &str, revision: Revision) -> Txn {
    let key = w.place(name);
    Txn::delete(key.clone()).when(Compare::Unchanged { key, revision })
}

async fn refuses(w: &World) -> Verdict {
    w.map("good").await?;
    let at = damage(w, "bad").await?;
    refused("a get", w.read("bad").await, 500)?;
    refused("a page", w.list(&ListQuery::all().limit(10)).await, 500)?;
    refused("a patch", w.set("bad", "1").await, 500)?;
    refused("an update", w.update("bad", map("bad", "1")).await, 500)?;
    refused("a deletion", w.delete("bad", &DeleteOptions::default()).await, 500)?;
    refused("a create", w.map("bad").await, 409)?;
    let kv = w.storage.get(&w.place("bad"), ReadAt::Latest).await?.kv;
    same("the value is left alone", kv.map(|kv| kv.mod_revision), Some(at))
}

/// The good ones among many damaged ones are read, changed and deleted.
async fn others(w: &World) -> Verdict {
    for n in 0..7 {
        if n % 2 == 0 {
            w.map(&format!("map-{n}")).await?;
        } else {
            damage(w, &format!("map-{n}")).await?;
        }
    }
    w.set("map-2", "2").await?;
    w.gone("map-6").await?;
    for (name, code) in [("map-0", 0), ("map-1", 500), ("map-2", 0), ("map-3", 500), ("map-6", 404)] {
        let code_of = w.read(name).await.map_or_else(|error| error.code, |_| 0);
        same(name, code_of, code)?;
    }
    // The store lists them all: an operator finds the damaged ones by their keys.
    let page = w.storage.list(&w.objects.keys().range(super::maps(), None), &ListOptions::default()).await?;
    same("the values of the store", page.items.len(), 6)
}

/// A page before the damage is whole; the one with it is refused.
async fn stops(w: &World) -> Verdict {
    for name in ["a", "b", "d"] {
        w.map(name).await?;
    }
    damage(w, "c").await?;
    let page = w.list(&ListQuery::all().limit(2)).await?;
    same("the page before", names(&page), super::texts(&["a/a", "a/b"]))?;
    let Some(token) = page.continue_token else { return broken("the list did not go on") };
    refused("the page with the damage", w.list(&ListQuery::all().limit(2).after(token)).await, 500).map(drop)
}

async fn deleted(w: &World) -> Verdict {
    let at = damage(w, "foo").await?;
    commit(&*w.storage, by(w, "foo", at)).await?;
    refused("a get after", w.read("foo").await, 404)?;
    w.map("foo").await.map(drop).map_err(Into::into)
}

async fn repaired(w: &World) -> Verdict {
    let at = damage(w, "foo").await?;
    let good = br#"{"apiVersion":"v1","data":{"x":"1"},"kind":"ConfigMap","metadata":{"name":"foo","namespace":"a"}}"#;
    commit(&*w.storage, Txn::put(w.place("foo"), &good[..])).await?;
    let outcome = w.storage.txn(by(w, "foo", at)).await?;
    same("the deletion failed", matches!(outcome, TxnOutcome::Failed { .. }), true)?;
    same("the object", super::datum(&w.read("foo").await?)?, "1".into())
}

async fn other_revision(w: &World) -> Verdict {
    let made = w.map("foo").await?;
    let before = Revision::new(super::version(&made).get() - 1);
    for revision in [before, super::version(&made).next()] {
        let outcome = w.storage.txn(by(w, "foo", revision)).await?;
        same("the deletion failed", matches!(outcome, TxnOutcome::Failed { .. }), true)?;
    }
    same("the object", super::version(&w.read("foo").await?), super::version(&made))
}

/// It is told as an error or not at all, never as an object; the objects after it are told.
async fn watched(w: &World) -> Verdict {
    let made = w.map("first").await?;
    let mut stream = w.watch(&super::after(&made)).await?;
    damage(w, "bad").await?;
    w.map("last").await?;
    match super::next(&mut stream).await {
        Ok(event) => same("the event after the damage", event, "+last".into()),
        // Kubernetes ends the watch with an error.
        Err(_) => Ok(()),
    }
}

/// The store's watch tells it with the value before; the objects' watch goes on.
async fn unsafe_delete(w: &World) -> Verdict {
    w.map("first").await?;
    let at = damage(w, "bad").await?;
    let mut objects = w.watch(&WatchQuery::default()).await?;
    let place = w.place("bad");
    let mut stream = watch(&*w.storage, place.as_str(), WatchFrom::After(at)).await?;
    refused("an ordinary deletion", w.delete("bad", &DeleteOptions::default()).await, 500)?;
    let gone = commit(&*w.storage, by(w, "bad", at)).await?;
    let seen = batches(&mut stream, gone).await?;
    same("the change", store_told(&seen), vec![format!("{gone} -{place}")])?;
    let before: Vec<_> =
        seen.iter().flat_map(|batch| batch.events.iter()).map(super::super::probe::before).collect();
    same("the value before", before, vec![Some("\u{0}not an object".into())])?;
    w.map("last").await?;
    same("the objects' watch", told(&mut objects, 2).await?, super::texts(&["+first", "+last"]))
}
