//! The log: segments in the order in which they were written, and the messages in them.

use super::pages::{Kind, Pages, Piece};
use super::wire::{lsn, number};
use super::{Place, Source};
use crate::storage::StorageResult;
use crate::storage::mvcc::record::{Reader, corrupt};
use std::collections::BTreeMap;

/// Bytes of a segment.
const SEGMENT: usize = 512 << 10;
/// Bytes before the messages of a segment.
const HEADER: usize = 20;
/// No message begins closer to the end of its segment.
const RED_ZONE: usize = 32;
/// sled inverts numbers in headers, so that zeros are none.
const INVERTED: i64 = i64::MAX;
/// A segment, in places of the log.
const SIZE: i64 = 512 << 10;
const HEADER_SIZE: i64 = 20;
/// Messages are of kinds up to this one.
const LAST_KIND: u8 = 11;

/// Segments by the number of their first byte in the log, and where they lie in the file.
type Segments = BTreeMap<i64, u64>;

/// Reads the log, and what it makes of the pages.
pub(super) fn read(source: &Source) -> StorageResult<Pages> {
    let (segments, stable) = segments(source)?;
    let end = end(source, &segments, stable)?;
    let mut pages = Pages::default();
    let mut walk = Walk { tail: false, ..Walk::over(source, segments, Some(end)) };
    while let Some(piece) = walk.next()? {
        pages.apply(piece);
    }
    Ok(pages)
}

/// The segments, and the place up to which they say that everything is there.
fn segments(source: &Source) -> StorageResult<(Segments, i64)> {
    let (mut segments, mut stable) = (Segments::new(), 0);
    let mut header = [0; HEADER];
    for offset in (0..source.len).step_by(SEGMENT).filter(|offset| offset + HEADER as u64 <= source.len) {
        source.read(offset, &mut header)?;
        let Some((first, known)) = header_of(&header) else { continue };
        stable = stable.max(known);
        if segments.insert(first, offset).is_some() {
            return Err(corrupt(format!("sled: two segments at {first} of the log")));
        }
    }
    Ok((segments, stable))
}

fn header_of(header: &[u8; HEADER]) -> Option<(i64, i64)> {
    let (sum, rest) = header.split_first_chunk::<4>()?;
    if !crc32fast::hash(rest) != u32::from_le_bytes(*sum) {
        return None;
    }
    let mut from = Reader::new(rest);
    let (first, stable) = (lsn(&mut from).ok()? ^ INVERTED, lsn(&mut from).ok()? ^ INVERTED);
    (first >= 0 && first % SIZE == 0).then_some((first, stable))
}

/// Where the last message ends that nothing is missing before. What was written last may have been torn by a crash:
/// segments above the `stable` place have to follow each other without a gap.
fn end(source: &Source, segments: &Segments, stable: i64) -> StorageResult<i64> {
    let lowest = (stable / SIZE * SIZE).max(0);
    let (mut tail, mut missing) = (Segments::new(), None);
    for (expected, (first, offset)) in (0..).map(|n| lowest + n * SIZE).zip(segments.range(lowest..)) {
        if *first != expected {
            missing = Some(expected);
            break;
        }
        tail.insert(*first, *offset);
    }
    let mut walk = Walk::over(source, tail, missing);
    while walk.next()?.is_some() {}
    Ok(walk.at.unwrap_or(0) - 1)
}

/// Goes through messages one after the other.
struct Walk<'a> {
    source: &'a Source,
    left: Segments,
    /// Where it ends.
    until: Option<i64>,
    /// A message that cannot be read ends it. Further up, such a message is what is left of an older segment that was
    /// only begun to be written over; what it showed was written again later.
    tail: bool,
    at: Option<i64>,
    segment: Option<Loaded>,
}

/// A segment in memory.
struct Loaded {
    offset: u64,
    bytes: Vec<u8>,
}

/// What stands at a place.
enum Message {
    Piece(Piece),
    /// The messages that follow up to there count all or none.
    Batch(i64),
    /// Nothing any more.
    Canceled,
    /// The segment ends here.
    Cap,
    /// No message, or what is left of one.
    Unreadable,
    /// The file ends here.
    Short,
}

impl<'a> Walk<'a> {
    fn over(source: &'a Source, left: Segments, until: Option<i64>) -> Self {
        Self { source, left, until, tail: true, at: None, segment: None }
    }

    fn next(&mut self) -> StorageResult<Option<Piece>> {
        loop {
            let within = usize::try_from(self.at.unwrap_or(0) % SIZE).unwrap_or(0);
            if !(HEADER..=SEGMENT - RED_ZONE).contains(&within) {
                self.segment = None;
            }
            if self.segment.is_none() && !self.load()? {
                return Ok(None);
            }
            let (Some(at), Some(segment)) = (self.at, &self.segment) else { return Ok(None) };
            if self.until.is_some_and(|until| at > until) {
                return Ok(None);
            }
            let (message, len) = segment.message(at);
            match message {
                Message::Batch(last) if self.until.is_some_and(|until| last > until) => return Ok(None),
                Message::Short => return Ok(None),
                Message::Unreadable if self.tail => return Ok(None),
                Message::Unreadable | Message::Cap => self.segment = None,
                Message::Batch(_) | Message::Canceled => self.at = Some(at + len),
                Message::Piece(piece) => {
                    self.at = Some(at + len);
                    return Ok(Some(piece));
                }
            }
        }
    }

    /// Goes on to the next segment, if there is one.
    fn load(&mut self) -> StorageResult<bool> {
        let Some((first, offset)) = self.left.first_key_value().map(|(first, offset)| (*first, *offset))
        else {
            return Ok(false);
        };
        if self.until.is_some_and(|until| first > until) {
            return Ok(false);
        }
        let len = usize::try_from(self.source.len - offset).unwrap_or(SEGMENT).min(SEGMENT);
        let bytes = self.source.bytes(Place { offset, len })?;
        (self.at, self.segment) = (Some(first + HEADER_SIZE), Some(Loaded { offset, bytes }));
        self.left.remove(&first);
        Ok(true)
    }
}

impl Loaded {
    /// The message at `at` of the log, and how long it is.
    fn message(&self, at: i64) -> (Message, i64) {
        self.checked(at).unwrap_or((Message::Unreadable, 0))
    }

    fn checked(&self, at: i64) -> StorageResult<(Message, i64)> {
        let from = usize::try_from(at % SIZE).unwrap_or(0);
        // The space for a header is zero where the file ends before it.
        let mut start = [0; 48];
        let there = self.bytes.get(from..).unwrap_or_default();
        let known = there.len().min(start.len());
        start[..known].copy_from_slice(&there[..known]);
        let mut reader = Reader::new(&start);
        let sum = u32::from_le_bytes(*reader.take(4)?.first_chunk().unwrap_or(&[0; 4]));
        let kind = reader.byte()?;
        let (len, segment, page) = (number(&mut reader)?, number(&mut reader)?, number(&mut reader)?);
        let header = start.len() - reader.rest().len();
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        if kind == 0 || kind > LAST_KIND || len > (SEGMENT - from).saturating_sub(header) {
            return Ok((Message::Unreadable, 0));
        }
        let Some(payload) = there.get(header..header + len) else { return Ok((Message::Short, 0)) };
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(payload);
        hasher.update(&start[4..header]);
        let number = u64::try_from(at / SIZE).unwrap_or(u64::MAX);
        if !hasher.finalize() != sum || segment != number {
            return Ok((Message::Unreadable, 0));
        }
        let place = Place { offset: self.offset + (from + header) as u64, len };
        Ok((message_of(kind, page, payload, at, place)?, i64::try_from(header + len).unwrap_or(SIZE)))
    }
}

/// `kind` as sled numbers them; 7, 9 and 11 are in files of their own, which rows as long as ours never are.
fn message_of(kind: u8, page: u64, payload: &[u8], at: i64, place: Place) -> StorageResult<Message> {
    let piece = |kind| Message::Piece(Piece { kind, page, at, place });
    Ok(match kind {
        1 => Message::Canceled,
        2 => Message::Cap,
        3 => Message::Batch(lsn(&mut Reader::new(payload))?),
        4 => piece(Kind::Free),
        5 | 6 | 8 => piece(Kind::Whole),
        10 => piece(Kind::Link),
        7 | 9 | 11 => piece(Kind::Elsewhere),
        _ => Message::Unreadable,
    })
}
