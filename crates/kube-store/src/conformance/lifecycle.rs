//! Figures, closing, dropped futures.

use super::probe::{Seen, commit, put, refused, same, text, watch, write};
use super::{Contract, Verdict};
use crate::storage::{
    Key, KeyRange, ListOptions, ReadAt, Storage, StorageError, StorageStatus, Txn, WatchFrom, WatchItem,
};
use futures::{FutureExt, StreamExt};

pub(super) const CONTRACTS: &[Contract] = &[
    Contract::storage("the figures are right", |s| Box::pin(figures(s))),
    Contract::storage("a closed store says so", |s| Box::pin(closed(s))),
    Contract::storage("closing ends the watches", |s| Box::pin(closed_watch(s))),
    Contract::storage("a dropped write is whole or nothing", |s| Box::pin(dropped(s))),
    Contract::storage("a watch that is behind is told in the figures", |s| Box::pin(lag(s))),
    Contract::storage("many calls at once are all answered", |s| Box::pin(many(s))),
];

/// Revisions, keys and bytes follow the writes; a remote engine may leave keys and bytes at 0.
async fn figures(storage: &dyn Storage) -> Verdict {
    put(storage, "/a", "123").await?;
    put(storage, "/b", "1").await?;
    put(storage, "/a", "12").await?;
    let compacted = commit(storage, Txn::delete("/b")).await?;
    let head = put(storage, "/c", "").await?;
    storage.compact(compacted).await?;
    let StorageStatus { head: seen, compacted: oldest, keys, bytes, .. } = storage.status();
    same("the newest and the oldest revision", (seen, oldest), (head, compacted))?;
    if (keys, bytes) == (0, 0) {
        return Ok(());
    }
    same("keys and bytes", (keys, bytes), (2, 6))
}

/// Every call is refused with the cause.
async fn closed(storage: &dyn Storage) -> Verdict {
    put(storage, "/a", "1").await?;
    storage.close();
    let closed = |error: &StorageError| matches!(error, StorageError::Closed);
    refused("a get", storage.get(&"/a".into(), ReadAt::Latest).await, closed)?;
    refused("a list", storage.list(&KeyRange::all(), &ListOptions::default()).await, closed)?;
    refused("a write", storage.txn(Txn::put("/a", "2")).await, closed)?;
    refused("a watch", watch(storage, "/", WatchFrom::Now).await, closed)?;
    refused("the newest revision", storage.current().await, closed)?;
    refused("a compaction", storage.compact(storage.status().head).await, closed)?;
    storage.close();
    Ok(())
}

/// What was written before closing is still delivered.
async fn closed_watch(storage: &dyn Storage) -> Verdict {
    let mut waits = watch(storage, "/quiet/", WatchFrom::Now).await?;
    let first = waits.next().now_or_never();
    let mut reads = watch(storage, "/", WatchFrom::Now).await?;
    put(storage, "/a", "1").await?;
    storage.close();
    same("a watch that waits", first.is_none(), true)?;
    ended(&mut waits, 0).await?;
    ended(&mut reads, 1).await
}

async fn ended(stream: &mut crate::storage::WatchStream, wanted: usize) -> Seen<()> {
    let mut batches = 0;
    while let Some(item) = stream.next().await {
        match item {
            Ok(WatchItem::Batch(_)) => batches += 1,
            Ok(WatchItem::Bookmark(_)) => {}
            Err(error) => {
                refused::<()>("the end of a watch", Err(error), |error| {
                    matches!(error, StorageError::Closed)
                })?;
            }
        }
    }
    same("the batches before the end", batches, wanted)
}

/// A future dropped at any point leaves the store with all of the write or none.
async fn dropped(storage: &dyn Storage) -> Verdict {
    drop(storage.txn(Txn::put("/never", "1")));
    same("a future that was never polled", text(storage, "/never").await?, None)?;
    for n in 0..10 {
        let (a, b) = (format!("/{n}/a"), format!("/{n}/b"));
        drop(storage.txn(Txn::of(vec![write(&a, "1"), write(&b, "1")])).now_or_never());
        // A later write is in order after whatever became of it.
        put(storage, "/barrier", "1").await?;
        let mut found = Vec::new();
        for key in [a, b] {
            found.push(storage.get(&Key::from(key), ReadAt::Latest).await?.kv.map(|kv| kv.mod_revision));
        }
        same("the two halves", found[0], found[1])?;
    }
    Ok(())
}

/// Where an engine tells the lag of its watches, it is that of the slowest; a dropped watch has none.
async fn lag(storage: &dyn Storage) -> Verdict {
    let mut stream = watch(storage, "/", WatchFrom::Now).await?;
    let status = storage.status();
    if status.watchers == 0 {
        return Ok(());
    }
    put(storage, "/a", "1").await?;
    let head = put(storage, "/a", "2").await?;
    same("the lag of an unread watch", storage.status().watch_lag, 2)?;
    super::probe::batches(&mut stream, head).await?;
    same("the lag of a read watch", storage.status().watch_lag, 0)?;
    put(storage, "/a", "3").await?;
    drop(stream);
    let status = storage.status();
    same("watches and lag once it is dropped", (status.watchers, status.watch_lag), (0, 0))
}

/// Each gets the revision of its own write; a full queue may refuse, and then nothing was done.
async fn many(storage: &dyn Storage) -> Verdict {
    let head = storage.current().await?;
    let write = |n: usize| storage.txn(Txn::put(format!("/{n:03}"), n.to_string()));
    let mut revisions = std::collections::BTreeMap::new();
    for (n, outcome) in futures::future::join_all((0..200).map(write)).await.into_iter().enumerate() {
        match outcome {
            Ok(crate::storage::TxnOutcome::Committed { revision, .. }) => drop(revisions.insert(revision, n)),
            Err(StorageError::Busy { .. }) => {}
            other => return super::probe::broken(format!("a write: {other:?}")),
        }
    }
    let page = storage.list(&KeyRange::all(), &ListOptions::default()).await?;
    let seen: Vec<_> = page.items.iter().map(|kv| (kv.mod_revision, kv.key.to_string())).collect();
    let mut wanted: Vec<_> = revisions.iter().map(|(revision, n)| (*revision, format!("/{n:03}"))).collect();
    wanted.sort_by(|a, b| a.1.cmp(&b.1));
    same("the keys and their revisions", seen, wanted)?;
    let through = u64::try_from(revisions.len()).unwrap_or(u64::MAX);
    same("the newest revision", storage.current().await?.get(), head.get() + through)
}
