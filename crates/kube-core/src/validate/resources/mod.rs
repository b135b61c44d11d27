//! Amounts of resources: their names, their canonical form, requests and limits.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/helper` (`helpers.go`) and `pkg/apis/core/validation`.

mod names;
mod requirements;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::error::{FieldError, FieldPath};
pub(crate) use crate::kinds::ApiQuantity;
use crate::quantity::Quantity;

use super::fields::{NEGATIVE, NOT_POSITIVE};

pub(crate) use names::{
    is_huge_page, is_overcommit_allowed, is_pod_level, validate_container_resource_name,
    validate_resource_name,
};
pub(crate) use requirements::{
    validate_container_requirements, validate_overhead, validate_pod_requirements,
};

/// Amounts by the name of the resource.
pub(crate) type ResourceList = BTreeMap<String, ApiQuantity>;

/// Writes every amount in its canonical form, rounded up to thousandths. What is no quantity stays for validation.
///
/// Source: `SetDefaults_ResourceList`.
pub(crate) fn canonicalize(list: &mut Option<ResourceList>) {
    for amount in list.iter_mut().flat_map(BTreeMap::values_mut) {
        if let Ok(quantity) = Quantity::parse(&amount.0) {
            amount.0 = quantity.round_up_milli().0.to_string();
        }
    }
}

/// Writes one quantity in its canonical form.
pub(crate) fn canonicalize_one(amount: &mut Option<ApiQuantity>) {
    if let Some(amount) = amount
        && let Ok(quantity) = Quantity::parse(&amount.0)
    {
        amount.0 = quantity.to_string();
    }
}

/// The quantity, or what is wrong with it.
pub(crate) fn parse(amount: &ApiQuantity, path: &FieldPath) -> Result<Quantity, FieldError> {
    Quantity::parse(&amount.0)
        .map_err(|error| FieldError::invalid(path, amount.0.as_str(), error.to_string()))
}

/// What is wrong with an amount of `resource`: it must not be negative, and for what cannot be shared it must be whole.
///
/// Source: `ValidateResourceQuantityValue`.
pub(crate) fn validate_amount(resource: &str, amount: &ApiQuantity, path: &FieldPath) -> Vec<FieldError> {
    let quantity = match parse(amount, path) {
        Ok(quantity) => quantity,
        Err(error) => return vec![error],
    };
    let mut errors = Vec::new();
    if quantity.sign() < 0 {
        errors.push(FieldError::invalid(path, quantity.to_string(), NEGATIVE));
    }
    if names::is_integer(resource) && quantity.milli_value() % 1000 != 0 {
        errors.push(FieldError::invalid(path, quantity.to_string(), "must be an integer"));
    }
    errors
}

/// What is wrong with an amount that must be above zero.
///
/// Source: `ValidatePositiveQuantityValue`.
pub(crate) fn validate_positive(amount: &ApiQuantity, path: &FieldPath) -> Option<FieldError> {
    match parse(amount, path) {
        Ok(quantity) if quantity.sign() > 0 => None,
        Ok(quantity) => Some(FieldError::invalid(path, quantity.to_string(), NOT_POSITIVE)),
        Err(error) => Some(error),
    }
}

/// What is wrong with an amount if it is below zero.
///
/// Source: `validateBasicResource`.
pub(crate) fn validate_basic(amount: &ApiQuantity, path: &FieldPath) -> Option<FieldError> {
    match parse(amount, path) {
        Ok(amount) if amount.sign() < 0 => {
            Some(FieldError::invalid(path, amount.value(), "must be a valid resource quantity"))
        }
        Ok(_) => None,
        Err(error) => Some(error),
    }
}

/// Adds to `requests` every limit that has no request.
///
/// Source: `SetDefaults_Pod`.
pub(crate) fn request_limits(limits: Option<&ResourceList>, requests: &mut Option<ResourceList>) {
    let Some(limits) = limits else { return };
    let requests = requests.get_or_insert_default();
    for (name, amount) in limits {
        requests.entry(name.clone()).or_insert_with(|| amount.clone());
    }
}
