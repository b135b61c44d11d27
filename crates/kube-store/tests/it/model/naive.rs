//! The model: every state of every revision, kept whole.

use super::program::{At, Condition, KEYS, PREFIXES, Write};
use bytes::Bytes;
use kube_store::storage::{Compare, KeyRange, KeyValue, ReadAt, Revision};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A value and its history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) value: u8,
    pub(crate) created: u64,
    pub(crate) changed: u64,
    pub(crate) version: u64,
    pub(crate) lease: Option<u64>,
}

pub(crate) type Rows = BTreeMap<&'static str, Row>;

/// Key, value now, value before.
pub(crate) type Change = (&'static str, Option<Row>, Option<Row>);

/// A write: the key's number, the value or none for a delete, the id of its lease.
pub(crate) type Resolved = (usize, Option<u8>, Option<u64>);

/// A time to live.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease {
    pub(crate) length: u64,
    pub(crate) deadline: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    /// The state at every revision.
    states: Vec<Rows>,
    /// The changes of every revision.
    changes: Vec<Vec<Change>>,
    /// Where the program began: others may have been there before.
    base: u64,
    /// Whether a range is unchanged when it is as it was, whatever came and went in between.
    lenient: bool,
    pub(crate) compacted: u64,
    pub(crate) leases: BTreeMap<u64, Lease>,
    pub(crate) now: u64,
}

/// What a value is stored as: some are long.
pub(crate) fn bytes(value: u8) -> Bytes {
    let len = if value < 16 { usize::from(value) * 97 } else { 1 };
    Bytes::from(vec![value; len])
}

/// What was stored. Of an empty value only one is known, the zero.
pub(crate) fn row(kv: &KeyValue) -> Row {
    let value = kv.value.first().copied().unwrap_or(0);
    assert_eq!(kv.value, bytes(value), "{}", kv.key);
    Row {
        value,
        created: kv.create_revision.get(),
        changed: kv.mod_revision.get(),
        version: kv.version,
        lease: kv.ttl.map(|id| id.0),
    }
}

impl Model {
    pub(crate) fn new() -> Self {
        Self {
            states: vec![Rows::new()],
            changes: vec![Vec::new()],
            base: 0,
            lenient: false,
            compacted: 0,
            leases: BTreeMap::new(),
            now: 0,
        }
    }

    /// A model of an empty part of a remote store at revision `head`.
    pub(crate) fn remote(head: u64, compacted: u64) -> Self {
        let mut model = Self { compacted, base: head, lenient: true, ..Self::new() };
        model.reopened(head);
        model
    }

    /// The revision so far back from the newest.
    pub(crate) fn back(&self, by: u64) -> u64 {
        self.head().saturating_sub(by).max(self.base)
    }

    pub(crate) fn head(&self) -> u64 {
        self.states.len() as u64 - 1
    }

    pub(crate) fn rows(&self, at: u64) -> &Rows {
        &self.states[usize::try_from(at).unwrap()]
    }

    pub(crate) fn newest(&self) -> &Rows {
        self.rows(self.head())
    }

    /// What a read asks for.
    pub(crate) fn asked(&self, at: At) -> ReadAt {
        let back = |by: u64| Revision::new(self.back(by));
        match at {
            At::Latest => ReadAt::Latest,
            At::Any => ReadAt::Any,
            At::Since(n) => ReadAt::AtLeast(back(n)),
            At::Exactly(n) => ReadAt::Exactly(back(n)),
            At::Ahead(n) => ReadAt::Exactly(Revision::new(self.head() + n)),
        }
    }

    /// The revision that a read shows, or why it is refused.
    pub(crate) fn shown(&self, at: ReadAt) -> Result<u64, &'static str> {
        match at {
            ReadAt::Latest | ReadAt::Any | ReadAt::AtLeast(_) => Ok(self.head()),
            ReadAt::Exactly(revision) => self.judge(revision.get()).map(|()| revision.get()),
        }
    }

    /// Whether a read at `at` must be refused.
    pub(crate) fn judge(&self, at: u64) -> Result<(), &'static str> {
        match at {
            _ if at > self.head() => Err("future"),
            _ if at < self.compacted => Err("expired"),
            _ => Ok(()),
        }
    }

    /// The rows of `prefix` at `at`.
    pub(crate) fn listed(&self, prefix: &str, at: u64) -> Vec<(String, Row)> {
        let mine = self.rows(at).iter().filter(|(key, _)| key.starts_with(prefix));
        mine.map(|(key, row)| ((*key).to_owned(), *row)).collect()
    }

    /// The changes of `prefix`, by revision.
    pub(crate) fn matching(
        &self,
        prefix: &str,
        revisions: Range<u64>,
    ) -> impl Iterator<Item = (u64, Vec<Change>)> {
        revisions.filter_map(move |at| {
            let all = self.changes.get(usize::try_from(at).unwrap())?;
            let mine: Vec<Change> = all.iter().filter(|(key, ..)| key.starts_with(prefix)).copied().collect();
            (!mine.is_empty()).then_some((at, mine))
        })
    }

    pub(crate) fn holds(&self, condition: &Condition) -> Result<bool, &'static str> {
        let now = self.newest();
        Ok(match condition {
            Condition::Unchanged { key, right } => *right && now.contains_key(KEYS[*key]),
            Condition::Absent(key) => !now.contains_key(KEYS[*key]),
            Condition::Exists(key) => now.contains_key(KEYS[*key]),
            Condition::Range { prefix, back } => {
                let from = self.back(*back);
                self.judge(from)?;
                if self.lenient {
                    let prefix = PREFIXES[*prefix];
                    return Ok(self.listed(prefix, from) == self.listed(prefix, self.head()));
                }
                self.matching(PREFIXES[*prefix], from + 1..self.head() + 1).next().is_none()
            }
        })
    }

    /// What stands where a condition failed.
    pub(crate) fn stands(&self, condition: &Condition) -> Option<Row> {
        match condition {
            Condition::Unchanged { key, .. } | Condition::Absent(key) | Condition::Exists(key) => {
                self.newest().get(KEYS[*key]).copied()
            }
            Condition::Range { .. } => None,
        }
    }

    pub(crate) fn compare(&self, condition: &Condition) -> Compare {
        match condition {
            Condition::Unchanged { key, right } => {
                let at = self.newest().get(KEYS[*key]).map_or(0, |row| row.changed);
                let revision = Revision::new(if *right { at } else { at + 1 });
                Compare::Unchanged { key: KEYS[*key].into(), revision }
            }
            Condition::Absent(key) => Compare::Absent { key: KEYS[*key].into() },
            Condition::Exists(key) => Compare::Exists { key: KEYS[*key].into() },
            Condition::Range { prefix, back } => Compare::RangeUnchanged {
                range: KeyRange::prefix(PREFIXES[*prefix]),
                revision: Revision::new(self.back(*back)),
            },
        }
    }

    /// Commits the writes, if they do anything; tells what stood there before.
    pub(crate) fn write(&mut self, ops: &[Resolved]) -> Vec<Option<Row>> {
        let (mut rows, mut changes) = (self.newest().clone(), Vec::new());
        let (revision, mut before) = (self.head() + 1, Vec::new());
        for (key, value, lease) in ops {
            let key = KEYS[*key];
            let old = rows.remove(key);
            let new = value.map(|value| Row {
                value: bytes(value).first().copied().unwrap_or(0),
                created: old.map_or(revision, |row| row.created),
                changed: revision,
                version: old.map_or(1, |row| row.version + 1),
                lease: *lease,
            });
            new.map(|new| rows.insert(key, new));
            if new.is_some() || old.is_some() {
                changes.push((key, new, old));
            }
            before.push(old);
        }
        changes.sort_by_key(|(key, ..)| *key);
        if !changes.is_empty() {
            self.states.push(rows);
            self.changes.push(changes);
        }
        before
    }

    /// The keys that hang on a lease.
    pub(crate) fn attached(&self, lease: u64) -> BTreeSet<&'static str> {
        let mine = self.newest().iter().filter(|(_, row)| row.lease == Some(lease));
        mine.map(|(key, _)| *key).collect()
    }

    /// Ends a lease: its keys are deleted at one revision.
    pub(crate) fn end(&mut self, lease: u64) {
        let keys = self.attached(lease);
        let ops: Vec<_> =
            (0..KEYS.len()).filter(|key| keys.contains(KEYS[*key])).map(|key| (key, None, None)).collect();
        self.write(&ops);
        self.leases.remove(&lease);
    }

    /// Moves time on and ends what is due; tells which leases that were.
    pub(crate) fn advance(&mut self, seconds: u64) -> Vec<u64> {
        self.now += seconds;
        let mut due: Vec<(u64, u64)> = self.leases.iter().map(|(id, lease)| (lease.deadline, *id)).collect();
        due.retain(|(deadline, _)| *deadline <= self.now);
        due.sort_unstable();
        for (_, id) in &due {
            self.end(*id);
        }
        due.into_iter().map(|(_, id)| id).collect()
    }

    /// Every lease begins anew, and the newest revision is `head`: revisions may be skipped, never taken back.
    pub(crate) fn reopened(&mut self, head: u64) {
        assert!(head >= self.head(), "the newest revision was {}, now it is {head}", self.head());
        while self.head() < head {
            self.states.push(self.newest().clone());
            self.changes.push(Vec::new());
        }
        for lease in self.leases.values_mut() {
            lease.deadline = self.now + lease.length;
        }
    }
}

/// The writes of a step with their leases; those of leases that are none any more are named by their old ids.
pub(crate) fn resolved(ops: &[Write], ids: &[u64]) -> Vec<Resolved> {
    let lease = |n: usize| n.checked_rem(ids.len()).map(|at| ids[at]);
    ops.iter().map(|op| (op.key, op.value, op.lease.filter(|_| op.value.is_some()).and_then(lease))).collect()
}
