//! Events of the newer form.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`ValidateEventCreate`, `ValidateEventUpdate`), whose fields have
//! the names of the core group.

use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::events::v1::Event;
use crate::validate::Kind;
use crate::validate::core::{Told, validate_told};
use crate::validate::fields::Text;
use crate::validate::meta::FIELD_IMMUTABLE;

impl Kind for Event {
    const AS_IT_IS: bool = true;

    fn validate(&self) -> Vec<FieldError> {
        let mut errors = validate_told(&told(self));
        errors.extend(validate_series(self));
        if self.event_time.is_none() {
            errors.push(FieldError::required(&FieldPath::new("eventTime"), ""));
        }
        let kind = self.type_.text();
        if !matches!(kind, "Normal" | "Warning") {
            let detail = format!("has invalid value: {kind}");
            errors.push(FieldError::invalid(&FieldPath::new("type"), "", detail));
        }
        let source = self.deprecated_source.as_ref();
        let old = [
            ("firstTimestamp", self.deprecated_first_timestamp.is_some()),
            ("lastTimestamp", self.deprecated_last_timestamp.is_some()),
            ("count", self.deprecated_count.unwrap_or_default() != 0),
            ("source", source.is_some_and(|s| !s.component.text().is_empty() || !s.host.text().is_empty())),
        ];
        for (field, _) in old.into_iter().filter(|(_, set)| *set) {
            errors.push(FieldError::invalid(&FieldPath::new(field), "", "needs to be unset"));
        }
        errors
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let mut errors = validate_told(&told(self));
        if self.series != old.series {
            errors.extend(validate_series(self));
        }
        let mut immutable = |field: &str, changed: bool, shown: &dyn Fn(&FieldPath) -> FieldError| {
            errors.extend(changed.then(|| shown(&FieldPath::new(field))));
        };
        macro_rules! keep {
            ($($name:literal: $field:ident),+ $(,)?) => {$(
                immutable($name, self.$field != old.$field, &|path| {
                    FieldError::invalid(path, ShownAsJson(&self.$field), FIELD_IMMUTABLE)
                });
            )+};
        }
        keep!(
            "involvedObject": regarding,
            "reason": reason,
            "message": note,
            "source": deprecated_source,
            "firstTimestamp": deprecated_first_timestamp,
            "lastTimestamp": deprecated_last_timestamp,
            "count": deprecated_count,
            "reason": reason,
            "type": type_,
            "eventTime": event_time,
            "action": action,
            "related": related,
            "reportingController": reporting_controller,
            "reportingInstance": reporting_instance,
        );
        errors
    }
}

fn told(event: &Event) -> Told<'_> {
    Told {
        namespace: event.metadata.namespace.text(),
        of_object: event
            .regarding
            .as_ref()
            .and_then(|object| object.namespace.as_deref())
            .unwrap_or_default(),
        timed: event.event_time.is_some(),
        controller: ("reportingController", event.reporting_controller.text()),
        instance: event.reporting_instance.text(),
        action: event.action.text(),
        reason: event.reason.text(),
        note: event.note.text(),
    }
}

/// Source: `validateV1EventSeries`.
fn validate_series(event: &Event) -> Option<FieldError> {
    let series = event.series.as_ref()?;
    let path = FieldPath::new("series.count");
    (series.count < 2).then(|| FieldError::invalid(&path, "", "should be at least 2"))
}
