//! Transactions.

use super::probe::{broken, commit, committed, fails, put, refused, remove, same, text, write};
use super::{Contract, Verdict};
use crate::storage::{Compare, Key, KeyRange, Op, ReadAt, Storage, StorageError, Txn, TxnOutcome};

pub(super) const CONTRACTS: &[Contract] = &[
    Contract::storage("create only where absent", |s| Box::pin(create(s))),
    Contract::storage("update only what was read", |s| Box::pin(update(s))),
    Contract::storage("delete only what was read", |s| Box::pin(delete(s))),
    Contract::storage("a value tells its history", |s| Box::pin(history(s))),
    Contract::storage("many keys at one revision", |s| Box::pin(many(s))),
    Contract::storage("all or nothing", |s| Box::pin(nothing(s))),
    Contract::storage("the first condition that fails is told", |s| Box::pin(first(s))),
    Contract::storage("no effect makes no revision", |s| Box::pin(no_effect(s))),
    Contract::storage("previous values are told", |s| Box::pin(previous(s))),
    Contract::storage("a quiet transaction writes as any other", |s| Box::pin(quiet(s))),
    Contract::storage("a key is written once", |s| Box::pin(twice(s))),
    Contract::storage("a range can be held unchanged", |s| Box::pin(range_unchanged(s))),
    Contract::storage("limits are kept", |s| Box::pin(limits(s))),
    Contract::storage("conditions alone write nothing", |s| Box::pin(conditions_alone(s))),
    Contract::storage("a condition is about the state before the writes", |s| Box::pin(state_before(s))),
    Contract::storage("writers that race make one winner", |s| Box::pin(race(s))),
    Contract::storage("what is read after a failure is its cause", |s| Box::pin(cause(s))),
];

fn absent(key: &str) -> Compare {
    Compare::Absent { key: key.into() }
}

/// Creating where something is fails and tells what.
async fn create(storage: &dyn Storage) -> Verdict {
    let create = |value| Txn::of(vec![write("/a", value)]).when(absent("/a"));
    let revision = commit(storage, create("1")).await?;
    let current = fails(storage, create("2"), 0).await?;
    same("what stands there", current.map(|kv| kv.mod_revision), Some(revision))?;
    same("the value", text(storage, "/a").await?, Some("1".into()))?;
    same("the newest revision", storage.current().await?, revision)
}

/// A stale update fails and tells the newest; with that it succeeds.
async fn update(storage: &dyn Storage) -> Verdict {
    let read = put(storage, "/a", "1").await?;
    let now = put(storage, "/a", "2").await?;
    let update =
        |revision| Txn::of(vec![write("/a", "3")]).when(Compare::Unchanged { key: "/a".into(), revision });
    let current = fails(storage, update(read), 0).await?;
    same("what stands there", current.map(|kv| kv.mod_revision), Some(now))?;
    commit(storage, update(now)).await?;
    same("the value", text(storage, "/a").await?, Some("3".into()))?;
    commit(storage, Txn::delete("/a")).await?;
    let current = fails(storage, update(now), 0).await?;
    same("what stands at a deleted key", current.is_some(), false)
}

/// A delete is an update to nothing.
async fn delete(storage: &dyn Storage) -> Verdict {
    let read = put(storage, "/a", "1").await?;
    let now = put(storage, "/a", "2").await?;
    let delete = |revision| Txn::delete("/a").when(Compare::Unchanged { key: "/a".into(), revision });
    fails(storage, delete(read), 0).await?;
    same("the value", text(storage, "/a").await?, Some("2".into()))?;
    let gone = commit(storage, delete(now)).await?;
    same("the value", text(storage, "/a").await?, None)?;
    same("the revision of the delete", gone, now.next())?;
    fails(storage, Txn::of(vec![write("/a", "3")]).when(Compare::Exists { key: "/a".into() }), 0).await?;
    commit(storage, Txn::of(vec![write("/a", "4")]).when(absent("/a"))).await.map(drop)
}

/// `create_revision`, `mod_revision` and `version` count from the creation.
async fn history(storage: &dyn Storage) -> Verdict {
    let created = put(storage, "/a", "1").await?;
    put(storage, "/b", "1").await?;
    let changed = put(storage, "/a", "2").await?;
    let shape = async || -> Result<_, StorageError> {
        let kv = storage.get(&"/a".into(), ReadAt::Latest).await?.kv;
        Ok(kv.map(|kv| (kv.create_revision, kv.mod_revision, kv.version)))
    };
    same("created, changed, version", shape().await?, Some((created, changed, 2)))?;
    commit(storage, Txn::delete("/a")).await?;
    let again = put(storage, "/a", "3").await?;
    same("created, changed, version after a delete", shape().await?, Some((again, again, 1)))
}

/// Creates, updates and deletes of one transaction share a revision.
async fn many(storage: &dyn Storage) -> Verdict {
    put(storage, "/old", "1").await?;
    let before = put(storage, "/gone", "1").await?;
    let txn = Txn::of(vec![write("/new", "1"), remove("/gone"), write("/old", "2")]);
    let revision = commit(storage, txn).await?;
    same("the revision", revision, before.next())?;
    for key in ["/new", "/old"] {
        let kv = storage.get(&key.into(), ReadAt::Latest).await?.kv;
        same(key, kv.map(|kv| kv.mod_revision), Some(revision))?;
    }
    same("the deleted key", text(storage, "/gone").await?, None)
}

/// A failed transaction writes nothing at all.
async fn nothing(storage: &dyn Storage) -> Verdict {
    let before = put(storage, "/a", "1").await?;
    fails(storage, Txn::of(vec![write("/b", "1"), remove("/a")]).when(absent("/a")), 0).await?;
    same("the untouched key", text(storage, "/a").await?, Some("1".into()))?;
    same("the key not written", text(storage, "/b").await?, None)?;
    same("the newest revision", storage.current().await?, before)
}

/// Conditions are judged in order.
async fn first(storage: &dyn Storage) -> Verdict {
    let revision = put(storage, "/b", "1").await?;
    let txn =
        Txn::put("/c", "1").when(absent("/a")).when(absent("/b")).when(Compare::Exists { key: "/a".into() });
    let current = fails(storage, txn, 1).await?;
    same(
        "what stands there",
        current.map(|kv| (kv.key.clone(), kv.mod_revision)),
        Some(("/b".into(), revision)),
    )
}

/// Nothing to write, or deletes of what is absent, commit at the newest revision.
async fn no_effect(storage: &dyn Storage) -> Verdict {
    let before = put(storage, "/a", "1").await?;
    same("no operation", commit(storage, Txn::default()).await?, before)?;
    same("delete of an absent key", commit(storage, Txn::delete("/b")).await?, before)?;
    same("the newest revision", storage.current().await?, before)
}

/// One previous value for each operation, in their order.
async fn previous(storage: &dyn Storage) -> Verdict {
    let a = put(storage, "/a", "1").await?;
    let b = put(storage, "/b", "1").await?;
    let txn = Txn::of(vec![write("/c", "1"), remove("/b"), write("/a", "2"), remove("/d")]);
    let (_, previous) = committed(storage, txn).await?;
    let seen: Vec<_> = previous.iter().map(|kv| kv.as_ref().map(|kv| kv.mod_revision)).collect();
    same("the revisions before", seen, vec![None, Some(b), Some(a), None])
}

/// Nobody asks for the previous values: each is the right one or none. What is written is the same.
async fn quiet(storage: &dyn Storage) -> Verdict {
    let a = put(storage, "/a", "1").await?;
    let b = put(storage, "/b", "1").await?;
    let ops = vec![write("/c", "1"), remove("/b"), write("/a", "2"), remove("/d")];
    let (revision, previous) = committed(storage, Txn::of(ops).quiet()).await?;
    same("the revision", revision, b.next())?;
    same("previous values, one per operation", previous.len(), 4)?;
    for (told, before) in previous.iter().zip([None, Some(b), Some(a), None]) {
        if let Some(told) = told {
            same("the revision before", Some(told.mod_revision), before)?;
        }
    }
    same("what was written", text(storage, "/a").await?, Some("2".into()))?;
    same("what was created", text(storage, "/c").await?, Some("1".into()))?;
    same("what was deleted", text(storage, "/b").await?, None)?;
    for (what, op, makes) in
        [("a put", write("/a", "3"), 1), ("a delete", remove("/a"), 2), ("none", remove("/a"), 2)]
    {
        let at = commit(storage, Txn::of(vec![op]).quiet()).await?;
        same(what, at.get(), revision.get() + makes)?;
    }
    let update = Txn::put("/c", "2").when(Compare::Unchanged { key: "/c".into(), revision: a }).quiet();
    let current = fails(storage, update, 0).await?;
    same("what stands at a condition that fails", current.map(|kv| kv.mod_revision), Some(revision))
}

/// The same key twice makes no sense.
async fn twice(storage: &dyn Storage) -> Verdict {
    let result = storage.txn(Txn::of(vec![write("/a", "1"), write("/b", "1"), remove("/a")])).await;
    refused("a key twice", result, |error| matches!(error, StorageError::Invalid { .. }))?;
    same("the key", text(storage, "/a").await?, None)
}

/// Creates, changes and deletes in the range all count; those elsewhere do not. Remote engines may refuse.
async fn range_unchanged(storage: &dyn Storage) -> Verdict {
    put(storage, "/in/a", "1").await?;
    let mut seen = put(storage, "/in/b", "1").await?;
    let unchanged = |revision| {
        Txn::put("/note", "1").when(Compare::RangeUnchanged { range: KeyRange::prefix("/in/"), revision })
    };
    match storage.txn(unchanged(seen)).await {
        Err(StorageError::Invalid { .. }) => return Ok(()),
        other => drop(other?),
    }
    commit(storage, unchanged(seen)).await?;
    for op in [write("/in/c", "1"), write("/in/a", "2"), remove("/in/b")] {
        let changed = commit(storage, Txn::of(vec![op])).await?;
        fails(storage, unchanged(seen), 0).await?;
        seen = changed;
        commit(storage, unchanged(seen)).await?;
    }
    commit(storage, unchanged(storage.current().await?)).await.map(drop)
}

/// A request at the limit passes, one beyond it does not and writes nothing.
async fn limits(storage: &dyn Storage) -> Verdict {
    let limits = storage.limits();
    let too_large = |error: &StorageError| matches!(error, StorageError::TooLarge { .. });
    if let Some(beyond) = limits.max_txn_ops.checked_add(1).filter(|beyond| *beyond < 1 << 16) {
        let ops = |n: usize| Txn::of((0..n).map(|n| write(&format!("/{n:06}"), "1")).collect());
        let before = storage.current().await?;
        refused("operations beyond the limit", storage.txn(ops(beyond)).await, too_large)?;
        same("the newest revision", storage.current().await?, before)?;
        same(
            "the revision of a large transaction",
            commit(storage, ops(limits.max_txn_ops)).await?,
            before.next(),
        )?;
        let compares = (0..beyond).map(|n| absent(&format!("/x{n:06}"))).collect();
        let txn = Txn { compares, ..Txn::default() };
        refused("conditions beyond the limit", storage.txn(txn).await, too_large)?;
    }
    if limits.max_request_bytes < 1 << 24 {
        let key = Key::from("/large");
        let op = Op::Put { key: key.clone(), value: vec![0; limits.max_request_bytes].into(), ttl: None };
        refused("bytes beyond the limit", storage.txn(Txn::of(vec![op])).await, too_large)?;
        if storage.get(&key, ReadAt::Latest).await?.kv.is_some() {
            return broken("a refused value was written");
        }
    }
    Ok(())
}

/// They hold or fail, at the newest revision.
async fn conditions_alone(storage: &dyn Storage) -> Verdict {
    let head = put(storage, "/a", "1").await?;
    let exists = Txn::default().when(Compare::Exists { key: "/a".into() });
    same("what holds", commit(storage, exists).await?, head)?;
    fails(storage, Txn::default().when(absent("/a")), 0).await?;
    same("the newest revision", storage.current().await?, head)
}

/// A key that the same transaction writes or deletes is judged as it was.
async fn state_before(storage: &dyn Storage) -> Verdict {
    let revision = commit(storage, Txn::put("/a", "1").when(absent("/a"))).await?;
    let moved = Txn::of(vec![remove("/a"), write("/b", "1")])
        .when(Compare::Unchanged { key: "/a".into(), revision })
        .when(absent("/b"));
    commit(storage, moved).await?;
    same("the key moved away", text(storage, "/a").await?, None)?;
    same("the key moved to", text(storage, "/b").await?, Some("1".into()))
}

/// Of many that read the same revision one commits; the others are told the winner's.
async fn race(storage: &dyn Storage) -> Verdict {
    let read = put(storage, "/a", "0").await?;
    let write = |n: usize| {
        let unchanged = Compare::Unchanged { key: "/a".into(), revision: read };
        storage.txn(Txn::put("/a", n.to_string()).when(unchanged))
    };
    let (mut winner, mut losers) = (None, Vec::new());
    for (n, outcome) in futures::future::join_all((1..9).map(write)).await.into_iter().enumerate() {
        match outcome? {
            TxnOutcome::Committed { revision, .. } => {
                same("a second winner", winner.replace((n + 1, revision)).is_some(), false)?;
            }
            TxnOutcome::Failed { current, .. } => losers.push(current.map(|kv| kv.mod_revision)),
        }
    }
    let Some((n, revision)) = winner else { return broken("nobody won") };
    same("the revision", revision, read.next())?;
    same("what the losers are told", losers, vec![Some(revision); 7])?;
    same("the value", text(storage, "/a").await?, Some(n.to_string()))
}

/// The revision of a failure shows what it failed for.
async fn cause(storage: &dyn Storage) -> Verdict {
    put(storage, "/a", "1").await?;
    let outcome = storage.txn(Txn::put("/b", "1").when(absent("/a"))).await?;
    let TxnOutcome::Failed { revision, current, .. } = outcome else { return broken("it does not hold") };
    put(storage, "/a", "2").await?;
    let got = storage.get(&"/a".into(), ReadAt::Exactly(revision)).await?.kv;
    same("what stood there", got.as_deref().cloned(), current.as_deref().cloned())
}
