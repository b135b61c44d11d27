//! Kinds without rules of their own.

use super::{SelectableField, Strategy};

/// The strategy of a kind whose content is not known: only metadata is looked at.
#[derive(Clone, Debug, Default)]
pub struct Plain {
    fields: Vec<SelectableField>,
    uncounted: bool,
}

impl Plain {
    /// The same, selectable by these fields as well.
    #[must_use]
    pub fn selectable(mut self, fields: impl IntoIterator<Item = SelectableField>) -> Self {
        self.fields.extend(fields);
        self
    }

    /// The same, but without a generation.
    #[must_use]
    pub fn uncounted(mut self) -> Self {
        self.uncounted = true;
        self
    }
}

impl Strategy for Plain {
    fn counts_generation(&self) -> bool {
        !self.uncounted
    }

    fn selectable_fields(&self) -> &[SelectableField] {
        &self.fields
    }
}
