//! Finding objects by one value, without looking at all.

use super::entry::Entry;
use super::filter::{Filter, Term};
use super::log::ObjectMap;
use crate::objects::strategy::FieldTree;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Indexes over the objects of a cache: each begun when a list first demands one value of its term, and kept up from
/// then on. Fields are declared by the kind; of labels, any.
#[derive(Debug, Default)]
pub(super) struct Indexes(BTreeMap<Term, BTreeMap<Arc<str>, ObjectMap>>);

/// Indexes by more labels than this are not begun: each costs memory with every object that has the label.
const LABELS: usize = 16;

impl Indexes {
    /// The term of `filter` that is, or may be, indexed, with the value it demands.
    pub(super) fn term(&self, filter: &Filter) -> Option<(Term, Arc<str>)> {
        let mut exact = filter.exact();
        let labels = self.0.keys().filter(|term| matches!(term, Term::Label(_))).count();
        exact.find(|(term, _)| labels < LABELS || !matches!(term, Term::Label(_)) || self.has(term))
    }

    /// Whether there is an index by `term`.
    pub(super) fn has(&self, term: &Term) -> bool {
        self.0.contains_key(term)
    }

    /// Begins the index by `term`, unless there is one.
    pub(super) fn begin(&mut self, term: &Term, objects: &ObjectMap, fields: &FieldTree) {
        if self.has(term) {
            return;
        }
        let mut values: BTreeMap<Arc<str>, ObjectMap> = BTreeMap::new();
        for (key, entry) in objects {
            if let Some(value) = term.value(entry, fields) {
                values.entry(value.clone()).or_default().insert(key.clone(), entry.clone());
            }
        }
        self.0.insert(term.clone(), values);
    }

    /// The objects with `value` at `term`, in the order of their keys.
    pub(super) fn find(&self, term: &Term, value: &str) -> Option<&ObjectMap> {
        self.0.get(term)?.get(value)
    }

    /// An object changed.
    pub(super) fn change(
        &mut self,
        key: &Arc<str>,
        old: Option<&Arc<Entry>>,
        new: Option<&Arc<Entry>>,
        fields: &FieldTree,
    ) {
        for (term, values) in &mut self.0 {
            let now = new.and_then(|entry| term.value(entry, fields));
            if let Some(before) = old.and_then(|entry| term.value(entry, fields))
                && Some(before) != now
                && let Some(objects) = values.get_mut(before)
            {
                objects.remove(key);
                if objects.is_empty() {
                    values.remove(before);
                }
            }
            if let (Some(now), Some(entry)) = (now, new) {
                values.entry(now.clone()).or_default().insert(key.clone(), entry.clone());
            }
        }
    }

    /// Makes every index anew, over `objects`.
    pub(super) fn rebuild(&mut self, objects: &ObjectMap, fields: &FieldTree) {
        let terms: Vec<Term> = std::mem::take(&mut self.0).into_keys().collect();
        for term in &terms {
            self.begin(term, objects, fields);
        }
    }
}
