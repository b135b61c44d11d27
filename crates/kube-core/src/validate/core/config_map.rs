//! Configuration.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`ValidateConfigMap`).

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::ConfigMap;
use crate::names::is_config_map_key;
use crate::validate::Kind;
use crate::validate::fields::invalid;

use super::secret::{MAX_SIZE, validate_immutable};

impl Kind for ConfigMap {
    const AS_IT_IS: bool = true;

    fn validate(&self) -> Vec<FieldError> {
        let (data, binary) = (FieldPath::new("data"), FieldPath::new("binaryData"));
        let mut errors = Vec::new();
        let mut size = 0;
        for (key, value) in self.data.iter().flatten() {
            errors.extend(invalid(&data.key(key), key, is_config_map_key(key)));
            if self.binary_data.as_ref().is_some_and(|binary| binary.contains_key(key)) {
                let detail = "duplicate of key present in binaryData";
                errors.push(FieldError::invalid(&data.key(key), key, detail));
            }
            size += value.len();
        }
        for (key, value) in self.binary_data.iter().flatten() {
            errors.extend(invalid(&binary.key(key), key, is_config_map_key(key)));
            size += value.0.len();
        }
        if size > MAX_SIZE {
            errors.push(FieldError::too_long(&FieldPath::root(), MAX_SIZE));
        }
        errors
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let same = [("data", self.data == old.data), ("binaryData", self.binary_data == old.binary_data)];
        let mut errors = validate_immutable(self.immutable, old.immutable, &same);
        errors.extend(self.validate());
        errors
    }
}
