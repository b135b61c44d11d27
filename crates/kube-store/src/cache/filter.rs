//! What a list or watch selects.

use super::entry::Entry;
use super::waiters::Interest;
use crate::objects::strategy::{FieldTree, SelectableField};
use crate::service::Selection;
use kube_core::error::ApiError;
use kube_core::selector::field::{FieldOperator, FieldRequirement, FieldSelector};
use kube_core::selector::{Requirement, Selector};
use kube_core::view::RawObject;
use std::sync::Arc;

/// What a list or watch selects, checked against the fields of its kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    namespace: Option<Arc<str>>,
    /// From a field selector that demands one name.
    name: Option<Arc<str>>,
    labels: Option<Selector>,
    /// Requirements on metadata.
    keys: Vec<(KeyField, FieldRequirement)>,
    /// Requirements on the kind's own fields, each with the index of its field.
    fields: Vec<(usize, FieldRequirement)>,
}

/// Something that an object has one value of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Term {
    /// The field of this number among those of the kind.
    Field(usize),
    Label(Arc<str>),
    Namespace,
}

impl Term {
    /// The value; `None` where the object has none.
    pub(super) fn value<'a>(&self, entry: &'a Entry, tree: &FieldTree) -> Option<&'a Arc<str>> {
        match self {
            Self::Field(index) => entry.fields(tree).get(*index),
            Self::Label(key) => entry.raw.meta.labels.get(key),
            Self::Namespace => Some(&entry.raw.meta.namespace),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum KeyField {
    Name,
    Namespace,
}

impl Filter {
    /// # Errors
    /// 400 for a field that cannot be selected by.
    pub(crate) fn new(selection: &Selection, known: &[SelectableField]) -> Result<Self, ApiError> {
        let labels = selection.labels.clone().filter(|selector| !selector.is_everything());
        let namespace = selection.namespace().map(Into::into);
        let mut filter = Self { namespace, labels, ..Self::default() };
        let selector = selection.fields.as_ref();
        for requirement in selector.map(FieldSelector::requirements).unwrap_or_default() {
            let field = requirement.field();
            match &**field {
                "metadata.name" => filter.keys.push((KeyField::Name, requirement.clone())),
                "metadata.namespace" => filter.keys.push((KeyField::Namespace, requirement.clone())),
                other => match known.iter().position(|f| f.label() == other) {
                    Some(index) => filter.fields.push((index, requirement.clone())),
                    None => return Err(ApiError::bad_request(format!("field label not supported: {other}"))),
                },
            }
        }
        if let Some(selector) = selector {
            filter.name = selector.requires_exact("metadata.name").map(Into::into);
            if filter.namespace.is_none() {
                filter.namespace =
                    selector.requires_exact("metadata.namespace").filter(|n| !n.is_empty()).map(Into::into);
            }
        }
        Ok(filter)
    }

    pub(crate) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Whether everything in the namespace (or everywhere) is selected.
    pub(crate) fn is_everything(&self) -> bool {
        self.labels.is_none() && self.keys.is_empty() && self.fields.is_empty()
    }

    /// The fields and labels of which one value is demanded, the most telling kind first.
    pub(super) fn exact(&self) -> impl Iterator<Item = (Term, Arc<str>)> {
        let fields =
            self.fields.iter().filter(|(_, requirement)| requirement.operator() == FieldOperator::Equals);
        let fields = fields.map(|(index, requirement)| (Term::Field(*index), requirement.value().clone()));
        let labels = self.labels.iter().flat_map(|selector| {
            let keys = selector.requirements().unwrap_or_default().iter().map(Requirement::key);
            keys.filter_map(|key| Some((Term::Label(key.clone()), selector.requires_exact(key)?.into())))
        });
        fields.chain(labels)
    }

    /// Whether nothing is demanded but one value of `term`, and perhaps a namespace, which is part of the key.
    pub(super) fn asks_only(&self, term: &Term) -> bool {
        let labels = self.labels.as_ref().map(|selector| selector.requirements().unwrap_or_default().len());
        self.keys.is_empty()
            && match term {
                Term::Label(_) => self.fields.is_empty() && labels == Some(1),
                Term::Field(_) => self.fields.len() == 1 && labels.is_none(),
                Term::Namespace => false,
            }
    }

    /// What changes concern: all that this selects are among them.
    pub(super) fn interest(&self) -> Interest {
        let namespace = self.namespace.as_ref().map(|namespace| (Term::Namespace, namespace.clone()));
        let term = self.exact().next().or(namespace);
        term.map_or(Interest::Changes, |(term, value)| Interest::Value(term, value))
    }

    pub(super) fn matches(&self, entry: &Entry, tree: &FieldTree) -> bool {
        self.matches_meta(&entry.raw)
            && (self.fields.is_empty() || {
                let values = entry.fields(tree);
                self.fields.iter().all(|(index, requirement)| requirement.matches_value(&values[*index]))
            })
    }

    /// The same for an object that is in no cache.
    pub(crate) fn matches_object(&self, raw: &RawObject, tree: &FieldTree) -> bool {
        self.matches_meta(raw)
            && (self.fields.is_empty() || {
                let values = tree.read(&raw.bytes);
                self.fields.iter().all(|(index, requirement)| requirement.matches_value(&values[*index]))
            })
    }

    fn matches_meta(&self, raw: &RawObject) -> bool {
        let meta = &raw.meta;
        self.namespace.as_ref().is_none_or(|namespace| *namespace == meta.namespace)
            && self.labels.as_ref().is_none_or(|selector| selector.matches(&meta.labels))
            && self.keys.iter().all(|(field, requirement)| {
                requirement.matches_value(match field {
                    KeyField::Name => &meta.name,
                    KeyField::Namespace => &meta.namespace,
                })
            })
    }
}
