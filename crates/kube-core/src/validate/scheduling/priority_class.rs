//! Priority classes.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/scheduling/v1` (`SetDefaults_PriorityClass`), `pkg/apis/scheduling/validation`
//! (`ValidatePriorityClass`, `ValidatePriorityClassUpdate`).

use crate::error::{FieldError, FieldPath};
use crate::kinds::scheduling::v1::PriorityClass;
use crate::validate::Kind;
use crate::validate::fields::{Text, one_of};
use crate::validate::meta::validate_immutable_field;

impl Kind for PriorityClass {
    fn set_defaults(&mut self) {
        self.preemption_policy.get_or_insert_with(|| "PreemptLowerPriority".to_owned());
    }

    fn validate(&self) -> Vec<FieldError> {
        let (name, value) = (self.metadata.name.text(), self.value.unwrap_or_default());
        let mut errors = Vec::new();
        if name.starts_with("system-") {
            errors.extend(unknown_system_class(name, value).map(|reason| {
                let path = FieldPath::new("metadata").child("name");
                FieldError::forbidden(&path, format!("{RESERVED} error: {reason}"))
            }));
        } else if value > HIGHEST {
            let detail = format!("maximum allowed value of a user defined priority is {HIGHEST}");
            errors.push(FieldError::forbidden(&FieldPath::new("value"), detail));
        }
        let policy = self.preemption_policy.text();
        if !policy.is_empty() {
            let path = FieldPath::new("preemptionPolicy");
            errors.extend(one_of(policy, &["PreemptLowerPriority", "Never"], &path));
        }
        errors
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.value.unwrap_or_default() != old.value.unwrap_or_default() {
            errors.push(FieldError::forbidden(&FieldPath::new("value"), "may not be changed in an update."));
        }
        let path = FieldPath::new("preemptionPolicy");
        let (new, old) = (self.preemption_policy.text(), old.preemption_policy.text());
        errors.extend(validate_immutable_field(new, &old, &path));
        errors
    }
}

/// Source: `IsKnownSystemPriorityClass`.
fn unknown_system_class(name: &str, value: i32) -> Option<String> {
    match SYSTEM.iter().find(|(known, _)| *known == name) {
        None => Some(format!("{name} is not a known system priority class")),
        Some((_, known)) if *known != value => Some(format!("value of {name} PriorityClass must be {known}")),
        Some(_) => None,
    }
}

/// The highest priority that users give.
const HIGHEST: i32 = 1_000_000_000;
const SYSTEM: &[(&str, i32)] =
    &[("system-node-critical", 2_000_001_000), ("system-cluster-critical", 2_000_000_000)];
const RESERVED: &str = "priority class names with 'system-' prefix are reserved for system use only.";
