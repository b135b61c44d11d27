//! The nine rules of watches.

use super::super::Leniency;
use super::super::call::WatchLog;
use super::super::timeline::Change;
use super::order::Order;
use super::{Finding, Rule, broken, is_outage, read_at};
use crate::storage::{Batch, Event, KeyValue, Revision, StorageError, WatchFrom, WatchItem};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Judges one watch; tells how many deliveries it had.
pub(super) fn check(watch: &WatchLog, order: &Order, leniency: Leniency) -> Result<usize, Finding> {
    if let Some(error) = &watch.refused {
        return refusal(watch, order, error).map(|()| 0);
    }
    let mut judge = Judge::begin(watch, order, leniency);
    for (at, item) in &watch.items {
        match item {
            Ok(WatchItem::Batch(batch)) if judge.initial == Initial::State => judge.state(*at, batch)?,
            Ok(WatchItem::Batch(batch)) => judge.batch(*at, batch)?,
            Ok(WatchItem::Bookmark(revision)) => judge.bookmark(*at, *revision)?,
            Err(error) => judge.end(*at, error)?,
        }
    }
    if let Some(position) = watch.position.filter(|_| judge.initial == Initial::Done) {
        judge.told_up_to(position, Rule::Reliable)?;
    }
    Ok(watch.items.len())
}

fn refusal(watch: &WatchLog, order: &Order, error: &StorageError) -> Result<(), Finding> {
    let justified = match error {
        StorageError::Expired { asked, compacted, .. } => {
            asked < compacted && order.times.may_be_compacted(*compacted, watch.opened)
        }
        StorageError::Future { asked, .. } => super::write_at(*asked) > order.times.floor(watch.begin),
        StorageError::Closed => order.times.may_be_closed(watch.opened),
        error => order.leniency.remote && is_outage(error),
    };
    if justified { Ok(()) } else { broken(Rule::Resumable, format!("refused without a cause: {watch:?}")) }
}

/// What is owed before changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Initial {
    State,
    Bookmark,
    Done,
}

struct Judge<'a> {
    watch: &'a WatchLog,
    order: &'a Order,
    leniency: Leniency,
    initial: Initial,
    /// Everything up to here was told.
    position: Revision,
    /// Changes up to here may be before the watch, where it began at a revision that only the store knows.
    vague: Revision,
    last: Option<Revision>,
    seen: BTreeSet<(Revision, String)>,
}

impl<'a> Judge<'a> {
    fn begin(watch: &'a WatchLog, order: &'a Order, leniency: Leniency) -> Self {
        let known = Revision::new(order.times.floor(watch.begin) / 2);
        let (position, vague) = match watch.options.from {
            WatchFrom::After(revision) => (revision, revision),
            // It began at some revision between what was known when it was asked for, and all there was later.
            WatchFrom::Now | WatchFrom::Initial => (known, order.times.latest(watch.opened)),
        };
        let initial = if watch.options.from == WatchFrom::Initial { Initial::State } else { Initial::Done };
        Self { watch, order, leniency, initial, position, vague, last: None, seen: BTreeSet::new() }
    }

    fn name(&self) -> String {
        format!(
            "the watch of {:?} {:?} begun at tick {}",
            self.watch.range, self.watch.options, self.watch.begin
        )
    }

    fn broken<T>(&self, rule: Rule, what: &str) -> Result<T, Finding> {
        broken(rule, format!("{}: {what}", self.name()))
    }

    /// The state that a watch begins with.
    fn state(&mut self, at: u64, batch: &Batch) -> Result<(), Finding> {
        if !self.order.times.exists(batch.revision, at)
            || read_at(batch.revision) < self.order.times.floor(self.watch.begin)
        {
            return self.broken(Rule::Resumable, &format!("it begins with a state at {}", batch.revision));
        }
        let range = &self.watch.range;
        let wanted: Vec<_> =
            self.order.timeline.range(range.start(), range, batch.revision).cloned().collect();
        let seen: Vec<Arc<KeyValue>> = batch
            .events
            .iter()
            .filter_map(|event| if let Event::Put { kv, .. } = event { Some(kv.clone()) } else { None })
            .collect();
        if seen != wanted || seen.len() != batch.events.len() {
            return self.broken(Rule::Resumable, &format!("the state is {batch:?}, not {wanted:?}"));
        }
        (self.position, self.vague) = (batch.revision, batch.revision);
        self.initial = Initial::Bookmark;
        Ok(())
    }

    fn batch(&mut self, at: u64, batch: &Batch) -> Result<(), Finding> {
        let revision = batch.revision;
        if self.initial == Initial::Bookmark {
            return self.broken(Rule::Bookmarkable, "no bookmark ended the state");
        }
        for event in batch.events.iter() {
            if !self.watch.range.contains(event.key()) {
                return self.broken(Rule::Filter, &format!("{revision} tells of {}", event.key()));
            }
            if !self.seen.insert((revision, event.key().to_string())) {
                return self.broken(Rule::Unique, &format!("{revision} of {} is told twice", event.key()));
            }
        }
        match self.last {
            Some(last) if last == revision => {
                return self.broken(Rule::Atomic, &format!("{revision} is told in parts"));
            }
            Some(last) if last > revision => {
                return self.broken(Rule::Ordered, &format!("{revision} is told after {last}"));
            }
            _ => {}
        }
        if revision <= self.position && self.last.is_some_and(|last| last < self.position) {
            let bookmark = self.position;
            return self
                .broken(Rule::Bookmarkable, &format!("{revision} is told after the bookmark {bookmark}"));
        }
        if revision <= self.position {
            let from = self.position;
            return self.broken(Rule::Resumable, &format!("{revision} is told, it begins after {from}"));
        }
        if !self.order.times.exists(revision, at) {
            return self.broken(Rule::Reliable, &format!("{revision} is told before anybody asked for it"));
        }
        let rule = if self.last.is_none() { Rule::Resumable } else { Rule::Reliable };
        self.told_up_to(Revision::new(revision.get() - 1), rule)?;
        self.content(batch)?;
        (self.position, self.vague, self.last) = (revision, revision, Some(revision));
        Ok(())
    }

    /// Holds that nothing up to `revision` was left out.
    fn told_up_to(&mut self, revision: Revision, rule: Rule) -> Result<(), Finding> {
        let missing = self.order.timeline.after(self.position.max(self.vague), &self.watch.range).next();
        if let Some((missing, _)) = missing.filter(|(missing, _)| *missing <= revision) {
            return self.broken(rule, &format!("{missing} is left out before {revision}"));
        }
        self.position = self.position.max(revision);
        Ok(())
    }

    /// Holds a batch to be all that its revision did in the range.
    fn content(&self, batch: &Batch) -> Result<(), Finding> {
        let before = Revision::new(batch.revision.get() - 1);
        let wanted = self.order.timeline.after(before, &self.watch.range).next();
        let changes = wanted.filter(|(at, _)| *at == batch.revision).map(|(_, changes)| changes);
        let changes = changes.unwrap_or_default();
        let keys: Vec<&str> = batch.events.iter().map(|event| event.key().as_str()).collect();
        let wanted: Vec<&str> = changes.iter().map(|change| change.key.as_str()).collect();
        if keys != wanted {
            let what = format!("{} tells of {keys:?}, not of {wanted:?}", batch.revision);
            return self.broken(Rule::Atomic, &what);
        }
        batch
            .events
            .iter()
            .zip(changes)
            .try_for_each(|(event, change)| self.event(batch.revision, event, change))
    }

    fn event(&self, revision: Revision, event: &Event, change: &Change) -> Result<(), Finding> {
        let (value, previous) = match event {
            Event::Put { kv, previous } => (Some(kv), previous),
            Event::Delete { previous, .. } => (None, previous),
        };
        if let (Some(seen), Some(wanted)) = (value, &change.value)
            && (seen.create_revision, seen.version) != (wanted.create_revision, wanted.version)
        {
            return self.broken(Rule::IsCreate, &format!("{revision}: {seen:?}, not {wanted:?}"));
        }
        if value != change.value.as_ref() {
            return self.broken(Rule::Reliable, &format!("{revision}: {value:?}, not {:?}", change.value));
        }
        let wanted = change.before.as_ref().filter(|_| self.watch.options.previous);
        if previous.as_ref() != wanted && !(self.leniency.previous && previous.is_none()) {
            let what = format!("{revision} of {}: {previous:?}, not {wanted:?}", change.key);
            return self.broken(Rule::PreviousValue, &what);
        }
        Ok(())
    }

    fn bookmark(&mut self, at: u64, revision: Revision) -> Result<(), Finding> {
        let ends_state = self.initial == Initial::Bookmark;
        if self.initial == Initial::State || (!ends_state && !self.watch.options.bookmarks) {
            return self.broken(Rule::Bookmarkable, &format!("the bookmark {revision} was not asked for"));
        }
        if ends_state && revision != self.position {
            return self.broken(Rule::Bookmarkable, &format!("the bookmark {revision} ends the state"));
        }
        if revision < self.position || !self.order.times.exists(revision, at) {
            return self.broken(Rule::Bookmarkable, &format!("the bookmark {revision} at {}", self.position));
        }
        self.initial = Initial::Done;
        self.told_up_to(revision, Rule::Bookmarkable)?;
        self.vague = self.vague.max(revision);
        self.last = self.last.or(Some(Revision::ZERO));
        Ok(())
    }

    fn end(&self, at: u64, error: &StorageError) -> Result<(), Finding> {
        let justified = match error {
            StorageError::Expired { compacted, .. } => {
                self.position < *compacted && self.order.times.may_be_compacted(*compacted, at)
            }
            StorageError::Closed => self.order.times.may_be_closed(at),
            _ => false,
        };
        if justified { Ok(()) } else { self.broken(Rule::Reliable, &format!("it ends with {error}")) }
    }
}
