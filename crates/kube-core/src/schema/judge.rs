//! Judging a value by a schema.

use super::Structural;
use super::bounds::invalid;
use crate::error::{FieldError, FieldPath};
use serde_json::{Map, Value};

impl Structural {
    pub(super) fn judge(&self, value: &Value, path: &FieldPath, errors: &mut Vec<FieldError>) {
        if value.is_null() && self.nullable {
            return;
        }
        if let Some(error) = self.wrong_type(value, path) {
            errors.push(error);
            return;
        }
        self.judge_together(value, path, errors);
        self.bounds.judge(value, path, errors);
        if let (Some(pattern), Some(text)) = (&self.pattern, value.as_str())
            && !pattern.is_match(text)
        {
            errors.push(invalid(path, value, &format!("should match '{pattern}'")));
        }
        if !self.values.is_empty() && !self.values.contains(value) {
            let valid = self.values.iter().map(|value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            errors.push(FieldError::not_supported(path, value, &valid.collect::<Vec<_>>()));
        }
        match value {
            Value::Object(fields) => self.judge_fields(fields, path, errors),
            Value::Array(items) => {
                let Some(schema) = &self.items else { return };
                for (index, item) in items.iter().enumerate() {
                    schema.judge(item, &path.index(index), errors);
                }
            }
            _ => {}
        }
    }

    /// A value of the wrong type is not looked into.
    fn wrong_type(&self, value: &Value, path: &FieldPath) -> Option<FieldError> {
        let is = type_of(value);
        let fits = |kind: &str| match kind {
            "number" => value.is_number(),
            kind => kind == is,
        };
        if self.int_or_string {
            return (!fits("integer") && !fits("string")).then(|| mistyped(path, "integer,string", is));
        }
        let kind = self.kind.as_deref()?;
        (!fits(kind)).then(|| mistyped(path, kind, is))
    }

    /// `allOf` and its siblings.
    fn judge_together(&self, value: &Value, path: &FieldPath, errors: &mut Vec<FieldError>) {
        let fits = |schema: &Self| schema.validate(value, path).is_empty();
        let of_body = |what: &str| FieldError::invalid(path, "", format!("{:?} must {what}", path.as_str()));
        for schema in &self.all_of {
            schema.judge(value, path, errors);
        }
        if !self.any_of.is_empty() && !self.any_of.iter().any(fits) {
            errors.push(of_body("validate at least one schema (anyOf)"));
        }
        if !self.one_of.is_empty() && self.one_of.iter().filter(|schema| fits(schema)).count() != 1 {
            errors.push(of_body("validate one and only one schema (oneOf)"));
        }
        if self.not.as_deref().is_some_and(fits) {
            errors.push(of_body("not validate the schema (not)"));
        }
    }

    fn judge_fields(&self, fields: &Map<String, Value>, path: &FieldPath, errors: &mut Vec<FieldError>) {
        let missing = self.required.iter().filter(|name| !fields.contains_key(*name));
        errors.extend(missing.map(|name| FieldError::required(&path.child(name), "")));
        for (name, value) in fields {
            match (self.properties.get(name), &self.others) {
                (Some(schema), _) => schema.judge(value, &path.child(name), errors),
                (None, Some(schema)) => schema.judge(value, &path.child(name), errors),
                (None, None) => {}
            }
        }
    }
}

fn mistyped(path: &FieldPath, wanted: &str, is: &str) -> FieldError {
    let detail = format!("{} in body must be of type {wanted}: \"{is}\"", path.as_str());
    FieldError::type_invalid(path, is, detail)
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.as_f64().is_some_and(|n| n.fract() == 0.0) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
