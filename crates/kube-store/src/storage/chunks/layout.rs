//! How entries lie in chunks.

use crate::storage::mvcc::Horizon;
use crate::storage::mvcc::record::{Reader, frame, put_number, unframe};
use crate::storage::{Revision, StorageResult, TtlId};
use std::ops::Range;

/// What stands before the entries of every chunk; that of the newest chunk counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) horizon: Horizon,
    /// The newest time to live ever granted: ids are not reused.
    pub(super) last_ttl: TtlId,
    /// The oldest chunk held.
    pub(super) first: u64,
}

impl Header {
    fn write(&self, out: &mut Vec<u8>) {
        let Self { horizon, last_ttl, first } = self;
        put_number(out, horizon.incarnation);
        put_number(out, horizon.compacted.get());
        put_number(out, horizon.used.get());
        put_number(out, last_ttl.0);
        put_number(out, *first);
    }

    fn read(from: &mut Reader<'_>) -> StorageResult<Self> {
        let incarnation = from.number()?;
        let (compacted, used) = (Revision::new(from.number()?), Revision::new(from.number()?));
        let (last_ttl, first) = (TtlId(from.number()?), from.number()?);
        Ok(Self { horizon: Horizon { compacted, used, incarnation }, last_ttl, first })
    }

    /// The header of a chunk, and its entries.
    pub(super) fn split(chunk: &[u8]) -> StorageResult<(Self, Reader<'_>)> {
        let (payload, rest) = unframe(chunk)?;
        if !rest.is_empty() {
            let what = format!("a chunk with {} bytes behind its end", rest.len());
            return Err(crate::storage::mvcc::record::corrupt(what));
        }
        let mut from = Reader::new(payload);
        let header = Self::read(&mut from)?;
        Ok((header, from))
    }
}

/// Encoded entries on their way into chunks.
#[derive(Debug, Default)]
pub(super) struct Packer {
    bytes: Vec<u8>,
    /// Where each entry ends, and the newest revision it makes visible.
    ends: Vec<(usize, Revision)>,
}

/// A chunk, packed.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) bytes: Vec<u8>,
    pub(super) newest: Revision,
}

/// Chunks are filled up to just below these sizes, the largest that a batch fills first: engines round what they are
/// given up to powers of two.
const SIZES: [usize; 5] = [64 << 10, 32 << 10, 16 << 10, 8 << 10, 4 << 10];

/// What an engine and a header add, at the most.
const MARGIN: usize = 160;

impl Packer {
    /// Adds an entry, encoded by `encode`, which makes `newest` visible.
    pub(super) fn add(&mut self, newest: Revision, encode: impl FnOnce(&mut Vec<u8>)) {
        encode(&mut self.bytes);
        self.ends.push((self.bytes.len(), newest));
    }

    /// How many bytes were added.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Everything that was added, in chunks. Without entries that is one chunk, which holds the header.
    pub(super) fn pack(&self, header: &Header) -> Vec<Packed> {
        let mut packed = Vec::new();
        let (mut start, mut from) = (0, 0);
        while from < self.ends.len() {
            let left = self.bytes.len() - start;
            let size = SIZES.into_iter().find(|size| *size <= left + MARGIN).unwrap_or(SIZES[4]);
            let fits = |(end, _): &(usize, Revision)| end - start <= size - MARGIN;
            let to = (from + self.ends[from..].partition_point(fits)).max(from + 1);
            packed.push(self.chunk(header, start, from..to));
            (start, from) = (self.ends[to - 1].0, to);
        }
        if packed.is_empty() {
            packed.push(self.chunk(header, 0, 0..0));
        }
        packed
    }

    /// Everything that was added, as one chunk whatever its size.
    pub(super) fn whole(&self, header: &Header) -> Vec<u8> {
        self.chunk(header, 0, 0..self.ends.len()).bytes
    }

    fn chunk(&self, header: &Header, start: usize, entries: Range<usize>) -> Packed {
        let ends = &self.ends[entries];
        let end = ends.last().map_or(start, |(end, _)| *end);
        let newest = ends.iter().map(|(_, newest)| *newest).max().unwrap_or_default();
        let mut payload = Vec::with_capacity(end - start + 64);
        header.write(&mut payload);
        payload.extend_from_slice(&self.bytes[start..end]);
        Packed { bytes: frame(&payload), newest }
    }
}
