//! Reading an export.

use super::{BEGIN, END, ENTRIES, MAGIC};
use crate::storage::crypto::Encryption;
use crate::storage::mvcc::record::{Codec, Decoder, Entry, Reader, corrupt, unframe};
use crate::storage::mvcc::{Contents, Journal, MvccStorage, Record};
use crate::storage::{KeyValue, Revision, StorageError, StorageResult, TtlId};
use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

/// Replaces everything that `into` holds by what was exported, at one revision above all that either has had.
/// Values keep their revisions and versions; watches and reads of older revisions are [`StorageError::Expired`], and
/// the incarnation is another. Times to live begin anew with their full length.
///
/// # Errors
/// [`StorageError::Corrupt`] for an export that is damaged or cut short, [`StorageError::Sealed`] for one that is
/// encrypted with a key that `encryption` does not have: nothing was changed then. What the engine meets.
pub async fn import<J: Journal>(
    from: impl Read + Send,
    into: &MvccStorage<J>,
    encryption: Option<Arc<Encryption>>,
) -> StorageResult<Revision> {
    into.replace(parse_all(from, encryption)?).await
}

/// Reads an export to its end, and checks it.
pub(super) fn parse_all(mut from: impl Read, encryption: Option<Arc<Encryption>>) -> StorageResult<Contents> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)
        .map_err(|error| StorageError::Medium { what: format!("cannot read the export: {error}") })?;
    parse(&bytes, &Codec::new(encryption))
}

fn parse(bytes: &[u8], codec: &Codec) -> StorageResult<Contents> {
    let mut rest = bytes.strip_prefix(MAGIC).ok_or_else(|| not_ours(bytes))?;
    let mut read = Parsed::default();
    while read.count.is_none() {
        let (payload, behind) = unframe(rest)?;
        read.frame(payload, codec)?;
        rest = behind;
    }
    if !rest.is_empty() {
        return Err(corrupt(format!("the export has {} bytes behind its end", rest.len())));
    }
    read.checked()
}

fn not_ours(bytes: &[u8]) -> StorageError {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line.get(..40).unwrap_or(line)).into_owned();
    corrupt(format!("not an export that this build reads: it begins with {line:?}"))
}

#[derive(Debug, Default)]
struct Parsed {
    revision: Option<Revision>,
    leases: Vec<(TtlId, Duration)>,
    rows: Vec<Arc<KeyValue>>,
    count: Option<u64>,
}

impl Parsed {
    fn frame(&mut self, payload: &[u8], codec: &Codec) -> StorageResult<()> {
        let mut from = Reader::new(payload);
        match (from.byte()?, self.revision.is_some()) {
            (BEGIN, false) => self.revision = Some(Revision::new(from.number()?)),
            (ENTRIES, true) => {
                let mut decoder = Decoder::new(codec, from);
                while let Some(entry) = decoder.next()? {
                    self.entry(entry)?;
                }
            }
            (END, true) => self.count = Some(from.number()?),
            (kind, _) => return Err(corrupt(format!("a frame of kind {kind} out of place in the export"))),
        }
        Ok(())
    }

    fn entry(&mut self, entry: Entry) -> StorageResult<()> {
        match entry {
            Entry::Record(Record::Granted { id, length }) => self.leases.push((id, length)),
            Entry::Row(kv) => {
                if self.rows.last().is_some_and(|last| last.key >= kv.key) {
                    return Err(corrupt(format!("{} is out of order in the export", kv.key)));
                }
                self.rows.push(kv);
            }
            _ => return Err(corrupt("an entry that no export has")),
        }
        Ok(())
    }

    fn checked(self) -> StorageResult<Contents> {
        let Self { revision, leases, rows, count } = self;
        let revision = revision.unwrap_or_default();
        if count != Some(rows.len() as u64) {
            return Err(corrupt(format!("the export has {} values where it says {count:?}", rows.len())));
        }
        if let Some(kv) = rows.iter().find(|kv| kv.mod_revision > revision) {
            return Err(corrupt(format!("{} is newer than the export it is in", kv.key)));
        }
        let known: BTreeSet<TtlId> = leases.iter().map(|(id, _)| *id).collect();
        if let Some(kv) = rows.iter().find(|kv| kv.ttl.is_some_and(|id| !known.contains(&id))) {
            return Err(corrupt(format!("{} hangs on a time to live that is not in the export", kv.key)));
        }
        Ok(Contents { revision, leases, rows })
    }
}
