//! A watch and what the model knows of it.

use super::naive::{Change, Model, Row, row};
use kube_store::storage::{Event, StorageError, StorageResult, WatchItem, WatchStream};

pub(crate) struct Watched {
    pub(crate) stream: WatchStream,
    pub(crate) prefix: &'static str,
    pub(crate) previous: bool,
    pub(crate) bookmarks: bool,
    pub(crate) owes: Owes,
    /// Everything up to here was told.
    pub(crate) told: u64,
    pub(crate) ended: bool,
}

/// What comes before changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owes {
    State,
    Bookmark,
    Nothing,
}

/// Key, value now, value before: as a watch told it.
type Told = (String, Option<Row>, Option<Row>);

impl Watched {
    /// Takes one delivery; tells whether there was one.
    pub(crate) fn poll(&mut self, model: &Model) -> bool {
        let item = self.stream.try_next();
        if self.ended {
            assert!(item.is_none(), "a watch that ended goes on with {item:?}");
            return false;
        }
        match (self.owes, item) {
            (Owes::State, Some(Ok(WatchItem::Batch(batch)))) => {
                self.told = batch.revision.get();
                assert_eq!(self.told, model.head(), "the revision of the state of {:?}", self.prefix);
                let seen: Vec<_> = batch.events.iter().map(told).collect();
                let wanted: Vec<Told> = model
                    .listed(self.prefix, self.told)
                    .into_iter()
                    .map(|(key, row)| (key, Some(row), None))
                    .collect();
                assert_eq!(seen, wanted, "the state of {:?}", self.prefix);
                self.owes = Owes::Bookmark;
            }
            (Owes::Bookmark, Some(Ok(WatchItem::Bookmark(revision)))) => {
                assert_eq!(revision.get(), self.told, "the bookmark after the state of {:?}", self.prefix);
                self.owes = Owes::Nothing;
            }
            (Owes::Nothing, item) => return self.change(item, model),
            (owes, item) => panic!("{item:?} where {owes:?} is owed"),
        }
        true
    }

    fn change(&mut self, item: Option<StorageResult<WatchItem>>, model: &Model) -> bool {
        let head = model.head();
        let next = model.matching(self.prefix, self.told + 1..head + 1).next();
        let lost = next.as_ref().is_some_and(|(at, _)| *at <= model.compacted);
        match item {
            Some(Err(StorageError::Expired { .. })) => {
                assert!(self.told < model.compacted, "told up to {}, yet expired", self.told);
                self.ended = true;
            }
            Some(Err(error)) => panic!("a watch of {:?} ended: {error}", self.prefix),
            _ if lost => panic!("{item:?} after {}, where {next:?} was compacted", self.told),
            Some(Ok(WatchItem::Batch(batch))) => {
                let seen = (batch.revision.get(), batch.events.iter().map(told).collect::<Vec<_>>());
                let shown =
                    |(key, value, old): Change| (key.to_owned(), value, old.filter(|_| self.previous));
                let wanted = next.map(|(at, changes)| (at, changes.into_iter().map(shown).collect()));
                assert_eq!(Some(&seen), wanted.as_ref(), "what follows {} in {:?}", self.told, self.prefix);
                self.told = seen.0;
            }
            Some(Ok(WatchItem::Bookmark(revision))) => {
                assert!(self.bookmarks, "a bookmark that was not asked for");
                assert_eq!((revision.get(), next), (head, None), "a bookmark after {}", self.told);
                assert!(head > self.told, "a bookmark of what was told");
                self.told = head;
            }
            None => {
                assert_eq!(next, None, "nothing follows {} in {:?}", self.told, self.prefix);
                assert_eq!(self.stream.position().get(), head, "the position of a watch that has everything");
                assert!(!self.bookmarks || self.told == head, "no bookmark of {head} after {}", self.told);
                self.told = head;
                return false;
            }
        }
        let position = self.stream.position().get();
        let skipped = model.matching(self.prefix, self.told + 1..position + 1).next();
        assert_eq!(skipped.filter(|_| !self.ended), None, "the position is {position}");
        true
    }

    /// Reads everything that is left; the store was closed, so an end comes.
    pub(crate) fn finish(mut self, model: &Model) {
        while !self.ended && self.owes != Owes::Nothing {
            self.poll(model);
        }
        while !self.ended {
            match self.stream.try_next() {
                Some(Err(StorageError::Closed)) => {
                    let left = model.matching(self.prefix, self.told + 1..model.head() + 1).next();
                    assert_eq!(left, None, "left out before the end");
                    self.ended = true;
                }
                item => assert!(self.change(item, model), "a closed store does not end its watches"),
            }
        }
        assert!(self.stream.try_next().is_none());
    }
}

fn told(event: &Event) -> Told {
    let (Event::Put { previous, .. } | Event::Delete { previous, .. }) = event;
    let value = if let Event::Put { kv, .. } = event { Some(row(kv)) } else { None };
    (event.key().to_string(), value, previous.as_deref().map(row))
}
