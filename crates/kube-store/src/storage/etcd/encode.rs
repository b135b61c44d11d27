//! Transactions in etcd's words, and what came of them.

use super::LIMITS;
use super::space::{Space, number};
use crate::storage::{
    Compare, Key, KeyValue, Op, Revision, StorageError, StorageResult, TtlId, Txn, TxnOutcome,
};
use etcd_client::{
    CompareOp, DeleteOptions, DeleteResponse, Error, GetOptions, KvClient, PutOptions, PutResponse,
    ResponseHeader, TxnOp, TxnOpResponse,
};
use std::sync::Arc;

/// The keys that stood in a range at a revision, and when each was written.
pub(super) type Stood = Vec<(Key, Revision)>;

/// What stands at the place of each condition.
type Found = Vec<Vec<Arc<KeyValue>>>;

/// What etcd answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) revision: Revision,
    /// What was done; `Err` with what stands at each condition's place where one did not hold.
    pub(super) result: Result<Done, Found>,
}

/// What a transaction that holds did.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Whether it wrote or deleted anything: deletes of what is absent make no revision.
    pub(super) changed: bool,
    /// What stood at each operation's key, as far as that was asked.
    pub(super) previous: Vec<Option<Arc<KeyValue>>>,
}

impl Done {
    fn put(&mut self, space: &Space, mut response: PutResponse) {
        self.changed = true;
        self.previous.push(response.take_prev_key().and_then(|kv| space.value(kv)).map(Arc::new));
    }

    fn delete(&mut self, space: &Space, mut response: DeleteResponse) {
        self.changed |= response.deleted() > 0;
        let previous = response.take_prev_kvs().into_iter().next();
        self.previous.push(previous.and_then(|kv| space.value(kv)).map(Arc::new));
    }
}

/// A transaction in etcd's words.
///
/// One write that asks for nothing is no `Txn` to etcd: to judge its conditions, of which there are none, etcd before 3.5
/// copies everything that was written since it last wrote to its file.
#[derive(Debug)]
pub(super) enum Request {
    Put { key: Vec<u8>, value: Vec<u8>, options: PutOptions },
    Delete { key: Vec<u8>, options: DeleteOptions },
    Txn(etcd_client::Txn),
}

impl Request {
    /// `txn` for etcd, with what stood in the ranges that it wants unchanged.
    pub(super) fn of(space: &Space, txn: &Txn, stood: &[Stood]) -> StorageResult<Self> {
        match (&*txn.compares, &*txn.ops) {
            ([], [Op::Put { key, value, ttl }]) => {
                let (key, value) = (space.key(key)?, value.to_vec());
                Ok(Self::Put { key, value, options: put_options(*ttl, txn.quiet) })
            }
            ([], [Op::Delete { key }]) => {
                Ok(Self::Delete { key: space.key(key)?, options: delete_options(txn.quiet) })
            }
            _ => encode(space, txn, stood).map(Self::Txn),
        }
    }

    /// Sends it.
    pub(super) async fn send(self, mut kv: KvClient, space: &Space) -> Result<Answer, Error> {
        let mut done = Done::default();
        let revision = match self {
            Self::Put { key, value, options } => {
                let mut put = kv.put(key, value, Some(options)).await?;
                let revision = revision_of(put.take_header());
                done.put(space, put);
                revision
            }
            Self::Delete { key, options } => {
                let mut delete = kv.delete(key, Some(options)).await?;
                let revision = revision_of(delete.take_header());
                done.delete(space, delete);
                revision
            }
            Self::Txn(txn) => return Ok(read(space, kv.txn(txn).await?)),
        };
        Ok(Answer { revision, result: Ok(done) })
    }
}

/// `txn` for etcd. `stood` tells, for each [`Compare::RangeUnchanged`] in order, what stood in the range.
///
/// etcd has no compare that sees a deletion in a range. So a range is unchanged when nothing in it was written after
/// the revision, and each key that stood there then is still of that time.
pub(super) fn encode(space: &Space, txn: &Txn, stood: &[Stood]) -> StorageResult<etcd_client::Txn> {
    let mut compares = Vec::new();
    let mut looks = Vec::new();
    let mut stood = stood.iter();
    for compare in &txn.compares {
        match compare {
            Compare::Unchanged { key, revision } => {
                let key = space.key(key)?;
                let at = number(*revision);
                // Zero would hold for what is absent.
                let op = if at == 0 { CompareOp::Less } else { CompareOp::Equal };
                compares.push(etcd_client::Compare::mod_revision(key.clone(), op, at));
                looks.push(TxnOp::get(key, None));
            }
            Compare::Absent { key } => {
                let key = space.key(key)?;
                compares.push(etcd_client::Compare::create_revision(key.clone(), CompareOp::Equal, 0));
                looks.push(TxnOp::get(key, None));
            }
            Compare::Exists { key } => {
                let key = space.key(key)?;
                compares.push(etcd_client::Compare::create_revision(key.clone(), CompareOp::Greater, 0));
                looks.push(TxnOp::get(key, None));
            }
            Compare::RangeUnchanged { range, revision } => {
                let Some(bounds) = space.bounds(range, "") else {
                    // Nothing stands in it, and nothing can.
                    looks.push(TxnOp::get(space.tick(), Some(GetOptions::new().with_count_only())));
                    continue;
                };
                let after = number(*revision).saturating_add(1);
                let none_after =
                    etcd_client::Compare::mod_revision(bounds.start.clone(), CompareOp::Less, after);
                compares.push(none_after.with_range(bounds.end.clone()));
                for (key, at) in stood.next().into_iter().flatten() {
                    let (key, at) = (space.key(key)?, number(*at));
                    compares.push(etcd_client::Compare::mod_revision(key, CompareOp::Equal, at));
                }
                let look = GetOptions::new().with_range(bounds.end).with_keys_only();
                looks.push(TxnOp::get(bounds.start, Some(look)));
            }
        }
    }
    if compares.len() > LIMITS.max_txn_ops {
        let reason = format!("etcd cannot check that many keys of a range at once: {}", compares.len());
        return Err(StorageError::Invalid { reason });
    }
    let ops = txn.ops.iter().map(|op| encode_op(space, op, txn.quiet)).collect::<StorageResult<Vec<_>>>()?;
    Ok(etcd_client::Txn::new().when(compares).and_then(ops).or_else(looks))
}

fn encode_op(space: &Space, op: &Op, quiet: bool) -> StorageResult<TxnOp> {
    Ok(match op {
        Op::Put { key, value, ttl } => {
            TxnOp::put(space.key(key)?, value.to_vec(), Some(put_options(*ttl, quiet)))
        }
        Op::Delete { key } => TxnOp::delete(space.key(key)?, Some(delete_options(quiet))),
    })
}

fn put_options(ttl: Option<TtlId>, quiet: bool) -> PutOptions {
    let options = PutOptions::new().with_lease(ttl.map_or(0, |id| id.0.cast_signed()));
    if quiet { options } else { options.with_prev_key() }
}

fn delete_options(quiet: bool) -> DeleteOptions {
    if quiet { DeleteOptions::new() } else { DeleteOptions::new().with_prev_key() }
}

/// What `answer` means for the transaction `txn`.
pub(super) fn decode(txn: &Txn, stood: &[Stood], answer: Answer) -> StorageResult<TxnOutcome> {
    let Answer { revision, result } = answer;
    let found = match result {
        Ok(done) => return Ok(TxnOutcome::Committed { revision, previous: done.previous }),
        Err(found) => found,
    };
    let mut stood = stood.iter();
    for (at, (compare, found)) in txn.compares.iter().zip(found).enumerate() {
        let now = found.first();
        let holds = match compare {
            Compare::Unchanged { revision, .. } => now.is_some_and(|kv| kv.mod_revision == *revision),
            Compare::Absent { .. } => now.is_none(),
            Compare::Exists { .. } => now.is_some(),
            Compare::RangeUnchanged { .. } => {
                let was = stood.next().map_or(&[][..], Vec::as_slice);
                found.iter().map(|kv| (&kv.key, kv.mod_revision)).eq(was.iter().map(|(key, at)| (key, *at)))
            }
        };
        if !holds {
            let range = matches!(compare, Compare::RangeUnchanged { .. });
            let current = found.into_iter().next().filter(|_| !range);
            return Ok(TxnOutcome::Failed { revision, compare: at, current });
        }
    }
    Err(StorageError::Corrupt { what: "etcd says that a condition does not hold, and all do".into() })
}

fn revision_of(header: Option<ResponseHeader>) -> Revision {
    super::space::revision(header.map_or(0, |header| header.revision()))
}

/// The response of etcd as an [`Answer`].
fn read(space: &Space, mut response: etcd_client::TxnResponse) -> Answer {
    let revision = revision_of(response.take_header());
    let value = |kv: etcd_client::KeyValue| space.value(kv).map(Arc::new);
    let ops = response.op_responses().into_iter();
    let result = if response.succeeded() {
        let mut done = Done::default();
        for op in ops {
            match op {
                TxnOpResponse::Put(put) => done.put(space, put),
                TxnOpResponse::Delete(delete) => done.delete(space, delete),
                TxnOpResponse::Get(_) | TxnOpResponse::Txn(_) => done.previous.push(None),
            }
        }
        Ok(done)
    } else {
        let found = ops.map(|op| match op {
            TxnOpResponse::Get(mut get) => get.take_kvs().into_iter().filter_map(value).collect(),
            _ => Vec::new(),
        });
        Err(found.collect())
    };
    Answer { revision, result }
}
