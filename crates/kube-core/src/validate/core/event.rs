//! Events, as both groups that have them tell them.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`events.go`, `legacyValidateEvent`).

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::Event;
use crate::names::is_dns1123_subdomain;
use crate::validate::Kind;
use crate::validate::fields::{Text, invalid, qualified_name};

impl Kind for Event {
    const AS_IT_IS: bool = true;

    fn validate(&self) -> Vec<FieldError> {
        validate_told(&Told {
            namespace: self.metadata.namespace.text(),
            of_object: self.involved_object.namespace.text(),
            timed: self.event_time.is_some(),
            controller: ("reportingComponent", self.reporting_component.text()),
            instance: self.reporting_instance.text(),
            action: self.action.text(),
            reason: self.reason.text(),
            note: self.message.text(),
        })
    }
}

/// What an event tells, whichever group it is of.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Told<'a> {
    /// Its own namespace.
    pub(in super::super) namespace: &'a str,
    /// The namespace of what it is about.
    pub(in super::super) of_object: &'a str,
    /// Whether it has the time of the newer form.
    pub(in super::super) timed: bool,
    /// The field that names who tells it, and the name.
    pub(in super::super) controller: (&'a str, &'a str),
    pub(in super::super) instance: &'a str,
    pub(in super::super) action: &'a str,
    pub(in super::super) reason: &'a str,
    pub(in super::super) note: &'a str,
}

/// What is wrong with an event by the rules that hold for events of any form.
pub(in super::super) fn validate_told(told: &Told<'_>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let right = match (told.timed, told.of_object) {
        // What has no namespace is told of in the default one.
        (false, "") => matches!(told.namespace, "" | "default"),
        (false, of_object) => told.namespace == of_object,
        (true, "") => matches!(told.namespace, "default" | "kube-system"),
        (true, _) => true,
    };
    if !right {
        let path = FieldPath::new("involvedObject").child("namespace");
        errors.push(FieldError::invalid(&path, told.of_object, "does not match event.namespace"));
    }
    if told.timed {
        let (field, controller) = told.controller;
        let path = FieldPath::new(field);
        if controller.is_empty() {
            errors.push(FieldError::required(&path, ""));
        }
        errors.extend(qualified_name(controller, &path));
        let texts = [("reportingInstance", told.instance), ("action", told.action), ("reason", told.reason)];
        for (field, text) in texts {
            if text.is_empty() {
                errors.push(FieldError::required(&FieldPath::new(field), ""));
            }
            errors.extend(too_long(text, MAX_WORD, field));
        }
        errors.extend(too_long(told.note, MAX_NOTE, "message"));
    }
    let path = FieldPath::new("namespace");
    errors.extend(invalid(&path, told.namespace, is_dns1123_subdomain(told.namespace)));
    errors
}

fn too_long(text: &str, max: usize, field: &str) -> Option<FieldError> {
    let detail = || format!("can have at most {max} characters");
    (text.len() > max).then(|| FieldError::invalid(&FieldPath::new(field), "", detail()))
}

const MAX_WORD: usize = 128;
const MAX_NOTE: usize = 1024;
