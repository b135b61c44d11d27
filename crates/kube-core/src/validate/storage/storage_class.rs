//! Storage classes.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/storage/v1` (`SetDefaults_StorageClass`), `pkg/apis/storage/validation`
//! (`ValidateStorageClass`, `ValidateStorageClassUpdate`).

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::core::v1::TopologySelectorTerm;
use crate::kinds::storage::v1::StorageClass;
use crate::names::{is_qualified_name, validate_label_name};
use crate::validate::Kind;
use crate::validate::fields::{Items, Text, invalid, one_of, supported};
use crate::validate::meta::{FIELD_IMMUTABLE, validate_immutable_field};
use crate::validate::warn;

impl Kind for StorageClass {
    fn set_defaults(&mut self) {
        self.reclaim_policy.get_or_insert_with(|| "Delete".to_owned());
        self.volume_binding_mode.get_or_insert_with(|| "Immediate".to_owned());
    }

    fn warnings(&self, _old: Option<&Self>) -> Vec<String> {
        warn::of_storage_class(self)
    }

    fn validate(&self) -> Vec<FieldError> {
        let path = FieldPath::new("provisioner");
        let provisioner = self.provisioner.as_str();
        let mut errors = Vec::new();
        if provisioner.is_empty() {
            errors.push(FieldError::required(&path, ""));
        } else {
            let lower = provisioner.to_lowercase();
            errors.extend(invalid(&path, &lower, is_qualified_name(&lower)));
        }
        errors.extend(validate_parameters(self.parameters.as_ref()));
        let policy = self.reclaim_policy.text();
        if !policy.is_empty() {
            errors.extend(supported(policy, &["Delete", "Retain"], &FieldPath::new("reclaimPolicy")));
        }
        let mode = self.volume_binding_mode.text();
        errors.extend(one_of(mode, BINDING_MODES, &FieldPath::new("volumeBindingMode")));
        errors.extend(validate_topologies(self.allowed_topologies.items()));
        errors
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let mut errors = self.validate();
        if self.parameters != old.parameters {
            let path = FieldPath::new("parameters");
            errors.push(FieldError::invalid(&path, ShownAsJson(&self.parameters), FIELD_IMMUTABLE));
        }
        let fields = [
            ("provisioner", self.provisioner.as_str(), old.provisioner.as_str()),
            ("reclaimPolicy", self.reclaim_policy.text(), old.reclaim_policy.text()),
            ("volumeBindingMode", self.volume_binding_mode.text(), old.volume_binding_mode.text()),
        ];
        for (field, new, old) in fields {
            errors.extend(validate_immutable_field(new, &old, &FieldPath::new(field)));
        }
        errors
    }
}

/// Source: `validateParameters`.
fn validate_parameters(parameters: Option<&BTreeMap<String, String>>) -> Vec<FieldError> {
    let path = FieldPath::new("parameters");
    let Some(parameters) = parameters else { return Vec::new() };
    if parameters.len() > MAX_PARAMETERS {
        let detail = format!("may not be more than {MAX_PARAMETERS} bytes");
        let mut error = FieldError::too_long(&path, MAX_PARAMETERS);
        error.detail = detail;
        return vec![error];
    }
    let mut errors = Vec::new();
    let size: usize = parameters.iter().map(|(key, value)| key.len() + value.len()).sum();
    if parameters.contains_key("") {
        errors.push(FieldError::invalid(&path, "", "field can not be empty."));
    }
    if size > MAX_PARAMETERS_SIZE {
        errors.push(FieldError::too_long(&path, MAX_PARAMETERS_SIZE));
    }
    errors
}

/// The values of a term by key, whatever their order.
type Meaning<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// Source: `validateAllowedTopologies`, `ValidateTopologySelectorTerm`.
fn validate_topologies(terms: &[TopologySelectorTerm]) -> Vec<FieldError> {
    let list = FieldPath::new("allowedTopologies");
    let mut errors = Vec::new();
    // Kubernetes has seen as many empty terms as there are terms before it looks at the first.
    let mut seen = vec![Meaning::new(); terms.len()];
    for (index, term) in terms.iter().enumerate() {
        let path = list.index(index).child("matchLabelExpressions");
        errors.extend(validate_term(term, &path));
        let expressions = term.match_label_expressions.items().iter();
        let expressions = expressions.map(|expression| {
            (expression.key.as_str(), expression.values.iter().map(String::as_str).collect())
        });
        let meaning: Meaning<'_> = expressions.collect();
        let same = seen.iter().filter(|known| **known == meaning);
        errors.extend(same.map(|_| FieldError::duplicate(&path, "")));
        seen.push(meaning);
    }
    errors
}

fn validate_term(term: &TopologySelectorTerm, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut keys = BTreeSet::new();
    for (index, expression) in term.match_label_expressions.items().iter().enumerate() {
        let path = path.index(index);
        let list = path.child("values");
        if expression.values.is_empty() {
            errors.push(FieldError::required(&list, ""));
        }
        for (position, value) in expression.values.iter().enumerate() {
            if expression.values[..position].contains(value) {
                errors.push(FieldError::duplicate(&list.index(position), value));
            }
        }
        errors.extend(validate_label_name(&expression.key, &path.child("key")));
        if !keys.insert(&expression.key) {
            errors.push(FieldError::duplicate(&path.child("key"), &expression.key));
        }
    }
    errors
}

const BINDING_MODES: &[&str] = &["Immediate", "WaitForFirstConsumer"];
const MAX_PARAMETERS: usize = 512;
/// Bytes of all keys and values.
const MAX_PARAMETERS_SIZE: usize = 256 * 1024;
