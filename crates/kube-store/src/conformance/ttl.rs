//! Times to live.

use super::probe::{Seen, batches, commit, put, refused, same, text, told, watch, write};
use super::{Advance, Contract, Verdict};
use crate::storage::{
    Key, Op, Revision, Storage, StorageError, TtlId, TtlInfo, TtlOp, Txn, WatchFrom, WatchStream,
};
use futures::StreamExt;
use std::time::Duration;

pub(super) const CONTRACTS: &[Contract] = &[
    Contract::clock("keys end with their time to live", |s, c| Box::pin(expiry(s, c))),
    Contract::clock("shorter times to live end first", |s, c| Box::pin(order(s, c))),
    Contract::clock("a time to live is kept alive", |s, c| Box::pin(keep_alive(s, c))),
    Contract::clock("a time to live is revoked", |s, _| Box::pin(revoke(s))),
    Contract::clock("a key leaves its time to live", |s, c| Box::pin(detach(s, c))),
    Contract::clock("an unknown time to live is told", |s, _| Box::pin(unknown(s))),
    Contract::clock("a failed transaction leaves times to live alone", |s, c| Box::pin(untouched(s, c))),
    Contract::clock("a time to live without keys ends unseen", |s, c| Box::pin(empty(s, c))),
];

const TEN: Duration = Duration::from_secs(10);

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn attached(key: &str, id: TtlId) -> Op {
    Op::Put { key: key.into(), value: "v".into(), ttl: Some(id) }
}

fn not_found(error: &StorageError) -> bool {
    matches!(error, StorageError::NotFound { .. })
}

async fn granted(storage: &dyn Storage, length: Duration) -> Seen<TtlId> {
    let TtlInfo { id, granted, remaining, keys } = storage.ttl(TtlOp::Grant(length)).await?;
    same("the grant", (granted, remaining, keys.len()), (length, length, 0))?;
    Ok(id)
}

/// The next batch of a watch: waits for the expiry, which the engine does in its own time.
async fn next(stream: &mut WatchStream) -> Seen<Vec<String>> {
    loop {
        match stream.next().await {
            Some(item) => {
                if let crate::storage::WatchItem::Batch(batch) = item? {
                    return Ok(told(&[batch]));
                }
            }
            None => return super::probe::broken("a watch ended without an error"),
        }
    }
}

/// All keys go at one revision, as ordinary deletes, and nothing else does.
async fn expiry(storage: &dyn Storage, advance: &Advance) -> Verdict {
    let id = granted(storage, TEN).await?;
    commit(storage, Txn::of(vec![attached("/b", id), attached("/a", id), write("/stays", "v")])).await?;
    let head = commit(storage, Txn::of(vec![attached("/c", id)])).await?;
    let info = storage.ttl(TtlOp::Inspect(id)).await?;
    same("the keys", info.keys, vec![Key::from("/a"), Key::from("/b"), Key::from("/c")])?;
    let mut stream = watch(storage, "/", WatchFrom::Now).await?;
    advance(seconds(4));
    // A remote engine may count whole seconds on a clock of its own.
    let left = storage.ttl(TtlOp::Inspect(id)).await?.remaining;
    same("about 6 s are left", (seconds(4)..=seconds(6)).contains(&left), true)?;
    same("the value before the end", text(storage, "/a").await?, Some("v".into()))?;
    advance(seconds(6));
    let gone = head.next();
    same("the deletes", next(&mut stream).await?, vec![format!("{gone} -/a -/b -/c")])?;
    same("the value after the end", text(storage, "/a").await?, None)?;
    same("the other value", text(storage, "/stays").await?, Some("v".into()))?;
    refused("keeping it alive", storage.ttl(TtlOp::KeepAlive(id)).await, not_found)
}

/// A later, shorter one ends before an earlier, longer one.
async fn order(storage: &dyn Storage, advance: &Advance) -> Verdict {
    let long = granted(storage, seconds(30)).await?;
    let short = granted(storage, TEN).await?;
    let head = commit(storage, Txn::of(vec![attached("/long", long), attached("/short", short)])).await?;
    let mut stream = watch(storage, "/", WatchFrom::Now).await?;
    advance(TEN);
    same("the first end", next(&mut stream).await?, vec![format!("{} -/short", head.next())])?;
    advance(seconds(20));
    same("the second end", next(&mut stream).await?, vec![format!("{} -/long", head.next().next())])
}

/// Kept alive, it begins anew with its full length.
async fn keep_alive(storage: &dyn Storage, advance: &Advance) -> Verdict {
    let id = granted(storage, TEN).await?;
    let head = commit(storage, Txn::of(vec![attached("/a", id)])).await?;
    let mut stream = watch(storage, "/", WatchFrom::Now).await?;
    for _ in 0..3 {
        advance(seconds(8));
        let info = storage.ttl(TtlOp::KeepAlive(id)).await?;
        same("what is left", (info.remaining, info.granted), (TEN, TEN))?;
        same("the value", text(storage, "/a").await?, Some("v".into()))?;
    }
    advance(TEN);
    same("the end", next(&mut stream).await?, vec![format!("{} -/a", head.next())])
}

/// Revoking ends it at once, at one revision.
async fn revoke(storage: &dyn Storage) -> Verdict {
    let id = granted(storage, TEN).await?;
    let head = commit(storage, Txn::of(vec![attached("/a", id), attached("/b", id)])).await?;
    let mut stream = watch(storage, "/", WatchFrom::Now).await?;
    let info = storage.ttl(TtlOp::Revoke(id)).await?;
    same("what is left", info.remaining, Duration::ZERO)?;
    let gone: Revision = storage.current().await?;
    same("the revision", gone, head.next())?;
    same("the deletes", told(&batches(&mut stream, gone).await?), vec![format!("{gone} -/a -/b")])?;
    refused("revoking again", storage.ttl(TtlOp::Revoke(id)).await, not_found)?;
    refused("writing with it", storage.txn(Txn::of(vec![attached("/a", id)])).await, not_found)
}

/// Written with another, or with none, a key no longer hangs on the first; a deleted key does not either.
async fn detach(storage: &dyn Storage, advance: &Advance) -> Verdict {
    let first = granted(storage, TEN).await?;
    let second = granted(storage, seconds(30)).await?;
    let ops = ["/moved", "/freed", "/back", "/stays"].map(|key| attached(key, first));
    commit(storage, Txn::of(ops.into())).await?;
    commit(storage, Txn::of(vec![attached("/moved", second), write("/freed", "w")])).await?;
    commit(storage, Txn::delete("/back")).await?;
    let head = put(storage, "/back", "w").await?;
    same("the keys", storage.ttl(TtlOp::Inspect(first)).await?.keys, vec![Key::from("/stays")])?;
    let mut stream = watch(storage, "/", WatchFrom::Now).await?;
    advance(TEN);
    same("the first end", next(&mut stream).await?, vec![format!("{} -/stays", head.next())])?;
    advance(seconds(20));
    same("the second end", next(&mut stream).await?, vec![format!("{} -/moved", head.next().next())])
}

/// Ids that were never granted.
async fn unknown(storage: &dyn Storage) -> Verdict {
    let id = TtlId(1 << 40);
    for op in [TtlOp::KeepAlive(id), TtlOp::Revoke(id), TtlOp::Inspect(id)] {
        refused("an unknown id", storage.ttl(op).await, not_found)?;
    }
    let head = storage.current().await?;
    refused("a write with it", storage.txn(Txn::of(vec![attached("/a", id)])).await, not_found)?;
    same("the newest revision", storage.current().await?, head)
}

/// Neither the keys of one nor its end are changed by what was not committed.
async fn untouched(storage: &dyn Storage, advance: &Advance) -> Verdict {
    let id = granted(storage, TEN).await?;
    let head = commit(storage, Txn::of(vec![attached("/a", id)])).await?;
    let absent = crate::storage::Compare::Absent { key: "/a".into() };
    super::probe::fails(storage, Txn::of(vec![write("/a", "w"), attached("/b", id)]).when(absent), 0).await?;
    same("the keys", storage.ttl(TtlOp::Inspect(id)).await?.keys, vec![Key::from("/a")])?;
    let mut stream = watch(storage, "/", WatchFrom::Now).await?;
    advance(TEN);
    same("the end", next(&mut stream).await?, vec![format!("{} -/a", head.next())])
}

/// Its end makes no revision, and it is unknown afterwards.
async fn empty(storage: &dyn Storage, advance: &Advance) -> Verdict {
    let id = granted(storage, TEN).await?;
    let other = granted(storage, TEN + TEN).await?;
    let head = commit(storage, Txn::of(vec![attached("/a", other)])).await?;
    let mut stream = watch(storage, "/", WatchFrom::Now).await?;
    advance(TEN);
    advance(TEN);
    same("the end of the other", next(&mut stream).await?, vec![format!("{} -/a", head.next())])?;
    refused("the empty one", storage.ttl(TtlOp::KeepAlive(id)).await, not_found)
}
