//! Selectors over interned labels.

use super::intern::{Interner, Sym};
use kube_core::selector::{Operator, Requirement, Selector};

/// A selector over interned labels: the AND of its terms.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    /// `None` selects nothing.
    pub(super) terms: Option<Vec<Term>>,
}

#[derive(Clone, Debug)]
pub(super) struct Term {
    pub(super) key: Sym,
    pub(super) test: Test,
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    In(Values),
    NotIn(Values),
    Exists,
    Absent,
    Greater(i64),
    Less(i64),
}

/// The values of a requirement. One alone, as nearly all have, costs no look-up of its own.
#[derive(Clone, Debug)]
pub(super) enum Values {
    One([Sym; 1]),
    /// Sorted.
    Many(Vec<Sym>),
}

impl Values {
    fn of(values: Vec<Sym>) -> Self {
        if let [only] = *values { Self::One([only]) } else { Self::Many(values) }
    }

    pub(super) fn as_slice(&self) -> &[Sym] {
        match self {
            Self::One(one) => one,
            Self::Many(many) => many,
        }
    }

    fn contains(&self, value: Sym) -> bool {
        match self {
            Self::One([only]) => *only == value,
            Self::Many(many) => many.binary_search(&value).is_ok(),
        }
    }
}

impl Compiled {
    /// Compiles `selector` and holds its texts in `interner`.
    pub(super) fn hold(selector: &Selector, interner: &mut Interner) -> Self {
        let term = |requirement: &Requirement| {
            let key = interner.hold(requirement.key());
            let mut values: Vec<Sym> = if is_set(requirement) {
                requirement.values().iter().map(|v| interner.hold(v)).collect()
            } else {
                Vec::new()
            };
            values.sort_unstable();
            Term { key, test: test(requirement, values) }
        };
        Self { terms: selector.requirements().map(|all| all.iter().map(term).collect()) }
    }

    /// Releases what [`Compiled::hold`] held.
    pub(super) fn release(self, interner: &mut Interner) {
        for term in self.terms.into_iter().flatten() {
            interner.release(term.key);
            if let Test::In(values) | Test::NotIn(values) = term.test {
                for value in values.as_slice() {
                    interner.release(*value);
                }
            }
        }
    }

    /// Compiles `selector` for one question: texts that no pod and no selector has are not held.
    pub(super) fn lookup(selector: &Selector, interner: &Interner) -> Self {
        let mut terms = Vec::new();
        for requirement in selector.requirements().unwrap_or_default() {
            let negative = matches!(
                requirement.operator(),
                Operator::NotEquals | Operator::NotIn | Operator::DoesNotExist
            );
            match interner.find(requirement.key()) {
                Some(key) => {
                    let mut values: Vec<Sym> =
                        requirement.values().iter().filter_map(|value| interner.find(value)).collect();
                    values.sort_unstable();
                    terms.push(Term { key, test: test(requirement, values) });
                }
                None if negative => {}
                None => return Self { terms: None },
            }
        }
        Self { terms: (!selector.is_nothing()).then_some(terms) }
    }

    /// Whether labels (sorted by key) are selected.
    pub(super) fn matches(&self, labels: &[(Sym, Sym)], interner: &Interner) -> bool {
        self.terms.as_ref().is_some_and(|terms| terms.iter().all(|term| term.matches(labels, interner)))
    }
}

impl Term {
    pub(super) fn matches(&self, labels: &[(Sym, Sym)], interner: &Interner) -> bool {
        let value = labels.iter().find(|(key, _)| *key == self.key).map(|(_, value)| *value);
        let number = || value.and_then(|value| interner.text(value).parse::<i64>().ok());
        match &self.test {
            Test::In(values) => value.is_some_and(|value| values.contains(value)),
            Test::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Test::Exists => value.is_some(),
            Test::Absent => value.is_none(),
            Test::Greater(bound) => number().is_some_and(|number| number > *bound),
            Test::Less(bound) => number().is_some_and(|number| number < *bound),
        }
    }
}

fn is_set(requirement: &Requirement) -> bool {
    requirement.bound().is_none()
}

fn test(requirement: &Requirement, values: Vec<Sym>) -> Test {
    match requirement.operator() {
        Operator::NotEquals | Operator::NotIn => Test::NotIn(Values::of(values)),
        Operator::Exists => Test::Exists,
        Operator::DoesNotExist => Test::Absent,
        Operator::GreaterThan => Test::Greater(requirement.bound().unwrap_or_default()),
        Operator::LessThan => Test::Less(requirement.bound().unwrap_or_default()),
        _ => Test::In(Values::of(values)),
    }
}
