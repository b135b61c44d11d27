//! What a strategy may add to the transaction of a write.

use super::Objects;
use super::candidate::{Candidate, Stored};
use super::draft::{Current, Draft, Origin};
use super::keys::Keys;
use crate::service::{Subresource, WriteOptions};
use crate::storage::{Compare, Key, KeyRange, Revision};
use async_trait::async_trait;
use bytes::Bytes;
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::resource::{KindInfo, ObjectKey};
use serde_json::Value;
use std::fmt;

/// What a request does to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Creates it.
    Create,
    /// Changes it, or a part of it.
    Update,
    /// Deletes it, or begins its deletion.
    Delete,
}

/// Adds compares and writes to the transactions of a kind: allocations, quotas, budgets.
#[async_trait]
pub trait Contributor: Send + Sync + fmt::Debug + 'static {
    /// Adds compares and writes to the transaction of a write, and may fill in fields of the new object. `old` is
    /// `None` for a create, `new` for a deletion. Runs last, and again whenever the transaction lost a race.
    ///
    /// # Errors
    /// What refuses the write.
    async fn contribute(
        &self,
        cx: &Contribution<'_>,
        old: Option<&Stored>,
        new: Option<&mut Candidate>,
        txn: &mut TxnBuilder,
    ) -> Result<(), ApiError>;
}

/// The write under way, and reads that see what the same request has written before.
#[derive(Debug)]
pub struct Contribution<'a> {
    pub(crate) objects: &'a Objects,
    pub(crate) draft: &'a Draft,
    pub(crate) kind: &'a KindInfo,
    pub(crate) key: &'a ObjectKey,
    pub(crate) operation: Operation,
    pub(crate) subresource: Subresource,
    pub(crate) options: &'a WriteOptions,
}

/// A value that was read, to be handed to [`TxnBuilder::expect`].
#[derive(Clone, Debug)]
pub struct Read {
    key: Key,
    current: Option<Current>,
    /// Written by the same request, so that there is nothing to compare.
    pending: bool,
}

impl Read {
    /// The value; `None` when the key is absent.
    pub fn value(&self) -> Option<&Bytes> {
        self.current.as_ref().map(|current| &current.value)
    }

    /// The value as JSON; `None` when the key is absent.
    ///
    /// # Errors
    /// 500 when it is not JSON.
    pub fn json(&self) -> Result<Option<Value>, ApiError> {
        self.value().map(|bytes| serde_json::from_slice(bytes).map_err(ApiError::internal)).transpose()
    }
}

/// The values of a range that was read, to be handed to [`TxnBuilder::expect_range`].
#[derive(Clone, Debug)]
pub struct RangeRead {
    range: KeyRange,
    revision: Revision,
    /// Keys and values, in key order.
    pub items: Vec<(Key, Bytes)>,
}

impl Contribution<'_> {
    /// The kind written.
    pub fn kind(&self) -> &KindInfo {
        self.kind
    }

    /// The object's key.
    pub fn key(&self) -> &ObjectKey {
        self.key
    }

    /// What is done to it.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// Which part of it is written.
    pub fn subresource(&self) -> Subresource {
        self.subresource
    }

    /// Whether nothing will be stored.
    pub fn is_dry_run(&self) -> bool {
        self.options.dry_run
    }

    /// The environment.
    pub fn env(&self) -> &Env {
        &self.objects.env
    }

    /// Makes keys of objects.
    pub fn keys(&self) -> &Keys {
        self.objects.kinds.keys()
    }

    /// The value of a key, as earlier writes of the same request left it.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn get(&self, key: &Key) -> Result<Read, ApiError> {
        let current = self.draft.get(&*self.objects.storage, key).await?;
        Ok(Read { key: key.clone(), current, pending: self.draft.writes(key) })
    }

    /// The values of a range, as earlier writes of the same request left them.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn list(&self, range: &KeyRange) -> Result<RangeRead, ApiError> {
        let (items, revision) = self.draft.list(&*self.objects.storage, range).await?;
        Ok(RangeRead { range: range.clone(), revision, items })
    }

    /// Another object, as earlier writes of the same request left it.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn object(&self, kind: &KindInfo, key: &ObjectKey) -> Result<Read, ApiError> {
        self.get(&self.keys().object(kind, key)).await
    }
}

/// Compares and writes that are added to the transaction of a write.
///
/// When a compare does not hold, the whole request is planned again from what is stored then.
#[derive(Debug, Default)]
pub struct TxnBuilder {
    compares: Vec<Compare>,
    puts: Vec<(Read, Option<Bytes>)>,
}

impl TxnBuilder {
    /// The write holds only while `compare` does.
    pub fn compare(&mut self, compare: Compare) {
        self.compares.push(compare);
    }

    /// The write holds only while the value is the one that was read.
    pub fn expect(&mut self, read: &Read) {
        if read.pending {
            return;
        }
        let key = read.key.clone();
        match &read.current {
            Some(Current { revision: Some(revision), .. }) => {
                self.compares.push(Compare::Unchanged { key, revision: *revision });
            }
            _ => self.compares.push(Compare::Absent { key }),
        }
    }

    /// The write holds only while no key of the range is written by somebody else.
    pub fn expect_range(&mut self, read: &RangeRead) {
        self.compares.push(Compare::RangeUnchanged { range: read.range.clone(), revision: read.revision });
    }

    /// Writes `value` over what was read, and expects it unchanged.
    pub fn put(&mut self, read: &Read, value: impl Into<Bytes>) {
        self.expect(read);
        self.puts.push((read.clone(), Some(value.into())));
    }

    /// Deletes what was read, and expects it unchanged.
    pub fn delete(&mut self, read: &Read) {
        if read.current.is_some() {
            self.expect(read);
            self.puts.push((read.clone(), None));
        }
    }

    pub(crate) fn add_to(self, draft: &mut Draft) {
        for compare in self.compares {
            draft.compare(compare, Origin::Read);
        }
        for (read, value) in self.puts {
            match value {
                Some(value) => draft.put(read.key, value, None, read.current.as_ref()),
                None => draft.delete(read.key, read.current.as_ref()),
            }
        }
    }
}
