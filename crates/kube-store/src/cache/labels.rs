//! Objects by label, for the label keys that lists have asked for.
//!
//! The first list that demands a value of a key pays for indexing it; from then on every change keeps the index. A list
//! that selects few of many objects then costs what it selects.

use super::entry::Entry;
use super::log::ObjectMap;
use kube_core::map::FxMap;
use kube_core::selector::{Operator, Selector};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Label keys that are indexed at most; lists by others look at every object.
const KEYS: usize = 16;

/// Objects by the text behind the kind's prefix.
type Bucket = BTreeMap<Arc<str>, Arc<Entry>>;

/// The objects of each value of one label key.
type Values = FxMap<Arc<str>, Bucket>;

/// Objects by label value, for each key that was asked for.
#[derive(Debug, Default)]
pub(super) struct LabelIndex {
    keys: Vec<(Arc<str>, Values)>,
}

impl LabelIndex {
    /// The objects that may match, where the selector demands one value of a key; `None` when all objects may.
    pub(super) fn candidates(&mut self, selector: &Selector, objects: &ObjectMap) -> Option<&Bucket> {
        static NONE: Bucket = BTreeMap::new();
        let (key, value) = demanded(selector)?;
        if let Some(place) = self.keys.iter().position(|(known, _)| known == key) {
            return Some(self.keys[place].1.get(value).unwrap_or(&NONE));
        }
        if self.keys.len() >= KEYS {
            return None;
        }
        let mut values = Values::default();
        for (at, entry) in objects {
            if let Some(value) = entry.raw.meta.labels.get(key) {
                values.entry(value.clone()).or_default().insert(at.clone(), entry.clone());
            }
        }
        self.keys.push((key.clone(), values));
        self.keys.last().map(|(_, values)| values.get(value).unwrap_or(&NONE))
    }

    /// An object was put, or (`None`) deleted.
    pub(super) fn change(&mut self, at: &Arc<str>, old: Option<&Arc<Entry>>, new: Option<&Arc<Entry>>) {
        for (key, values) in &mut self.keys {
            let label = |entry: Option<&Arc<Entry>>| entry.and_then(|e| e.raw.meta.labels.get(key).cloned());
            let (before, after) = (label(old), label(new));
            if before != after
                && let Some(before) = &before
                && let Some(bucket) = values.get_mut(before)
            {
                bucket.remove(at);
                if bucket.is_empty() {
                    values.remove(before);
                }
            }
            if let (Some(after), Some(entry)) = (after, new) {
                values.entry(after).or_default().insert(at.clone(), entry.clone());
            }
        }
    }

    /// Everything is another; keys are indexed again when they are asked for.
    pub(super) fn clear(&mut self) {
        self.keys.clear();
    }
}

/// The key and value of which the selector demands exactly one.
fn demanded(selector: &Selector) -> Option<(&Arc<str>, &Arc<str>)> {
    selector.requirements()?.iter().find_map(|requirement| {
        let exact =
            matches!(requirement.operator(), Operator::Equals | Operator::DoubleEquals | Operator::In);
        match requirement.values() {
            [one] if exact => Some((requirement.key(), one)),
            _ => None,
        }
    })
}

/// Whether the selector asks for nothing but that one value, so that every candidate matches.
pub(super) fn is_single(selector: &Selector) -> bool {
    selector.requirements().is_some_and(|all| all.len() == 1) && demanded(selector).is_some()
}
