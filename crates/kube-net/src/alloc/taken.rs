//! What is believed to be taken of a range, in runs of numbers.

use std::collections::BTreeMap;

/// Numbers, as runs that neither touch nor overlap: a range that is nearly full is a few runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// The last number of each run, by its first.
    runs: BTreeMap<u128, u128>,
}

impl Taken {
    /// The lowest number from `low` to `high` that is not in here.
    pub(super) fn next_free(&self, low: u128, high: u128) -> Option<u128> {
        let free = match self.run_with(low) {
            Some((_, last)) => last.checked_add(1)?,
            None => low,
        };
        (free <= high).then_some(free)
    }

    pub(super) fn insert(&mut self, number: u128) {
        if self.run_with(number).is_some() {
            return;
        }
        let before = number.checked_sub(1).and_then(|before| self.run_with(before));
        let first = before.map_or(number, |(first, _)| first);
        let after = number.checked_add(1).and_then(|after| self.runs.remove(&after));
        self.runs.insert(first, after.unwrap_or(number));
    }

    pub(super) fn remove(&mut self, number: u128) {
        let Some((first, last)) = self.run_with(number) else { return };
        self.runs.remove(&first);
        if first < number {
            self.runs.insert(first, number - 1);
        }
        if number < last {
            self.runs.insert(number + 1, last);
        }
    }

    fn run_with(&self, number: u128) -> Option<(u128, u128)> {
        let (&first, &last) = self.runs.range(..=number).next_back()?;
        (number <= last).then_some((first, last))
    }
}

impl FromIterator<u128> for Taken {
    fn from_iter<I: IntoIterator<Item = u128>>(numbers: I) -> Self {
        let mut taken = Self::default();
        numbers.into_iter().for_each(|number| taken.insert(number));
        taken
    }
}
