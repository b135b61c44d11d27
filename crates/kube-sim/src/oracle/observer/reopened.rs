//! Holds a store that was opened again to what it said before.

use super::{Inner, Observer};
use crate::oracle::Verdict;
use kube_core::env::Mono;
use kube_store::storage::{Key, KeyValue, Op, Revision};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A transaction that was answered with a failure of the medium: it may be stored, as a whole.
#[derive(Debug)]
pub(super) struct Doubt {
    author: usize,
    ops: Vec<Op>,
}

type Rows<'a> = BTreeMap<&'a Key, &'a Arc<KeyValue>>;

impl Observer {
    /// Takes note of a transaction of which nobody knows whether it is stored.
    pub(super) fn in_doubt(&self, ops: Vec<Op>) {
        let author = self.current.load(Ordering::Relaxed);
        self.inner().doubts.push(Doubt { author, ops });
    }

    /// Whether a store that was opened again, with these rows at its newest revision, has everything that was
    /// acknowledged, and besides at the most what was in doubt.
    pub(crate) fn reopened(&self, rows: &[Arc<KeyValue>], head: Revision) -> Verdict {
        let rows: Rows<'_> = rows.iter().map(|kv| (&kv.key, kv)).collect();
        let time = (self.env.now(), self.env.wall());
        let mut inner = self.inner();
        let doubts = std::mem::take(&mut inner.doubts);
        for (number, doubt) in doubts.iter().enumerate() {
            // What was overwritten says nothing of whoever wrote it first.
            let later = doubts.iter().skip(number + 1).flat_map(|doubt| &doubt.ops);
            let later = later.filter(|op| shows(&rows, op)).map(Op::key).collect();
            inner.settle(doubt, &later, &rows, (head, time))?;
        }
        inner.compare(&rows, head)
    }
}

/// Whether things are as the operation leaves them.
fn shows(rows: &Rows<'_>, op: &Op) -> bool {
    match (op, rows.get(op.key())) {
        (Op::Put { value, .. }, row) => row.is_some_and(|row| row.value == *value),
        (_, row) => row.is_none(),
    }
}

impl Inner {
    fn settle(
        &mut self,
        Doubt { author, ops }: &Doubt,
        later: &BTreeSet<&Key>,
        rows: &Rows<'_>,
        (head, time): (Revision, (Mono, jiff::Timestamp)),
    ) -> Verdict {
        let last = self.state.revision();
        let newer = |op: &Op| rows.get(op.key()).is_none_or(|row| row.mod_revision > last);
        let stored = |op: &Op| newer(op) && shows(rows, op);
        let told: Vec<&Op> = ops.iter().filter(|op| self.tells(op) && !later.contains(op.key())).collect();
        let count = told.iter().filter(|op| stored(op)).count();
        if told.is_empty() || count == 0 {
            return Ok(());
        }
        if count < told.len() {
            return Err(format!("{count} of {} changes of one transaction are stored", told.len()));
        }
        let revision = told.iter().find_map(|op| match op {
            Op::Put { key, .. } => rows.get(key).map(|row| row.mod_revision),
            _ => None,
        });
        let previous: Vec<_> =
            ops.iter().map(|op| self.state.stored(op.key()).map(|s| s.kv().clone())).collect();
        let commit = self.commit((revision.unwrap_or(head), *author), ops, &previous, time);
        commit.map_err(|(oracle, what)| format!("{oracle}: {what}"))
    }

    /// Whether it can be seen of the operation that it was done.
    fn tells(&self, op: &Op) -> bool {
        matches!(op, Op::Put { .. }) || self.state.stored(op.key()).is_some()
    }

    fn compare(&mut self, rows: &Rows<'_>, head: Revision) -> Verdict {
        let last = self.state.revision();
        if head < last {
            return Err(format!("revision {last} was acknowledged, and the store is at {head}"));
        }
        let mut ended = Vec::new();
        for stored in self.state.everything() {
            let key = stored.key();
            match rows.get(key) {
                Some(row)
                    if row.mod_revision == stored.kv().mod_revision && *row.value == *stored.bytes() => {}
                Some(row) => {
                    return Err(format!("{stored:?} was acknowledged, and {key} is at {}", row.mod_revision));
                }
                None if stored.kv().ttl.is_some() => ended.push(key.clone()),
                None => return Err(format!("{stored:?} was acknowledged and is lost")),
            }
        }
        for key in ended {
            self.state.remove(&key);
        }
        match rows.keys().find(|key| self.state.stored(key).is_none()) {
            Some(key) => Err(format!("{key} is there, and nobody was told that it was stored")),
            None => Ok(()),
        }
    }
}
