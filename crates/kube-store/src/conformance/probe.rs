//! What the contracts are written in.

use super::Violation;
use crate::storage::{
    Batch, Event, Key, KeyRange, KeyValue, ListOptions, Op, ReadAt, Revision, Storage, StorageError,
    StorageResult, Txn, TxnOutcome, WatchFrom, WatchItem, WatchOptions, WatchStream,
};
use bytes::Bytes;
use futures::StreamExt;
use std::fmt::Debug;
use std::sync::Arc;

/// What a contract's step gives.
pub(super) type Seen<T> = Result<T, Violation>;

/// A violation, said so.
pub(super) fn broken<T>(what: impl Into<String>) -> Seen<T> {
    Err(Violation { what: what.into() })
}

/// Holds `what` to be as it should.
#[expect(clippy::needless_pass_by_value, reason = "contracts read better without ampersands")]
pub(super) fn same<T: PartialEq + Debug>(what: &str, seen: T, wanted: T) -> Seen<()> {
    if seen == wanted { Ok(()) } else { broken(format!("{what}: {seen:?}, not {wanted:?}")) }
}

/// Holds the call to have failed with an error that `is` the right one.
pub(super) fn refused<T: Debug>(
    what: &str,
    result: StorageResult<T>,
    is: impl Fn(&StorageError) -> bool,
) -> Seen<()> {
    match result {
        Err(error) if is(&error) => Ok(()),
        Err(error) => broken(format!("{what}: refused with the wrong error: {error}")),
        Ok(value) => broken(format!("{what}: not refused but {value:?}")),
    }
}

/// A put for a transaction.
pub(super) fn write(key: &str, value: &'static str) -> Op {
    Op::Put { key: key.into(), value: Bytes::from_static(value.as_bytes()), ttl: None }
}

/// A delete for a transaction.
pub(super) fn remove(key: &str) -> Op {
    Op::Delete { key: key.into() }
}

/// Commits `txn`, which has no reason to fail.
pub(super) async fn commit(storage: &dyn Storage, txn: Txn) -> Seen<Revision> {
    Ok(committed(storage, txn).await?.0)
}

/// Commits `txn`, and also tells what stood there before.
pub(super) async fn committed(
    storage: &dyn Storage,
    txn: Txn,
) -> Seen<(Revision, Vec<Option<Arc<KeyValue>>>)> {
    match storage.txn(txn).await? {
        TxnOutcome::Committed { revision, previous } => Ok((revision, previous)),
        failed @ TxnOutcome::Failed { .. } => broken(format!("a transaction that holds failed: {failed:?}")),
    }
}

/// Holds `txn` to fail at its condition number `at`; tells what stands there.
pub(super) async fn fails(storage: &dyn Storage, txn: Txn, at: usize) -> Seen<Option<Arc<KeyValue>>> {
    match storage.txn(txn).await? {
        TxnOutcome::Failed { compare, current, .. } => {
            same("the condition that failed", compare, at).map(|()| current)
        }
        done @ TxnOutcome::Committed { .. } => broken(format!("a transaction that does not hold: {done:?}")),
    }
}

/// Writes one value.
pub(super) async fn put(storage: &dyn Storage, key: &str, value: &'static str) -> Seen<Revision> {
    commit(storage, Txn::of(vec![write(key, value)])).await
}

/// The newest value of `key` as text.
pub(super) async fn text(storage: &dyn Storage, key: &str) -> Seen<Option<String>> {
    text_at(storage, key, ReadAt::Latest).await
}

/// The value of `key` as text.
pub(super) async fn text_at(storage: &dyn Storage, key: &str, at: ReadAt) -> Seen<Option<String>> {
    let got = storage.get(&Key::from(key), at).await?;
    Ok(got.kv.map(|kv| String::from_utf8_lossy(&kv.value).into_owned()))
}

/// The keys of `range` at `at`.
pub(super) async fn keys(storage: &dyn Storage, range: &KeyRange, at: ReadAt) -> Seen<Vec<String>> {
    let page = storage.list(range, &ListOptions { at, ..ListOptions::default() }).await?;
    Ok(page.items.iter().map(|kv| kv.key.to_string()).collect())
}

/// Watches `prefix` with previous values and bookmarks.
pub(super) async fn watch(
    storage: &dyn Storage,
    prefix: &str,
    from: WatchFrom,
) -> StorageResult<WatchStream> {
    storage.watch(&KeyRange::prefix(prefix), &WatchOptions { from, previous: true, bookmarks: true }).await
}

/// Everything delivered until the stream has come to `through`.
pub(super) async fn deliveries(stream: &mut WatchStream, through: Revision) -> Seen<Vec<WatchItem>> {
    let mut items = Vec::new();
    loop {
        while let Some(item) = stream.try_next() {
            items.push(item?);
        }
        if stream.position() >= through {
            return Ok(items);
        }
        match stream.next().await {
            Some(item) => items.push(item?),
            None => return broken("a watch ended without an error"),
        }
    }
}

/// The batches delivered until the stream has come to `through`.
pub(super) async fn batches(stream: &mut WatchStream, through: Revision) -> Seen<Vec<Batch>> {
    let batch = |item| if let WatchItem::Batch(batch) = item { Some(batch) } else { None };
    Ok(deliveries(stream, through).await?.into_iter().filter_map(batch).collect())
}

/// One line for each batch: revision, then `+key=value` and `-key`, in the order delivered.
pub(super) fn told(batches: &[Batch]) -> Vec<String> {
    let line = |batch: &Batch| {
        let events: Vec<String> = batch.events.iter().map(event).collect();
        format!("{} {}", batch.revision, events.join(" "))
    };
    batches.iter().map(line).collect()
}

/// `+key=value` or `-key`.
pub(super) fn event(event: &Event) -> String {
    match event {
        Event::Put { kv, .. } => format!("+{}={}", kv.key, String::from_utf8_lossy(&kv.value)),
        Event::Delete { key, .. } => format!("-{key}"),
    }
}

/// The value before an event, as text.
pub(super) fn before(event: &Event) -> Option<String> {
    let (Event::Put { previous, .. } | Event::Delete { previous, .. }) = event;
    previous.as_ref().map(|kv| String::from_utf8_lossy(&kv.value).into_owned())
}
