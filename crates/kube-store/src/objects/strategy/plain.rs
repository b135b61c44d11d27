//! Kinds without rules of their own.

use super::{SelectableField, Strategy};
use kube_core::error::ApiError;
use kube_core::kinds::meta::v1::ObjectMeta;
use serde::Deserialize;
use serde_json::Value;

/// The strategy of a kind whose content is not known: only metadata is looked at.
#[derive(Clone, Debug, Default)]
pub struct Plain {
    fields: Vec<SelectableField>,
}

impl Plain {
    /// The same, selectable by these fields as well.
    #[must_use]
    pub fn selectable(mut self, fields: impl IntoIterator<Item = SelectableField>) -> Self {
        self.fields.extend(fields);
        self
    }
}

impl Strategy for Plain {
    fn set_defaults(&self, object: &mut Value) -> Result<(), ApiError> {
        let Some(metadata) = object.get_mut("metadata") else { return Ok(()) };
        // Through the type and back: wrong types are refused and the bytes do not tell how it was written.
        let typed = ObjectMeta::deserialize(&*metadata)
            .map_err(|error| ApiError::bad_request(format!("metadata cannot be read: {error}")))?;
        *metadata = serde_json::to_value(typed).map_err(ApiError::internal)?;
        Ok(())
    }

    fn selectable_fields(&self) -> &[SelectableField] {
        &self.fields
    }
}
