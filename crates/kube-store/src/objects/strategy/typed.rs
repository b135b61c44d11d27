//! Kinds whose type is known.

use super::{SelectableField, Stored, Strategy};
use crate::service::Subresource;
use kube_core::error::{ApiError, FieldError};
use kube_core::names::{NameRule, name_is_dns_subdomain};
use kube_core::resource::Resource;
use kube_core::validate::Kind;
use serde_json::Value;
use std::fmt;

/// The strategy of a kind that decodes to `K`: unknown fields are dropped, wrong types refused, and the rules are
/// functions of the type. One write decodes once.
pub struct Typed<K> {
    default: fn(&mut K),
    prepare: fn(&mut K),
    validate: fn(&K) -> Vec<FieldError>,
    validate_update: fn(&K, &K) -> Vec<FieldError>,
    name_rule: NameRule,
    fields: &'static [SelectableField],
    keeps_status: bool,
}

impl<K: Resource> Typed<K> {
    /// No rules but the type itself.
    pub fn new() -> Self {
        Self {
            default: |_| {},
            prepare: |_| {},
            validate: |_| Vec::new(),
            validate_update: |_, _| Vec::new(),
            name_rule: name_is_dns_subdomain,
            fields: &[],
            keeps_status: false,
        }
    }

    /// The same with this first state of new objects.
    #[must_use]
    pub fn prepare(mut self, prepare: fn(&mut K)) -> Self {
        self.prepare = prepare;
        self
    }

    /// The same, selectable by these fields as well.
    #[must_use]
    pub fn selectable(mut self, fields: &'static [SelectableField]) -> Self {
        self.fields = fields;
        self
    }

    /// The same with this rule for names.
    #[must_use]
    pub fn named(mut self, rule: NameRule) -> Self {
        self.name_rule = rule;
        self
    }

    /// The same, but creates may bring a status.
    #[must_use]
    pub fn with_status(mut self) -> Self {
        self.keeps_status = true;
        self
    }
}

impl<K: Kind> Typed<K> {
    /// The rules that kube-core has for the type.
    pub fn ruled() -> Self {
        Self {
            default: K::set_defaults,
            validate: K::validate,
            validate_update: K::validate_update,
            name_rule: K::name_rule(),
            ..Self::new()
        }
    }
}

impl<K: Resource> Default for Typed<K> {
    fn default() -> Self {
        Self::new()
    }
}

fn decode<K: Resource>(object: &Value) -> Result<K, ApiError> {
    K::deserialize(object).map_err(|error| {
        let info = K::kind_info();
        let (kind, version) = (&info.kind, info.api_version());
        ApiError::bad_request(format!("{kind} in version {version:?} cannot be handled as a {kind}: {error}"))
    })
}

fn decode_stored<K: Resource>(stored: Stored<'_>) -> Result<K, ApiError> {
    serde_json::from_slice(stored.bytes).map_err(ApiError::internal)
}

fn encode<K: Resource>(typed: &K) -> Result<Value, ApiError> {
    serde_json::to_value(typed).map_err(ApiError::internal)
}

impl<K: Resource> Strategy for Typed<K> {
    fn set_defaults(&self, object: &mut Value) -> Result<(), ApiError> {
        let mut typed = decode(object)?;
        (self.default)(&mut typed);
        *object = encode(&typed)?;
        Ok(())
    }

    fn validate(&self, object: &Value) -> Result<Vec<FieldError>, ApiError> {
        Ok((self.validate)(&decode(object)?))
    }

    fn validate_update(
        &self,
        old: Stored<'_>,
        new: &Value,
        _subresource: Subresource,
    ) -> Result<Vec<FieldError>, ApiError> {
        Ok((self.validate_update)(&decode(new)?, &decode_stored(old)?))
    }

    fn admit_create(&self, object: &mut Value) -> Result<Vec<FieldError>, ApiError> {
        let mut typed = decode(object)?;
        (self.default)(&mut typed);
        (self.prepare)(&mut typed);
        *object = encode(&typed)?;
        Ok((self.validate)(&typed))
    }

    fn admit_update(
        &self,
        old: Stored<'_>,
        new: &mut Value,
        subresource: Subresource,
    ) -> Result<Vec<FieldError>, ApiError> {
        let mut typed: K = decode(new)?;
        (self.default)(&mut typed);
        *new = encode(&typed)?;
        if subresource == Subresource::Status {
            // What is wanted stays as it was validated.
            return Ok(Vec::new());
        }
        let mut before = decode_stored(old)?;
        (self.default)(&mut before);
        Ok((self.validate_update)(&typed, &before))
    }

    fn name_rule(&self) -> NameRule {
        self.name_rule
    }

    fn keeps_status_on_create(&self) -> bool {
        self.keeps_status
    }

    fn selectable_fields(&self) -> &[SelectableField] {
        self.fields
    }
}

impl<K> fmt::Debug for Typed<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Typed<{}>", std::any::type_name::<K>())
    }
}
