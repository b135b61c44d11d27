//! What a component can know when it writes.

use kube_core::env::Mono;
use kube_core::resource::KindInfo;
use kube_store::storage::Revision;
use std::sync::Arc;

/// Up to which revision the author of a commit had been told of each kind when it began what it is doing: its reasons
/// are a state from there on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known(Arc<Vec<(Arc<str>, Revision)>>);

impl Known {
    /// The revision for that kind; `None` where the author was told nothing yet: then nothing but the present is a
    /// reason.
    pub fn of(&self, kind: &KindInfo) -> Option<Revision> {
        let is_its = |name: &str| {
            let group = name.strip_prefix(&*kind.plural).and_then(|rest| rest.strip_prefix('.'));
            group == Some(&*kind.group)
        };
        self.0.iter().find(|(name, _)| is_its(name)).map(|(_, revision)| *revision)
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| **known == *name)
    }

    fn set(&mut self, name: Arc<str>, revision: Revision) {
        // Few kinds: looking for one costs less than a map does whenever it is copied.
        let all = Arc::make_mut(&mut self.0);
        match all.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = revision,
            None => all.push((name, revision)),
        }
    }
}

/// The name of a kind among all that a component watches.
pub(crate) fn name(kind: &KindInfo) -> Arc<str> {
    format!("{}.{}", kind.plural, kind.group).into()
}

/// What one life of a component was told, and since when it acts without a pause.
///
/// Whoever acts read its caches at the latest when it began, so it may rest on what they showed then, and on anything
/// since. A moment may pass between an event's arrival and its way into a cache: what arrived in the very instant of
/// the beginning does not count as known, unless it was the first state of a kind.
#[derive(Debug, Default)]
pub(super) struct Sight {
    life: u64,
    told: Known,
    /// What arrived at `instant`.
    fresh: Vec<(Arc<str>, Revision)>,
    instant: Mono,
    requests: usize,
    idle_since: Option<Mono>,
    base: Known,
}

impl Sight {
    /// A new life, that knows nothing.
    pub(super) fn begin_life(&mut self, life: u64) {
        *self = Self { life, ..Self::default() };
    }

    /// A watch has told everything of a kind up to `revision`.
    pub(super) fn tell(&mut self, kind: &Arc<str>, revision: Revision, now: Mono) {
        self.settle(now);
        if self.told.has(kind) {
            self.fresh.push((kind.clone(), revision));
            return;
        }
        // Before its first state of a kind is complete nobody reads any of it: nothing older is a reason.
        for known in [&mut self.told, &mut self.base] {
            known.set(kind.clone(), revision);
        }
    }

    /// A request begins.
    pub(super) fn ask(&mut self, now: Mono) {
        self.settle(now);
        // What follows at once belongs to the same action.
        if self.requests == 0 && self.idle_since != Some(now) {
            self.base = self.told.clone();
        }
        self.requests += 1;
    }

    /// A request of that life has its answer, or is not waited for any more.
    pub(super) fn answer(&mut self, life: u64, now: Mono) {
        if life == self.life {
            self.requests = self.requests.saturating_sub(1);
            self.idle_since = Some(now);
        }
    }

    /// What the author's present action rests on.
    pub(super) fn base(&self) -> Known {
        self.base.clone()
    }

    fn settle(&mut self, now: Mono) {
        if now > self.instant {
            self.instant = now;
            for (kind, revision) in self.fresh.drain(..) {
                self.told.set(kind, revision);
            }
        }
    }
}

/// What something was, by revision.
#[derive(Debug)]
pub(super) struct History<T>(Vec<(Revision, T)>);

impl<T> Default for History<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: PartialEq> History<T> {
    /// It is `value` from `revision` on.
    pub(super) fn set(&mut self, revision: Revision, value: T) {
        if self.0.last().is_none_or(|(_, last)| *last != value) {
            self.0.push((revision, value));
        }
    }
}

impl<T> History<T> {
    /// What it was at `known` and ever since; without it, what it is now.
    pub(super) fn since(&self, known: Option<Revision>) -> impl Iterator<Item = &T> {
        let all = &self.0;
        let first = match known {
            Some(known) => all.partition_point(|(revision, _)| *revision <= known).saturating_sub(1),
            None => all.len().saturating_sub(1),
        };
        all.iter().skip(first).map(|(_, value)| value)
    }

    /// Since when it is anything at all.
    pub(super) fn began(&self) -> Option<Revision> {
        self.0.first().map(|(revision, _)| *revision)
    }
}

#[cfg(test)]
mod tests {
    use super::{History, Sight, name};
    use kube_core::env::Mono;
    use kube_core::kinds::core::v1::Pod;
    use kube_core::resource::Resource;
    use kube_store::storage::Revision;

    #[test]
    fn who_acts_rests_on_what_it_knew_when_it_began() {
        let (kind, at) = (Pod::kind_info(), Mono::from_nanos);
        let pods = name(kind);
        let mut sight = Sight::default();
        sight.begin_life(1);
        sight.ask(at(1));
        assert_eq!(sight.base().of(kind), None, "nothing was told");
        sight.answer(1, at(2));

        sight.tell(&pods, Revision::new(5), at(3));
        sight.ask(at(3));
        assert_eq!(sight.base().of(kind), Some(Revision::new(5)), "nothing older was ever shown");
        sight.tell(&pods, Revision::new(7), at(4));
        sight.ask(at(5));
        assert_eq!(sight.base().of(kind), Some(Revision::new(5)), "still at it");
        sight.answer(1, at(6));
        sight.answer(1, at(7));
        sight.ask(at(7));
        assert_eq!(sight.base().of(kind), Some(Revision::new(5)), "goes on at once");
        sight.answer(1, at(8));
        sight.tell(&pods, Revision::new(9), at(9));
        sight.ask(at(9));
        assert_eq!(sight.base().of(kind), Some(Revision::new(7)), "told in the same instant");

        sight.begin_life(2);
        sight.answer(1, at(10));
        sight.ask(at(11));
        assert_eq!(sight.base().of(kind), None, "a new life knows nothing");
    }

    #[test]
    fn a_history_tells_what_was_so_at_a_revision_and_since() {
        let mut sizes = History::default();
        for (revision, size) in [(3, 10), (5, 10), (8, 4), (9, 6)] {
            sizes.set(Revision::new(revision), size);
        }
        let since = |known: Option<u64>| sizes.since(known.map(Revision::new)).copied().collect::<Vec<_>>();
        assert_eq!(since(Some(2)), [10, 4, 6]);
        assert_eq!(since(Some(7)), [10, 4, 6]);
        assert_eq!(since(Some(8)), [4, 6]);
        assert_eq!(since(Some(20)), [6]);
        assert_eq!(since(None), [6]);
        assert_eq!(sizes.began(), Some(Revision::new(3)));
    }
}
