//! Selectors that differ. Many stand under several ids: a Service, a budget and a policy that mean the same pods.

use super::compiled::Compiled;
use super::filing::Place;
use super::intern::number;
use kube_core::map::{FxMap, Places, fx_hash};
use kube_core::selector::Selector;
use std::hash::Hash;

/// Where a form looks for pods: the number of its namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Home {
    Namespace(u32),
    Cluster,
}

/// One selector of one scope, and everybody who asked for it.
#[derive(Debug)]
pub(super) struct Form<S> {
    /// Sorted; never empty.
    pub(super) ids: Vec<S>,
    pub(super) compiled: Compiled,
    pub(super) home: Home,
    pub(super) place: Place,
    pub(super) selector: Selector,
}

/// Every form, by its number, by what it says and by its ids.
#[derive(Debug)]
pub(super) struct Forms<S> {
    all: Vec<Option<Form<S>>>,
    free: Vec<u32>,
    places: Places,
    numbers: FxMap<S, u32>,
}

impl<S> Default for Forms<S> {
    fn default() -> Self {
        Self { all: Vec::new(), free: Vec::new(), places: Places::default(), numbers: FxMap::default() }
    }
}

impl<S: Clone + Ord + Hash> Forms<S> {
    /// How many ids there are.
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The form that stands under this id.
    pub(super) fn of(&self, id: &S) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    pub(super) fn get(&self, at: u32) -> Option<&Form<S>> {
        self.all.get(at as usize)?.as_ref()
    }

    /// The form that says this.
    pub(super) fn find(&self, home: Home, selector: &Selector) -> Option<u32> {
        let is = |at: u32| self.get(at).is_some_and(|form| form.home == home && form.selector == *selector);
        self.places.find(fx_hash(&(home, selector)), is)
    }

    /// Adds a form that is not there. It needs an id at once.
    pub(super) fn insert(&mut self, form: Form<S>) -> u32 {
        let hash = hash(&form);
        let at = if let Some(at) = self.free.pop() {
            self.all[at as usize] = Some(form);
            at
        } else {
            self.all.push(Some(form));
            number(self.all.len() - 1)
        };
        let all = &self.all;
        self.places.insert(hash, at, |at| all[at as usize].as_ref().map_or(0, self::hash));
        at
    }

    /// Puts an id that stands nowhere under a form.
    pub(super) fn join(&mut self, id: &S, at: u32) {
        self.numbers.insert(id.clone(), at);
        if let Some(form) = &mut self.all[at as usize]
            && let Err(place) = form.ids.binary_search(id)
        {
            form.ids.insert(place, id.clone());
        }
    }

    /// Takes an id from its form; returns the form where it was the last one.
    pub(super) fn leave(&mut self, id: &S) -> Option<(u32, Form<S>)> {
        let at = self.numbers.remove(id)?;
        let form = self.all[at as usize].as_mut()?;
        if let Ok(place) = form.ids.binary_search(id) {
            form.ids.remove(place);
        }
        if !form.ids.is_empty() {
            return None;
        }
        let form = self.all[at as usize].take()?;
        self.places.remove(hash(&form), at);
        self.free.push(at);
        Some((at, form))
    }

    /// The numbers of all forms, those of places that are free among them.
    pub(super) fn numbers(&self) -> std::ops::Range<u32> {
        0..number(self.all.len())
    }

    pub(super) fn get_mut(&mut self, at: u32) -> Option<&mut Form<S>> {
        self.all.get_mut(at as usize)?.as_mut()
    }
}

fn hash<S>(form: &Form<S>) -> u64 {
    fx_hash(&(form.home, &form.selector))
}
