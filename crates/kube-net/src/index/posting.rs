//! Sets of numbers: a sorted list while that is smaller, a bitmap beyond.

const WORD: usize = 64;

/// A set of numbers.
#[derive(Clone, Debug)]
pub(super) enum Posting {
    Few(Vec<u32>),
    Many(Bits),
}

impl Default for Posting {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Posting {
    pub(super) fn insert(&mut self, id: u32) {
        match self {
            Self::Few(ids) => {
                if ids.last().is_none_or(|last| *last < id) {
                    ids.push(id);
                } else if let Err(at) = ids.binary_search(&id) {
                    ids.insert(at, id);
                }
                let highest = ids.last().map_or(0, |last| *last as usize);
                // A list takes 32 bits per member, a bitmap one bit per number below the highest.
                if ids.len() > WORD && ids.len() * 32 > highest {
                    *self = Self::Many(Bits::of(ids));
                }
            }
            Self::Many(bits) => bits.insert(id),
        }
    }

    pub(super) fn remove(&mut self, id: u32) {
        match self {
            Self::Few(ids) => {
                if let Ok(at) = ids.binary_search(&id) {
                    ids.remove(at);
                }
            }
            Self::Many(bits) => {
                bits.remove(id);
                if bits.len * 128 < bits.words.len() * WORD {
                    *self = Self::Few(bits.iter().collect());
                }
            }
        }
    }

    pub(super) fn contains(&self, id: u32) -> bool {
        match self {
            Self::Few(ids) => ids.binary_search(&id).is_ok(),
            Self::Many(bits) => bits.contains(id),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Few(ids) => ids.len(),
            Self::Many(bits) => bits.len,
        }
    }

    /// The members in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        let (few, many) = match self {
            Self::Few(ids) => (Some(ids.iter().copied()), None),
            Self::Many(bits) => (None, Some(bits.iter())),
        };
        few.into_iter().flatten().chain(many.into_iter().flatten())
    }
}

/// A bitmap that knows how many bits are set.
#[derive(Clone, Debug, Default)]
pub(super) struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    fn of(ids: &[u32]) -> Self {
        let mut bits = Self::default();
        for id in ids {
            bits.insert(*id);
        }
        bits
    }

    /// The members of any of `postings`, to be intersected further and [counted](Self::counted) in the end.
    pub(super) fn union(postings: &[&Posting]) -> Self {
        let mut bits = Self::default();
        for posting in postings {
            match posting {
                Posting::Few(ids) => ids.iter().for_each(|id| bits.insert(*id)),
                Posting::Many(more) if bits.words.is_empty() => bits = more.clone(),
                Posting::Many(more) => bits.or(more),
            }
        }
        bits
    }

    fn or(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        self.words.iter_mut().zip(&other.words).for_each(|(word, more)| *word |= more);
    }

    pub(super) fn and(&mut self, other: &Self) {
        self.words.truncate(other.words.len());
        self.words.iter_mut().zip(&other.words).for_each(|(word, more)| *word &= more);
    }

    pub(super) fn and_not(&mut self, other: &Posting) {
        match other {
            Posting::Few(ids) => ids.iter().for_each(|id| self.clear(*id)),
            Posting::Many(other) => {
                self.words.iter_mut().zip(&other.words).for_each(|(word, less)| *word &= !less);
            }
        }
    }

    /// The same, knowing again how many bits are set.
    pub(super) fn counted(mut self) -> Self {
        self.len = self.words.iter().map(|word| word.count_ones() as usize).sum();
        self
    }

    fn clear(&mut self, id: u32) {
        let (word, bit) = place(id);
        if let Some(word) = self.words.get_mut(word) {
            *word &= !bit;
        }
    }

    fn insert(&mut self, id: u32) {
        let (word, bit) = place(id);
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.len += usize::from(self.words[word] & bit == 0);
        self.words[word] |= bit;
    }

    fn remove(&mut self, id: u32) {
        let (word, bit) = place(id);
        if let Some(word) = self.words.get_mut(word) {
            self.len -= usize::from(*word & bit != 0);
            *word &= !bit;
        }
    }

    fn contains(&self, id: u32) -> bool {
        let (word, bit) = place(id);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    fn iter(&self) -> impl Iterator<Item = u32> {
        (0..).step_by(WORD).zip(&self.words).flat_map(|(base, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(base + bit)
            })
        })
    }
}

fn place(id: u32) -> (usize, u64) {
    (id as usize / WORD, 1 << (id as usize % WORD))
}
