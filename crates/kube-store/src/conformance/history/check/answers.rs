//! Whether every answer is the one of its place in the order, and the order keeps real time.

use super::super::call::{Action, Call, History};
use super::order::{Order, has_effect};
use super::{Finding, Judged, Rule, broken, is_outage, read_at, same, write_at};
use crate::storage::{
    Compare, Continue, Got, Key, KeyRange, ListOptions, Page, ReadAt, Revision, StorageError, Txn, TxnOutcome,
};

/// Judges every answered call.
pub(super) fn check(history: &History, order: &Order, judged: &mut Judged) -> Result<(), Finding> {
    for call in &history.calls {
        let Some(end) = call.end else { continue };
        let judge = Judge { order, call, end };
        match &call.action {
            Action::Get { key, at, result: Some(Ok(got)) } => judge.get(key, *at, got)?,
            Action::Get { at, result: Some(Err(error)), .. } => judge.refusal(*at, error)?,
            Action::List { range, options, result: Some(Ok(page)) } => judge.list(range, options, page)?,
            Action::List { options, result: Some(Err(error)), .. } => {
                judge.refusal(place(options), error)?;
            }
            Action::Txn { txn, result: Some(Ok(outcome)) } => judge.txn(txn, outcome)?,
            Action::Current { result: Some(Ok(revision)) } => judge.newest(*revision)?,
            Action::Compact { revision, result: Some(Ok(())) } => judge.exists(*revision)?,
            Action::Opened { head } => judge.newest(*head)?,
            _ => continue,
        }
        judged.answers += 1;
    }
    Ok(())
}

/// Which revision a list asks for.
fn place(options: &ListOptions) -> ReadAt {
    match &options.continue_from {
        Some(Continue { revision: Revision::ZERO, .. }) => ReadAt::Latest,
        Some(Continue { revision, .. }) => ReadAt::Exactly(*revision),
        None => options.at,
    }
}

struct Judge<'a> {
    order: &'a Order,
    call: &'a Call,
    end: u64,
}

impl Judge<'_> {
    /// Holds what is answered at the newest revision to keep real time.
    fn newest(&self, revision: Revision) -> Result<(), Finding> {
        self.exists(revision)?;
        let floor = self.order.times.floor(self.call.begin);
        if read_at(revision) < floor {
            let known = floor / 2;
            return broken(
                Rule::RealTime,
                format!("{known} was known, {revision} answered: {:?}", self.call),
            );
        }
        Ok(())
    }

    /// Holds an answer not to come from the future.
    fn exists(&self, revision: Revision) -> Result<(), Finding> {
        if self.order.times.exists(revision, self.end) {
            return Ok(());
        }
        broken(
            Rule::RealTime,
            format!("{revision} was answered before anybody asked for it: {:?}", self.call),
        )
    }

    /// Holds a read to show a revision that it asked for.
    fn shows(&self, at: ReadAt, revision: Revision) -> Result<(), Finding> {
        match at {
            ReadAt::Latest => return self.newest(revision),
            ReadAt::Exactly(asked) if asked != revision => {
                return broken(Rule::Reads, format!("asked for {asked}, shown {revision}: {:?}", self.call));
            }
            ReadAt::AtLeast(asked) if asked > revision => {
                return broken(Rule::Reads, format!("asked for {asked}, shown {revision}: {:?}", self.call));
            }
            ReadAt::Exactly(asked) if self.order.times.is_compacted(asked, self.call.begin) => {
                return broken(Rule::Compaction, format!("{asked} was compacted, but read: {:?}", self.call));
            }
            ReadAt::Exactly(_) | ReadAt::AtLeast(_) | ReadAt::Any => {}
        }
        self.exists(revision)
    }

    fn get(&self, key: &Key, at: ReadAt, got: &Got) -> Result<(), Finding> {
        self.shows(at, got.revision)?;
        let wanted = self.order.timeline.at(key, got.revision).cloned();
        same(Rule::Reads, || format!("{key} at {}", got.revision), &got.kv, &wanted)
    }

    fn list(&self, range: &KeyRange, options: &ListOptions, page: &Page) -> Result<(), Finding> {
        self.shows(place(options), page.revision)?;
        let start = options.continue_from.as_ref().map_or_else(|| range.start(), |from| &from.start);
        let mut rest = self.order.timeline.range(start, range, page.revision);
        let limit = if options.limit == 0 { usize::MAX } else { options.limit };
        let wanted: Vec<_> = rest.by_ref().take(limit).cloned().collect();
        let what = || format!("{range:?} from {start} at {}", page.revision);
        same(Rule::Reads, what, &page.items, &wanted)?;
        let remaining = u64::try_from(rest.count()).unwrap_or(u64::MAX);
        same(Rule::Reads, || format!("whether {} go on", what()), &page.next.is_some(), &(remaining > 0))?;
        if page.remaining != 0 {
            same(Rule::Reads, || format!("how many remain of {}", what()), &page.remaining, &remaining)?;
        }
        match &page.next {
            Some(next) => {
                same(Rule::Reads, || format!("where {} go on", what()), &next.revision, &page.revision)
            }
            None => Ok(()),
        }
    }

    fn txn(&self, txn: &Txn, outcome: &TxnOutcome) -> Result<(), Finding> {
        match outcome {
            TxnOutcome::Committed { revision, previous } if has_effect(txn, previous) => {
                let floor = self.order.times.floor(self.call.begin);
                if write_at(*revision) <= floor {
                    let known = floor / 2;
                    return broken(
                        Rule::RealTime,
                        format!("{known} was known, {revision} written: {:?}", self.call),
                    );
                }
                Ok(())
            }
            TxnOutcome::Committed { revision, .. } => {
                self.newest(*revision)?;
                match txn.compares.iter().find(|compare| !self.order.holds(compare, *revision)) {
                    Some(compare) => {
                        broken(Rule::Conditions, format!("{compare:?} does not hold at {revision}"))
                    }
                    None => Ok(()),
                }
            }
            TxnOutcome::Failed { revision, compare, current } => {
                self.newest(*revision)?;
                let first = txn.compares.iter().position(|compare| !self.order.holds(compare, *revision));
                let what = || format!("the condition that fails at {revision} of {txn:?}");
                same(Rule::Conditions, what, &Some(*compare), &first)?;
                let stands = match txn.compares.get(*compare) {
                    Some(
                        Compare::Unchanged { key, .. } | Compare::Absent { key } | Compare::Exists { key },
                    ) => self.order.timeline.at(key, *revision).cloned(),
                    _ => None,
                };
                same(Rule::Conditions, || format!("what stands there at {revision}"), current, &stands)
            }
        }
    }

    /// Holds a refused read to have a cause.
    fn refusal(&self, at: ReadAt, error: &StorageError) -> Result<(), Finding> {
        let times = &self.order.times;
        let justified = match error {
            StorageError::Expired { asked, compacted, .. } => {
                asked < compacted && times.may_be_compacted(*compacted, self.end)
            }
            StorageError::Future { asked, .. } => {
                matches!(at, ReadAt::Exactly(_) | ReadAt::AtLeast(_))
                    && write_at(*asked) > times.floor(self.call.begin)
            }
            StorageError::Closed => times.may_be_closed(self.end),
            error => self.order.leniency.remote && is_outage(error),
        };
        if justified {
            return Ok(());
        }
        broken(Rule::Compaction, format!("refused without a cause: {:?}", self.call))
    }
}
