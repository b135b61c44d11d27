//! Writing an export.

use super::{BEGIN, END, ENTRIES, MAGIC};
use crate::storage::crypto::Encryption;
use crate::storage::mvcc::Record;
use crate::storage::mvcc::record::{Codec, Entry, frame, put_number};
use crate::storage::{
    KeyRange, KeyValue, ListOptions, ReadAt, Revision, Storage, StorageError, StorageResult, TtlId, TtlOp,
};
use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

/// What an export holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The revision shown.
    pub revision: Revision,
    /// How many values.
    pub values: u64,
}

/// Bytes of entries in one frame, about.
const FRAME: usize = 256 << 10;
/// Values read from the store at a time.
const PAGE: usize = 500;

/// Writes everything that `storage` shows at its newest revision to `to`, which is flushed. Values of the keys that
/// `encryption` chooses are encrypted.
///
/// # Errors
/// What the store and the writer meet; [`StorageError::Expired`] when a store that is not in this process was
/// compacted meanwhile.
pub async fn export<W: Write + Send>(
    storage: &dyn Storage,
    mut to: W,
    encryption: Option<Arc<Encryption>>,
) -> StorageResult<Exported> {
    let (values, revision) = read(storage).await?;
    let leases = leases(storage, &values).await?;
    let codec = Codec::new(encryption);
    let entries = leases
        .into_iter()
        .map(|(id, length)| Entry::Record(Record::Granted { id, length }))
        .chain(values.iter().cloned().map(Entry::Row));
    let exported = Exported { revision, values: values.len() as u64 };
    let written = write(&mut to, &codec, entries, exported, storage.status().incarnation);
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::StorageFull => StorageError::NoSpace,
        _ => StorageError::Medium { what: format!("cannot write the export: {error}") },
    })?;
    Ok(exported)
}

fn write(
    to: &mut impl Write,
    codec: &Codec,
    entries: impl Iterator<Item = Entry>,
    exported: Exported,
    incarnation: u64,
) -> std::io::Result<()> {
    to.write_all(MAGIC)?;
    let mut payload = vec![BEGIN];
    put_number(&mut payload, exported.revision.get());
    put_number(&mut payload, incarnation);
    to.write_all(&frame(&payload))?;
    payload = vec![ENTRIES];
    for entry in entries {
        codec.encode(&entry, &mut payload);
        if payload.len() >= FRAME {
            to.write_all(&frame(&payload))?;
            payload.truncate(1);
        }
    }
    to.write_all(&frame(&payload))?;
    payload = vec![END];
    put_number(&mut payload, exported.values);
    to.write_all(&frame(&payload))?;
    to.flush()
}

/// Everything at one revision.
async fn read(storage: &dyn Storage) -> StorageResult<(Vec<Arc<KeyValue>>, Revision)> {
    if let Some(snapshot) = storage.snapshot() {
        return Ok((snapshot.range(&KeyRange::all()).cloned().collect(), snapshot.revision()));
    }
    let mut values = Vec::new();
    let mut options = ListOptions { at: ReadAt::Latest, limit: PAGE, continue_from: None };
    loop {
        let page = storage.list(&KeyRange::all(), &options).await?;
        values.extend(page.items);
        match page.next {
            Some(next) => options.continue_from = Some(next),
            None => return Ok((values, page.revision)),
        }
    }
}

async fn leases(storage: &dyn Storage, values: &[Arc<KeyValue>]) -> StorageResult<Vec<(TtlId, Duration)>> {
    let used: BTreeSet<TtlId> = values.iter().filter_map(|kv| kv.ttl).collect();
    let mut leases = Vec::with_capacity(used.len());
    for id in used {
        let length = match storage.ttl(TtlOp::Inspect(id)).await {
            Ok(info) => info.granted,
            // It ended since: what hangs on it goes as soon as it is imported.
            Err(StorageError::NotFound { .. }) => Duration::from_secs(1),
            Err(error) => return Err(error),
        };
        leases.push((id, length));
    }
    Ok(leases)
}
