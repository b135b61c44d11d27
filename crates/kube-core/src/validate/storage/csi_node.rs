//! What a node knows of the drivers of volumes on it.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/storage/validation` (`ValidateCSINode`, `ValidateCSINodeUpdate`).

use std::collections::BTreeSet;

use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::storage::v1::{CSINode, CSINodeDriver};
use crate::names::is_qualified_name;
use crate::validate::Kind;
use crate::validate::core::validate_driver_name;
use crate::validate::fields::{Items, nonnegative};
use crate::validate::meta::FIELD_IMMUTABLE;

const NODE_ID_MAX_LENGTH: usize = 256;

impl Kind for CSINode {
    fn validate(&self) -> Vec<FieldError> {
        let path = FieldPath::new("spec").child("drivers");
        let mut names = BTreeSet::new();
        let mut errors = Vec::new();
        for (index, driver) in self.spec.drivers.iter().enumerate() {
            let path = path.index(index);
            errors.extend(validate_driver(driver, &path));
            if !names.insert(&driver.name) {
                errors.push(FieldError::duplicate(&path.child("name"), &driver.name));
            }
            errors.extend(validate_topology_keys(driver, &path));
        }
        errors
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let mut errors = self.validate();
        for old in &old.spec.drivers {
            let fixed = fixed_part(old);
            let new = self.spec.drivers.iter().filter(|new| new.name == old.name).map(fixed_part);
            errors.extend(new.filter(|new| *new != fixed).map(|new| {
                FieldError::invalid(&FieldPath::new("CSINodeDriver"), ShownAsJson(&new), FIELD_IMMUTABLE)
            }));
        }
        errors
    }
}

/// What of a driver may not change: all but how many volumes it can attach.
fn fixed_part(driver: &CSINodeDriver) -> CSINodeDriver {
    CSINodeDriver { allocatable: None, ..driver.clone() }
}

fn validate_driver(driver: &CSINodeDriver, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = validate_driver_name(&driver.name, &path.child("name"));
    let (id, here) = (driver.node_id.as_str(), path.child("nodeID"));
    if id.is_empty() {
        errors.push(FieldError::required(&here, ""));
    }
    if id.len() > NODE_ID_MAX_LENGTH {
        let detail = format!("must be {NODE_ID_MAX_LENGTH} characters or less");
        errors.push(FieldError::invalid(&here, id, detail));
    }
    let count = driver.allocatable.as_ref().and_then(|allocatable| allocatable.count);
    errors.extend(nonnegative(count, &path.child("allocatable"), "count"));
    errors
}

fn validate_topology_keys(driver: &CSINodeDriver, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut seen = BTreeSet::new();
    for key in driver.topology_keys.items() {
        if key.is_empty() {
            errors.push(FieldError::required(path, ""));
        }
        if !seen.insert(key) {
            errors.push(FieldError::duplicate(path, key));
        }
        let complaints = is_qualified_name(key).into_iter();
        let keys = driver.topology_keys.items();
        errors.extend(complaints.map(|detail| FieldError::invalid(path, ShownAsJson(keys), detail)));
    }
    errors
}
