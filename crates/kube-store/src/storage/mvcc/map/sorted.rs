//! Looking for a text among sorted ones.

/// What is remembered of a sorted list of texts, so that a search compares numbers that lie side by side instead of
/// texts that lie anywhere: how many bytes all begin with, and the eight bytes behind those.
#[derive(Clone, Debug)]
pub(super) struct Heads {
    common: usize,
    heads: Box<[u64]>,
}

impl Heads {
    /// Of `len` texts, which `text` tells.
    pub(super) fn of<'a>(len: usize, text: impl Fn(usize) -> &'a str) -> Self {
        let common = match len {
            0 | 1 => 0,
            // Whatever the first and the last begin with, those between them do as well.
            _ => text(0).bytes().zip(text(len - 1).bytes()).take_while(|(a, b)| a == b).count(),
        };
        let heads = (0..len).map(|at| head(text(at).as_bytes(), common)).collect();
        Self { common, heads }
    }

    /// How many of the texts are below `wanted`, and whether the next one is `wanted` itself.
    pub(super) fn find<'a>(&self, wanted: &str, text: impl Fn(usize) -> &'a str) -> Result<usize, usize> {
        let len = self.heads.len();
        if len == 0 {
            return Err(0);
        }
        if self.common > 0 {
            let common = text(0).as_bytes().get(..self.common).unwrap_or_default();
            let begins = wanted.as_bytes().get(..self.common).unwrap_or(wanted.as_bytes());
            match begins.cmp(common) {
                std::cmp::Ordering::Less => return Err(0),
                std::cmp::Ordering::Greater => return Err(len),
                std::cmp::Ordering::Equal => {}
            }
        }
        let head = head(wanted.as_bytes(), self.common);
        let mut low = self.heads.partition_point(|held| *held < head);
        let mut high = low + self.heads.iter().skip(low).take_while(|held| **held == head).count();
        while low < high {
            let middle = usize::midpoint(low, high);
            match text(middle).cmp(wanted) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Ok(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Err(low)
    }

    /// How many of the texts are below `wanted`.
    pub(super) fn below<'a>(&self, wanted: &str, text: impl Fn(usize) -> &'a str) -> usize {
        self.find(wanted, text).unwrap_or_else(|below| below)
    }
}

/// Eight bytes from `from` on, as a number that orders like them.
fn head(text: &[u8], from: usize) -> u64 {
    let rest = text.get(from..).unwrap_or_default();
    let mut eight = [0; 8];
    if let Some(all) = rest.first_chunk::<8>() {
        eight = *all;
    } else {
        eight.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
    }
    u64::from_be_bytes(eight)
}
