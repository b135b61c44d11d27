//! Completion indexes as intervals, as `0-3,5`.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/job` (`indexed_job_utils.go`).

use std::fmt;

/// A set of indexes, as intervals in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intervals(Vec<(i32, i32)>);

impl Intervals {
    /// Reads `0-3,5`. Indexes from `completions` on are left out, and so is what cannot be read.
    pub fn parse(text: &str, completions: i32) -> Self {
        let mut set = Self::default();
        for part in text.split(',').filter(|_| !text.is_empty()) {
            let mut ends = part.split('-').map(number);
            let Some(first) = ends.next().flatten() else { continue };
            if first >= completions {
                break;
            }
            let last = match ends.next() {
                None => first,
                Some(Some(last)) => last.min(completions - 1),
                Some(None) => continue,
            };
            set.push(first, last);
        }
        set
    }

    /// These indexes, in any order.
    pub fn of(indexes: impl IntoIterator<Item = i32>) -> Self {
        let mut sorted: Vec<i32> = indexes.into_iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        let mut set = Self::default();
        for index in sorted {
            set.push(index, index);
        }
        set
    }

    /// These and the given ones.
    #[must_use]
    pub fn with(&self, indexes: impl IntoIterator<Item = i32>) -> Self {
        let mut all = self.0.clone();
        all.extend(Self::of(indexes).0);
        all.sort_unstable();
        let mut set = Self::default();
        for (first, last) in all {
            match set.0.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => set.0.push((first, last)),
            }
        }
        set
    }

    /// How many there are.
    pub fn total(&self) -> i32 {
        self.0.iter().map(|(first, last)| last - first + 1).fold(0, i32::saturating_add)
    }

    /// Whether `index` is one of them.
    pub fn has(&self, index: i32) -> bool {
        let at = self.0.partition_point(|(_, last)| *last < index);
        self.0.get(at).is_some_and(|(first, _)| *first <= index)
    }

    /// How many of them are in `other` as well.
    pub fn common(&self, other: &Self) -> i32 {
        let overlap = |a: &(i32, i32), b: &(i32, i32)| (a.1.min(b.1) - a.0.max(b.0) + 1).max(0);
        self.0.iter().map(|mine| other.0.iter().map(|theirs| overlap(mine, theirs)).sum::<i32>()).sum()
    }

    /// The intervals, both ends in.
    pub fn iter(&self) -> impl Iterator<Item = (i32, i32)> {
        self.0.iter().copied()
    }

    /// The lowest `count` indexes below `completions` that are not among them.
    pub fn absent(&self, count: usize, completions: i32) -> Vec<i32> {
        let mut free = Vec::new();
        let mut candidate = 0;
        for (first, last) in self.iter().chain([(completions, completions)]) {
            let room = count - free.len();
            free.extend((candidate..first.min(completions)).take(room));
            candidate = candidate.max(last.saturating_add(1));
        }
        free
    }

    fn push(&mut self, first: i32, last: i32) {
        match self.0.last_mut() {
            Some(before) if before.1 == first - 1 => before.1 = last,
            _ => self.0.push((first, last)),
        }
    }
}

/// Two neighbours are written with a comma, more with a dash.
impl fmt::Display for Intervals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            match last - first {
                ..=0 => write!(f, "{comma}{first}")?,
                1 => write!(f, "{comma}{first},{last}")?,
                _ => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

/// A number as Go's `strconv.Atoi` reads it.
fn number(text: &str) -> Option<i32> {
    text.parse::<i64>().ok().map(|number| i32::try_from(number).unwrap_or(i32::MAX))
}
