//! The labels of a name, without an allocation.

use std::ops::Deref;

/// The labels of a name below a domain, outermost first. Of those beyond `N` it is known that they are there: `N` is one
/// more than the labels of the longest name that means something.
pub(super) struct Labels<'a, const N: usize> {
    labels: [&'a str; N],
    len: usize,
}

impl<'a, const N: usize> Labels<'a, N> {
    /// The labels of `name` below `domain`; `None` where it is elsewhere or has an empty label.
    pub(super) fn below(name: &'a str, domain: &str) -> Option<Self> {
        let mut labels = Self { labels: [""; N], len: 0 };
        let rest = name.strip_suffix(domain)?;
        if rest.is_empty() {
            return Some(labels);
        }
        for label in rest.strip_suffix('.')?.rsplit('.') {
            if label.is_empty() {
                return None;
            }
            if let Some(place) = labels.labels.get_mut(labels.len) {
                *place = label;
                labels.len += 1;
            }
        }
        Some(labels)
    }
}

impl<'a, const N: usize> Deref for Labels<'a, N> {
    type Target = [&'a str];

    fn deref(&self) -> &Self::Target {
        &self.labels[..self.len]
    }
}
