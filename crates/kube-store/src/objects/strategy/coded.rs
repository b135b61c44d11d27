//! Built-in kinds whose type kube-core knows.

use super::{SelectableField, Stored, Strategy};
use crate::service::Subresource;
use kube_core::codec::Codec;
use kube_core::error::{ApiError, FieldError};
use kube_core::names::NameRule;
use kube_core::resource::KindInfo;
use kube_core::view::DecodeError;
use serde_json::Value;

/// The strategy of a kind that has a [`Codec`]: unknown fields are dropped, wrong types refused, and defaults and rules
/// are those of the type. One write decodes once.
#[derive(Clone, Debug)]
pub struct Coded {
    codec: Codec,
    /// `Pod in version "v1" cannot be handled as a Pod`.
    refusal: String,
    fields: &'static [SelectableField],
    keeps_status: bool,
}

impl Coded {
    /// The rules of `codec` for `kind`.
    pub fn new(kind: &KindInfo, codec: Codec) -> Self {
        let (name, version) = (&kind.kind, kind.api_version());
        Self {
            codec,
            refusal: format!("{name} in version {version:?} cannot be handled as a {name}"),
            fields: &[],
            keeps_status: false,
        }
    }

    /// The same, selectable by these fields as well.
    #[must_use]
    pub fn selectable(mut self, fields: &'static [SelectableField]) -> Self {
        self.fields = fields;
        self
    }

    /// The same, but creates may bring a status.
    #[must_use]
    pub fn with_status(mut self) -> Self {
        self.keeps_status = true;
        self
    }

    #[expect(clippy::needless_pass_by_value, reason = "it is handed over by map_err")]
    fn refuse(&self, error: DecodeError) -> ApiError {
        ApiError::bad_request(format!("{}: {error}", self.refusal))
    }
}

impl Strategy for Coded {
    fn set_defaults(&self, object: &mut Value) -> Result<(), ApiError> {
        self.codec.set_defaults(object).map_err(|error| self.refuse(error))
    }

    fn validate(&self, object: &Value) -> Result<Vec<FieldError>, ApiError> {
        self.codec.create(&mut object.clone()).map_err(|error| self.refuse(error))
    }

    fn validate_update(
        &self,
        old: Stored<'_>,
        new: &Value,
        _subresource: Subresource,
    ) -> Result<Vec<FieldError>, ApiError> {
        self.codec.update(old.bytes, &mut new.clone()).map_err(|error| self.refuse(error))
    }

    fn admit_create(&self, object: &mut Value) -> Result<Vec<FieldError>, ApiError> {
        self.codec.create(object).map_err(|error| self.refuse(error))
    }

    fn admit_update(
        &self,
        old: Stored<'_>,
        new: &mut Value,
        subresource: Subresource,
    ) -> Result<Vec<FieldError>, ApiError> {
        if subresource == Subresource::Status {
            // What is wanted stays as it was validated.
            return self.set_defaults(new).map(|()| Vec::new());
        }
        self.codec.update(old.bytes, new).map_err(|error| self.refuse(error))
    }

    fn name_rule(&self) -> NameRule {
        self.codec.name_rule()
    }

    fn keeps_status_on_create(&self) -> bool {
        self.keeps_status
    }

    fn selectable_fields(&self) -> &[SelectableField] {
        self.fields
    }
}
