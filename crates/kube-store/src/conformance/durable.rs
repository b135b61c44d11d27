//! Opening a store again: what was acknowledged is there, and history goes on where it was.

use super::probe::{
    Seen, batches, commit, keys, put, refused, remove, same, text, text_at, told, watch, write,
};
use super::subject::{Advance, Medium};
use super::{Contract, Verdict};
use crate::storage::{Key, KeyRange, Op, ReadAt, Storage, StorageError, TtlOp, Txn, WatchFrom, WatchItem};
use futures::StreamExt;
use std::sync::Arc;
use std::time::Duration;

pub(super) const CONTRACTS: &[Contract] = &[
    Contract::durable("what was acknowledged is there again", |m| Box::pin(kept(m))),
    Contract::durable("history is there again", |m| Box::pin(history(m))),
    Contract::durable("revisions go on, none is given twice", |m| Box::pin(revisions(m))),
    Contract::durable("what was compacted stays compacted", |m| Box::pin(compacted(m))),
    Contract::durable("what was deleted stays deleted", |m| Box::pin(deleted(m))),
    Contract::durable("a watch resumes in the opened store", |m| Box::pin(resumes(m))),
    Contract::durable("a store is opened once at a time", |m| Box::pin(locked(m))),
    Contract::durable("a store dropped without closing opens again", |m| Box::pin(dropped(m))),
    Contract::durable_clock("a time to live outlives its process", |m, c| Box::pin(leases(m, c))),
    Contract::durable_clock("an ended time to live stays ended", |m, c| Box::pin(ended(m, c))),
];

/// Closes the store and opens it again.
fn again(storage: Arc<dyn Storage>, medium: &Medium) -> Seen<Arc<dyn Storage>> {
    storage.close();
    drop(storage);
    Ok(medium.open()?)
}

/// Values, versions, figures; several times over.
async fn kept(medium: &Medium) -> Verdict {
    let mut storage = medium.open()?;
    commit(&*storage, Txn::of(vec![write("/a", "1"), write("/b", "1")])).await?;
    for value in ["2", "3", "4"] {
        let head = put(&*storage, "/a", value).await?;
        let before = storage.status();
        storage = again(storage, medium)?;
        let after = storage.status();
        same("the newest revision", storage.current().await? >= head, true)?;
        same("keys and bytes", (after.keys, after.bytes), (before.keys, before.bytes))?;
        same("the history's name", after.incarnation, before.incarnation)?;
        let kv = storage.get(&"/a".into(), ReadAt::Latest).await?.kv;
        same("the revision of the value", kv.as_ref().map(|kv| kv.mod_revision), Some(head))?;
        same("the value", text(&*storage, "/a").await?, Some(value.into()))?;
        same("the other value", text(&*storage, "/b").await?, Some("1".into()))?;
    }
    let kv = storage.get(&"/a".into(), ReadAt::Latest).await?.kv;
    same("the version of the value", kv.map(|kv| kv.version), Some(4))
}

/// Every revision that could be read before can be read after.
async fn history(medium: &Medium) -> Verdict {
    let storage = medium.open()?;
    let mut wanted = Vec::new();
    for value in ["1", "2", "3"] {
        wanted.push((put(&*storage, "/a", value).await?, Some(value.to_owned())));
        wanted.push((commit(&*storage, Txn::delete("/a")).await?, None));
    }
    let storage = again(storage, medium)?;
    for (revision, value) in wanted {
        same("the value", text_at(&*storage, "/a", ReadAt::Exactly(revision)).await?, value)?;
    }
    Ok(())
}

/// The first write after opening is above all before, closed properly or not.
async fn revisions(medium: &Medium) -> Verdict {
    let mut storage = medium.open()?;
    let mut newest = put(&*storage, "/a", "1").await?;
    for _ in 0..4 {
        storage = again(storage, medium)?;
        let next = put(&*storage, "/a", "2").await?;
        same("a revision above all before", next > newest, true)?;
        newest = commit(&*storage, Txn::delete("/a")).await?;
    }
    Ok(())
}

/// Below the compacted revision reads stay refused; from it on they stay possible.
async fn compacted(medium: &Medium) -> Verdict {
    let storage = medium.open()?;
    let one = put(&*storage, "/a", "1").await?;
    let two = put(&*storage, "/a", "2").await?;
    let three = put(&*storage, "/a", "3").await?;
    storage.compact(two).await?;
    let storage = again(storage, medium)?;
    let below = storage.get(&"/a".into(), ReadAt::Exactly(one)).await;
    refused("a read below", below, |error| matches!(error, StorageError::Expired { .. }))?;
    same("the compacted value", text_at(&*storage, "/a", ReadAt::Exactly(two)).await?, Some("2".into()))?;
    same("the newest value", text_at(&*storage, "/a", ReadAt::Exactly(three)).await?, Some("3".into()))?;
    same("the compacted revision", storage.status().compacted, two)
}

/// Before and after compaction, a deleted key does not come back.
async fn deleted(medium: &Medium) -> Verdict {
    let storage = medium.open()?;
    put(&*storage, "/gone", "1").await?;
    put(&*storage, "/stays", "1").await?;
    let mut head = commit(&*storage, Txn::of(vec![remove("/gone"), write("/new", "1")])).await?;
    let mut storage = again(storage, medium)?;
    for _ in 0..3 {
        let seen = keys(&*storage, &KeyRange::all(), ReadAt::Latest).await?;
        same("the keys", seen, vec!["/new".into(), "/stays".into()])?;
        storage.compact(head).await?;
        storage = again(storage, medium)?;
        head = put(&*storage, "/new", "2").await?;
    }
    Ok(())
}

/// What was written before and after opening is told once, in order, with the value before.
async fn resumes(medium: &Medium) -> Verdict {
    let storage = medium.open()?;
    let one = put(&*storage, "/a", "1").await?;
    let two = put(&*storage, "/a", "2").await?;
    let storage = again(storage, medium)?;
    let mut stream = watch(&*storage, "/", WatchFrom::After(one)).await?;
    let three = commit(&*storage, Txn::delete("/a")).await?;
    let seen = batches(&mut stream, three).await?;
    same("the changes", told(&seen), vec![format!("{two} +/a=2"), format!("{three} -/a")])?;
    let before: Vec<_> =
        seen.iter().flat_map(|batch| batch.events.iter()).map(super::probe::before).collect();
    same("the values before", before, vec![Some("1".into()), Some("2".into())])
}

/// A second opener is refused while the first is at it, and changes nothing.
async fn locked(medium: &Medium) -> Verdict {
    let storage = medium.open()?;
    put(&*storage, "/a", "1").await?;
    if medium.open().is_ok() {
        return super::probe::broken("two stores on one medium");
    }
    put(&*storage, "/a", "2").await?;
    let storage = again(storage, medium)?;
    same("the value", text(&*storage, "/a").await?, Some("2".into()))
}

/// A process that just stops leaves a store that opens.
async fn dropped(medium: &Medium) -> Verdict {
    let storage = medium.open()?;
    put(&*storage, "/a", "1").await?;
    drop(storage);
    let storage = medium.open()?;
    same("the value", text(&*storage, "/a").await?, Some("1".into()))
}

/// It begins anew with its full length, and ends as an ordinary delete.
async fn leases(medium: &Medium, advance: &Advance) -> Verdict {
    let storage = medium.open()?;
    let id = storage.ttl(TtlOp::Grant(Duration::from_secs(10))).await?.id;
    let attached = Op::Put { key: "/a".into(), value: "v".into(), ttl: Some(id) };
    commit(&*storage, Txn::of(vec![attached, write("/stays", "v")])).await?;
    let storage = again(storage, medium)?;
    let info = storage.ttl(TtlOp::Inspect(id)).await?;
    same("the length", info.granted, Duration::from_secs(10))?;
    same("the keys", info.keys, vec![Key::from("/a")])?;
    let mut stream = watch(&*storage, "/", WatchFrom::Now).await?;
    advance(Duration::from_secs(10));
    loop {
        match stream.next().await {
            Some(Ok(WatchItem::Bookmark(_))) => {}
            Some(Ok(WatchItem::Batch(batch))) => {
                same(
                    "the end",
                    batch.events.iter().map(super::probe::event).collect(),
                    vec!["-/a".to_owned()],
                )?;
                return same("the other value", text(&*storage, "/stays").await?, Some("v".into()));
            }
            other => return super::probe::broken(format!("not the end but {other:?}")),
        }
    }
}

/// Its keys do not come back, and neither does its name.
async fn ended(medium: &Medium, _: &Advance) -> Verdict {
    let storage = medium.open()?;
    let id = storage.ttl(TtlOp::Grant(Duration::from_secs(10))).await?.id;
    commit(&*storage, Txn::of(vec![Op::Put { key: "/a".into(), value: "v".into(), ttl: Some(id) }])).await?;
    storage.ttl(TtlOp::Revoke(id)).await?;
    let storage = again(storage, medium)?;
    same("the key", text(&*storage, "/a").await?, None)?;
    let known = storage.ttl(TtlOp::Inspect(id)).await;
    refused("an ended one", known, |error| matches!(error, StorageError::NotFound { .. }))?;
    let next = storage.ttl(TtlOp::Grant(Duration::from_secs(10))).await?.id;
    same("another name", next == id, false)
}
