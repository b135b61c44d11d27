//! Texts as numbers, counted, so that memory shrinks with the cluster.

use kube_core::map::FxMap;
use std::sync::Arc;

/// The number of a text.
pub(super) type Sym = u32;

/// A label: key in the high half, value in the low.
pub(super) type Pair = u64;

pub(super) fn pair(key: Sym, value: Sym) -> Pair {
    (u64::from(key) << 32) | u64::from(value)
}

#[derive(Debug, Default)]
pub(super) struct Interner {
    numbers: FxMap<Arc<str>, Sym>,
    texts: Vec<(Arc<str>, u32)>,
    free: Vec<Sym>,
}

impl Interner {
    /// The number of `text`, which is held until [`Interner::release`] was called as often.
    pub(super) fn hold(&mut self, text: &Arc<str>) -> Sym {
        if let Some(&sym) = self.numbers.get(&**text) {
            self.texts[sym as usize].1 += 1;
            return sym;
        }
        let entry = (text.clone(), 1);
        let sym = if let Some(sym) = self.free.pop() {
            self.texts[sym as usize] = entry;
            sym
        } else {
            self.texts.push(entry);
            number(self.texts.len() - 1)
        };
        self.numbers.insert(text.clone(), sym);
        sym
    }

    pub(super) fn release(&mut self, sym: Sym) {
        let (text, held) = &mut self.texts[sym as usize];
        *held -= 1;
        if *held == 0 {
            self.numbers.remove(&**text);
            *text = Arc::default();
            self.free.push(sym);
        }
    }

    pub(super) fn find(&self, text: &str) -> Option<Sym> {
        self.numbers.get(text).copied()
    }

    pub(super) fn text(&self, sym: Sym) -> &str {
        &self.texts[sym as usize].0
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }
}

/// An index into a list as the number that stands for it.
#[expect(clippy::expect_used, reason = "memory ends before four billion labels, pods or selectors")]
pub(super) fn number(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than 2^32 entries")
}
