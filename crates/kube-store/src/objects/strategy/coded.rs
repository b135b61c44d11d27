//! Built-in kinds whose type kube-core knows.

use super::{SelectableField, Strategy, pod_parts};
use crate::objects::candidate::{Candidate, Stored};
use crate::objects::metadata;
use crate::service::Subresource;
use kube_core::codec::{Codec, TypedObject};
use kube_core::error::{ApiError, Cause, FieldError, FieldErrorKind, FieldPath};
use kube_core::kinds::core::v1::Pod;
use kube_core::names::NameRule;
use kube_core::resource::KindInfo;
use kube_core::table::Layout;
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
    counts: bool,
    life: Life,
}

/// How the deletion of a kind goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    /// As [`Strategy::grace`].
    pub(super) grace: fn(&Candidate, Option<i64>) -> Option<i64>,
    /// As [`Strategy::begin_deletion`].
    pub(super) begin_deletion: fn(&mut Candidate),
    /// As [`Strategy::holds`].
    pub(super) holds: fn(&Candidate) -> bool,
}

impl Life {
    /// Gone at once.
    pub(super) const PLAIN: Self = Self { grace: |_, _| None, begin_deletion: |_| {}, holds: |_| false };
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
            counts: true,
            life: Life::PLAIN,
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

    /// The same, but without a generation.
    #[must_use]
    pub fn uncounted(mut self) -> Self {
        self.counts = false;
        self
    }

    pub(super) fn living(mut self, life: Life) -> Self {
        self.life = life;
        self
    }
}

impl Strategy for Coded {
    fn codec(&self) -> Option<Codec> {
        Some(self.codec)
    }

    /// Names the field to blame, unless it would be looked for through hundreds of levels.
    fn refuse(&self, object: &Value, error: &DecodeError) -> ApiError {
        let refused = ApiError::bad_request(format!("{}: {error}", self.refusal));
        if metadata::is_too_deep(object) {
            return refused;
        }
        let path = self.codec.locate(object);
        if path.as_str().is_empty() {
            return refused;
        }
        let reason = FieldErrorKind::TypeInvalid.reason().to_owned();
        refused.with_cause(Cause { reason, message: error.to_string(), field: path.as_str().to_owned() })
    }

    fn takes_over(&self, object: &dyn TypedObject) -> bool {
        self.codec.takes_over(object)
    }

    fn set_defaults(&self, object: &mut Candidate) -> Result<(), ApiError> {
        if let Some(object) = object.object_mut() {
            self.codec.default_typed(object);
        }
        Ok(())
    }

    fn prepare_create(&self, object: &mut Candidate) -> Result<(), ApiError> {
        if let Some(object) = object.object_mut() {
            self.codec.begin_typed(object);
        }
        Ok(())
    }

    fn prepare_update(&self, old: &Stored, new: &mut Candidate, part: Subresource) -> Result<(), ApiError> {
        if matches!(part, Subresource::Status | Subresource::Finalize) {
            // Only that part was taken over.
            if let (Subresource::Status, Some(new)) = (part, new.given_mut())
                && let Some(before) = old.for_status(new)?
            {
                self.codec.prepare_status(new, before, old.read_at());
            }
            return Ok(());
        }
        if let (Some(new), Some(old)) = (new.object_mut(), old.object()?) {
            self.codec.prepare_typed(new, old);
        }
        Ok(())
    }

    fn validate(&self, object: &Candidate) -> Result<Vec<FieldError>, ApiError> {
        Ok(object.object().map(|object| self.codec.check_created(object)).unwrap_or_default())
    }

    fn validate_update(
        &self,
        old: &Stored,
        new: &Candidate,
        part: Subresource,
    ) -> Result<Vec<FieldError>, ApiError> {
        if part == Subresource::Status {
            // What is wanted stays as it was validated.
            let Some(new) = new.given() else { return Ok(Vec::new()) };
            return Ok(self.codec.check_status(new, old.for_status(new)?));
        }
        let (Some(object), Some(stored)) = (new.object(), old.object()?) else { return Ok(Vec::new()) };
        if let (Subresource::EphemeralContainers | Subresource::Resize, Some(new), Some(old)) =
            (part, new.typed::<Pod>(), old.typed::<Pod>()?)
        {
            // By itself as any other pod, and in its own way as a successor.
            let mut errors = self.codec.check_updated(object, object);
            errors.extend(pod_parts::check(old, new, part));
            return Ok(errors);
        }
        Ok(self.codec.check_updated(object, stored))
    }

    fn unknown_fields(&self, given: &Value, object: &Candidate) -> Result<Vec<FieldPath>, ApiError> {
        let Some(object) = object.given() else { return Ok(Vec::new()) };
        self.codec.unknown_fields(given, object).map_err(ApiError::internal)
    }

    fn warnings(&self, object: &Candidate, old: Option<&Stored>) -> Result<Vec<String>, ApiError> {
        let old = old.map(Stored::object).transpose()?.flatten();
        Ok(object.object().map(|object| self.codec.warnings(object, old)).unwrap_or_default())
    }

    fn layout(&self, kind: &KindInfo) -> Layout {
        match self.codec.printer_columns() {
            [] => Layout::of(kind),
            columns => Layout::custom(columns),
        }
    }

    fn name_rule(&self) -> NameRule {
        self.codec.name_rule()
    }

    fn keeps_status_on_create(&self) -> bool {
        self.keeps_status
    }

    fn counts_generation(&self) -> bool {
        self.counts
    }

    fn selectable_fields(&self) -> &[SelectableField] {
        self.fields
    }

    fn grace(&self, object: &Candidate, asked: Option<i64>) -> Option<i64> {
        (self.life.grace)(object, asked)
    }

    fn begin_deletion(&self, object: &mut Candidate) {
        (self.life.begin_deletion)(object);
    }

    fn holds(&self, object: &Candidate) -> bool {
        (self.life.holds)(object)
    }
}
