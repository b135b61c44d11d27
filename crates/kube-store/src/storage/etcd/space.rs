//! Keys as they stand in etcd.

use crate::storage::{Key, KeyRange, KeyValue, Revision, StorageError, StorageResult, TtlId};

/// The part of etcd's keys that belongs to a store.
#[derive(Clone, Debug)]
pub(super) struct Space {
    prefix: String,
}

/// A range of etcd's keys: the first one, and the one after the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) start: Vec<u8>,
    pub(super) end: Vec<u8>,
}

/// etcd's word for "no end".
const OPEN: &[u8] = b"\0";

/// What our own notes begin with; no key of a user does.
const OURS: char = '\0';

impl Space {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// `key` as etcd has it.
    ///
    /// # Errors
    /// [`StorageError::Invalid`] for the empty key and for what begins with a zero byte.
    pub(super) fn key(&self, key: &Key) -> StorageResult<Vec<u8>> {
        let text = key.as_str();
        if text.is_empty() || text.starts_with(OURS) {
            return Err(StorageError::Invalid { reason: format!("etcd cannot hold the key {text:?}") });
        }
        Ok(self.raw(text))
    }

    /// A key that no user has, written so that everybody learns how far etcd is.
    pub(super) fn tick(&self) -> Vec<u8> {
        self.raw("\0tick")
    }

    fn raw(&self, text: &str) -> Vec<u8> {
        format!("{}{text}", self.prefix).into_bytes()
    }

    /// `range` as etcd has it, from `start` on; `None` where there is nothing in between.
    pub(super) fn bounds(&self, range: &KeyRange, start: &str) -> Option<Bounds> {
        let from = start.max(range.start());
        if range.end().is_some_and(|end| from >= end) {
            return None;
        }
        // Behind our own notes.
        let start = self.raw(if from.is_empty() { "\u{1}" } else { from });
        let end = match range.end() {
            Some(end) => self.raw(end),
            None => KeyRange::prefix(&*self.prefix)
                .end()
                .map_or_else(|| OPEN.to_vec(), |end| end.as_bytes().to_vec()),
        };
        Some(Bounds { start, end })
    }

    /// Everything.
    pub(super) fn all(&self) -> Bounds {
        let start = if self.prefix.is_empty() { OPEN.to_vec() } else { self.prefix.clone().into_bytes() };
        let end = KeyRange::prefix(&*self.prefix)
            .end()
            .map_or_else(|| OPEN.to_vec(), |end| end.as_bytes().to_vec());
        Bounds { start, end }
    }

    /// A place where nothing ever stands.
    pub(super) fn nowhere(&self) -> Bounds {
        Bounds { start: self.raw("\0nowhere"), end: Vec::new() }
    }

    /// What a key of etcd is called here; `None` for keys that are none of ours.
    pub(super) fn strip(&self, key: &[u8]) -> Option<Key> {
        let text = std::str::from_utf8(key).ok()?.strip_prefix(&*self.prefix)?;
        (!text.starts_with(OURS)).then(|| Key::new(text))
    }

    /// A value of etcd; `None` for keys that are none of ours.
    pub(super) fn value(&self, kv: etcd_client::KeyValue) -> Option<KeyValue> {
        let key = self.strip(kv.key())?;
        let (created, changed) = (revision(kv.create_revision()), revision(kv.mod_revision()));
        let version = u64::try_from(kv.version()).unwrap_or(0);
        let ttl = (kv.lease() != 0).then(|| TtlId(kv.lease().cast_unsigned()));
        let value = kv.into_key_value().1.into();
        Some(KeyValue { key, value, create_revision: created, mod_revision: changed, version, ttl })
    }
}

/// A revision of etcd, which has no negative ones.
pub(super) fn revision(number: i64) -> Revision {
    Revision::new(u64::try_from(number).unwrap_or(0))
}

/// The number of a revision; etcd gives none above.
pub(super) fn number(revision: Revision) -> i64 {
    i64::try_from(revision.get()).unwrap_or(i64::MAX)
}
