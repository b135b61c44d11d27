//! Reading.

use super::LIMITS;
use super::call::Again;
use super::core::Core;
use super::encode::Stood;
use super::failure::Failure;
use super::space::{Bounds, number};
use crate::storage::{
    Continue, Got, Key, KeyRange, KeyValue, ListOptions, Op, Page, ReadAt, Revision, StorageError,
    StorageResult, Txn,
};
use etcd_client::{GetOptions, GetResponse};
use std::sync::Arc;

/// How many values of a state are asked for at once.
const PAGE: usize = 5000;

/// What etcd answered to a read.
struct Range {
    items: Vec<Arc<KeyValue>>,
    /// The revision that the items show.
    revision: Revision,
    /// How many there are, these included.
    count: u64,
}

impl Core {
    pub(super) async fn get(&self, key: &Key, at: ReadAt) -> StorageResult<Got> {
        let bounds = Bounds { start: self.space.key(key)?, end: Vec::new() };
        let Range { items, revision, .. } = self.range(&bounds, at, GetOptions::new()).await?;
        Ok(Got { kv: items.into_iter().next(), revision })
    }

    pub(super) async fn list(&self, range: &KeyRange, options: &ListOptions) -> StorageResult<Page> {
        let (at, start) = match &options.continue_from {
            Some(Continue { revision: Revision::ZERO, start }) => (ReadAt::Latest, &**start),
            Some(Continue { revision, start }) => (ReadAt::Exactly(*revision), &**start),
            None => (options.at, range.start()),
        };
        let bounds = self.space.bounds(range, start).unwrap_or_else(|| self.space.nowhere());
        let limit = i64::try_from(options.limit).unwrap_or(0);
        let read = self.range(&bounds, at, GetOptions::new().with_limit(limit)).await;
        let rest_at_newest = || options.continue_from.as_ref().map(Continue::at_newest);
        let Range { items, revision, count } = read.map_err(|error| error.with_next(rest_at_newest()))?;
        let shown = u64::try_from(items.len()).unwrap_or(u64::MAX);
        // What is none of ours may be counted, but is not on the way.
        let remaining = if options.limit == 0 { 0 } else { count.saturating_sub(shown) };
        // No text lies between a key and the key with a zero byte appended.
        let rest = items.last().filter(|_| remaining > 0).map(|last| format!("{}\0", last.key));
        let next = rest.map(|rest| Continue { revision, start: rest.into() });
        Ok(Page { items, revision, remaining, next })
    }

    /// Everything in `range` at the newest revision, page by page.
    pub(super) async fn state(&self, range: &KeyRange) -> StorageResult<(Revision, Vec<Arc<KeyValue>>)> {
        let mut options = ListOptions { limit: PAGE, ..ListOptions::default() };
        let mut all = Vec::new();
        loop {
            match self.list(range, &options).await {
                Ok(Page { items, revision, next, .. }) => {
                    all.extend(items);
                    options.continue_from = next;
                    if options.continue_from.is_none() {
                        return Ok((revision, all));
                    }
                }
                // Compacted between two pages.
                Err(StorageError::Expired { .. }) => {
                    all.clear();
                    options.continue_from = None;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The keys that stood in `range` at `at`, one more than a transaction can check at the most.
    pub(super) async fn stood(&self, range: &KeyRange, at: Revision) -> StorageResult<Stood> {
        let (Some(bounds), true) = (self.space.bounds(range, ""), at > Revision::ZERO) else {
            return Ok(Vec::new());
        };
        let limit = i64::try_from(LIMITS.max_txn_ops).unwrap_or(i64::MAX) + 1;
        let options = GetOptions::new().with_keys_only().with_limit(limit);
        let Range { items, .. } = self.range(&bounds, ReadAt::Exactly(at), options).await?;
        Ok(items.iter().map(|kv| (kv.key.clone(), kv.mod_revision)).collect())
    }

    /// What became of a transaction that etcd has no room for, sent when `before` was the newest revision that was
    /// known. The one by which the quota is used up is told the same as those after it, and yet it is applied
    /// (`quotaApplierV3` of etcd's `server/etcdserver`).
    pub(super) async fn no_space(&self, txn: &Txn, before: Revision) -> StorageError {
        // Deletes alone as well: etcd 3.5.1 answers so to them, and applies them.
        let Some(key) = txn.ops.first().map(Op::key) else {
            return StorageError::NoSpace;
        };
        match self.get(key, ReadAt::Latest).await {
            Ok(got) if got.revision <= before => StorageError::NoSpace,
            Ok(Got { kv: Some(kv), .. }) if kv.mod_revision <= before => StorageError::NoSpace,
            _ => StorageError::Unknown {
                reason: "etcd, a transaction: the quota is used up, perhaps by this one".into(),
            },
        }
    }

    async fn range(&self, bounds: &Bounds, at: ReadAt, options: GetOptions) -> StorageResult<Range> {
        match at {
            ReadAt::Latest => self.once(bounds, options, None).await,
            ReadAt::Any => self.once(bounds, options.with_serializable(), None).await,
            ReadAt::Exactly(asked) => {
                // Zero would be the newest; nothing happened at the first revision.
                let at = asked.max(Revision::new(1));
                let read = self.once(bounds, options.with_revision(number(at)), Some(at)).await?;
                Ok(Range { revision: asked, ..read })
            }
            ReadAt::AtLeast(asked) => {
                // Any member that is there will do; otherwise what the leader has is all there is.
                let near = self.once(bounds, options.clone().with_serializable(), None).await?;
                if near.revision >= asked {
                    return Ok(near);
                }
                let newest = self.once(bounds, options, None).await?;
                if newest.revision < asked {
                    return Err(StorageError::Future { asked, head: newest.revision });
                }
                Ok(newest)
            }
        }
    }

    async fn once(
        &self,
        bounds: &Bounds,
        options: GetOptions,
        exactly: Option<Revision>,
    ) -> StorageResult<Range> {
        let options = if bounds.end.is_empty() { options } else { options.with_range(bounds.end.clone()) };
        let look = || {
            let (mut kv, key, options) = (self.kv(), bounds.start.clone(), options.clone());
            async move { kv.get(key, Some(options)).await }
        };
        let mut got: GetResponse = match self.call(Again::Safe, look).await {
            Ok(got) => got,
            Err(failure @ (Failure::Compacted | Failure::Future)) => {
                return Err(self.explain(failure, exactly.unwrap_or_default(), "reading").await);
            }
            Err(failure) => return Err(failure.of_read("reading")),
        };
        let head = self.note_seen(got.header().map_or(0, etcd_client::ResponseHeader::revision));
        let count = u64::try_from(got.count()).unwrap_or(0);
        let items = got.take_kvs().into_iter().filter_map(|kv| self.space.value(kv)).map(Arc::new).collect();
        Ok(Range { items, revision: exactly.unwrap_or(head), count })
    }
}
