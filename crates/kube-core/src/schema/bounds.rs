//! How large and how many.

use crate::error::{FieldError, FieldPath};
use crate::kinds::apiextensions::v1::JSONSchemaProps;
use serde_json::Value;

/// Least and most of numbers, lengths, items and fields.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    minimum: Option<(f64, bool)>,
    maximum: Option<(f64, bool)>,
    multiple_of: Option<f64>,
    length: Range,
    items: Range,
    fields: Range,
    unique_items: bool,
}

#[derive(Clone, Copy, Debug)]
struct Range {
    least: Option<i64>,
    most: Option<i64>,
}

impl Range {
    fn lacks(self, count: usize) -> Option<i64> {
        self.least.filter(|&least| i64::try_from(count).unwrap_or(i64::MAX) < least)
    }

    fn exceeds(self, count: usize) -> Option<usize> {
        let most = usize::try_from(self.most?.max(0)).unwrap_or(usize::MAX);
        (count > most).then_some(most)
    }
}

impl Bounds {
    pub(super) fn new(props: &JSONSchemaProps) -> Self {
        Self {
            minimum: props.minimum.map(|value| (value, props.exclusive_minimum == Some(true))),
            maximum: props.maximum.map(|value| (value, props.exclusive_maximum == Some(true))),
            multiple_of: props.multiple_of,
            length: Range { least: props.min_length, most: props.max_length },
            items: Range { least: props.min_items, most: props.max_items },
            fields: Range { least: props.min_properties, most: props.max_properties },
            unique_items: props.unique_items == Some(true),
        }
    }

    pub(super) fn judge(&self, value: &Value, path: &FieldPath, errors: &mut Vec<FieldError>) {
        match value {
            Value::Number(number) => {
                self.judge_number(number.as_f64().unwrap_or_default(), value, path, errors);
            }
            Value::String(text) => self.judge_text(text, path, errors),
            Value::Array(items) => self.judge_items(items, value, path, errors),
            Value::Object(fields) => {
                if let Some(least) = self.fields.lacks(fields.len()) {
                    let what = format!("should have at least {least} properties");
                    errors.push(invalid(path, value, &what));
                }
                if let Some(most) = self.fields.exceeds(fields.len()) {
                    errors.push(FieldError::too_many(path, fields.len(), most));
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn judge_number(&self, number: f64, value: &Value, path: &FieldPath, errors: &mut Vec<FieldError>) {
        if let Some(factor) = self.multiple_of.filter(|factor| *factor > 0.0)
            && (number / factor).fract() != 0.0
        {
            errors.push(invalid(path, value, &format!("should be a multiple of {factor}")));
        }
        match self.maximum {
            Some((most, true)) if number >= most => {
                errors.push(invalid(path, value, &format!("should be less than {most}")));
            }
            Some((most, false)) if number > most => {
                errors.push(invalid(path, value, &format!("should be less than or equal to {most}")));
            }
            _ => {}
        }
        match self.minimum {
            Some((least, true)) if number <= least => {
                errors.push(invalid(path, value, &format!("should be greater than {least}")));
            }
            Some((least, false)) if number < least => {
                errors.push(invalid(path, value, &format!("should be greater than or equal to {least}")));
            }
            _ => {}
        }
    }

    fn judge_text(&self, text: &str, path: &FieldPath, errors: &mut Vec<FieldError>) {
        let length = text.chars().count();
        if let Some(most) = self.length.exceeds(length) {
            errors.push(FieldError::too_long(path, most));
        }
        if let Some(least) = self.length.lacks(length) {
            let detail = format!("{} in body should be at least {least} chars long", path.as_str());
            errors.push(FieldError::invalid(path, text, detail));
        }
    }

    fn judge_items(&self, items: &[Value], value: &Value, path: &FieldPath, errors: &mut Vec<FieldError>) {
        if let Some(least) = self.items.lacks(items.len()) {
            errors.push(invalid(path, value, &format!("should have at least {least} items")));
        }
        if let Some(most) = self.items.exceeds(items.len()) {
            errors.push(FieldError::too_many(path, items.len(), most));
        }
        let twice = |index: usize| items.get(..index).is_some_and(|before| before.contains(&items[index]));
        if self.unique_items && (0..items.len()).any(twice) {
            errors.push(invalid(path, value, "shouldn't contain duplicates"));
        }
    }
}

/// `spec.players in body should be …`
pub(super) fn invalid(path: &FieldPath, value: &Value, what: &str) -> FieldError {
    FieldError::invalid(path, value, format!("{} in body {what}", path.as_str()))
}
