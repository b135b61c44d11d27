//! Schemas of custom kinds: what a `CustomResourceDefinition` says of the shape of its objects, judged in Kubernetes'
//! words.
//!
//! ```
//! use kube_core::error::FieldPath;
//! use kube_core::kinds::apiextensions::v1::JSONSchemaProps;
//! use kube_core::schema::Structural;
//! use serde_json::json;
//!
//! let props: JSONSchemaProps = serde_json::from_value(json!({
//!     "type": "object",
//!     "required": ["map"],
//!     "properties": {"map": {"type": "string", "minLength": 1}, "players": {"type": "integer", "maximum": 64}},
//! }))?;
//! let schema = Structural::new(&props)?;
//! let errors = schema.validate(&json!({"players": 65}), &FieldPath::new("spec"));
//! let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
//! assert_eq!(errors, [
//!     "spec.map: Required value",
//!     "spec.players: Invalid value: 65: spec.players in body should be less than or equal to 64",
//! ]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Not judged: CEL rules (`x-kubernetes-validations`), formats, list and map types.
//!
//! Source: `k8s.io/kube-openapi/pkg/validation`, `k8s.io/apiextensions-apiserver/pkg/apiserver/validation`.

mod bounds;
mod judge;
#[cfg(test)]
mod tests;
mod unknown;

use crate::error::{FieldError, FieldPath};
use crate::kinds::apiextensions::v1::{JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool};
use bounds::Bounds;
use regex::Regex;
use serde_json::Value;
use std::collections::BTreeMap;

/// A schema made ready to judge values: patterns are compiled.
#[derive(Clone, Debug)]
pub struct Structural {
    /// `object`, `array`, `string`, `integer`, `number` or `boolean`; anything without one.
    kind: Option<String>,
    nullable: bool,
    int_or_string: bool,
    values: Vec<Value>,
    pattern: Option<Regex>,
    bounds: Bounds,
    required: Vec<String>,
    properties: BTreeMap<String, Self>,
    /// Of fields that are not named.
    others: Option<Box<Self>>,
    /// Whether fields that are not named may be anything.
    open: bool,
    items: Option<Box<Self>>,
    all_of: Vec<Self>,
    any_of: Vec<Self>,
    one_of: Vec<Self>,
    not: Option<Box<Self>>,
}

/// A schema that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// The pattern is no regular expression.
    #[error("the pattern {pattern:?} is no regular expression: {message}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        message: String,
    },
    /// A reference, which a structural schema has not.
    #[error("a structural schema has no reference, got {0}")]
    Reference(String),
}

impl Structural {
    /// Makes a schema ready.
    ///
    /// # Errors
    /// It has a pattern that does not compile, or a reference.
    pub fn new(props: &JSONSchemaProps) -> Result<Self, SchemaError> {
        if let Some(reference) = &props.ref_path {
            return Err(SchemaError::Reference(reference.clone()));
        }
        let all = |list: &Option<Vec<JSONSchemaProps>>| {
            list.iter().flatten().map(Self::new).collect::<Result<Vec<_>, SchemaError>>()
        };
        let one = |props: &JSONSchemaProps| Self::new(props).map(|schema| Some(Box::new(schema)));
        let properties = props.properties.iter().flatten();
        let properties = properties.map(|(name, props)| Ok((name.clone(), Self::new(props)?)));
        Ok(Self {
            kind: props.type_.clone().filter(|kind| !kind.is_empty()),
            nullable: props.nullable == Some(true),
            int_or_string: props.x_kubernetes_int_or_string == Some(true),
            values: props.enum_.iter().flatten().map(|value| value.0.clone()).collect(),
            pattern: props.pattern.as_deref().map(compiled).transpose()?,
            bounds: Bounds::new(props),
            required: props.required.clone().unwrap_or_default(),
            properties: properties.collect::<Result<_, SchemaError>>()?,
            others: match &props.additional_properties {
                Some(JSONSchemaPropsOrBool::Schema(props)) => one(props)?,
                _ => None,
            },
            open: props.x_kubernetes_preserve_unknown_fields == Some(true)
                || matches!(props.additional_properties, Some(JSONSchemaPropsOrBool::Bool(true))),
            items: match &props.items {
                Some(JSONSchemaPropsOrArray::Schema(props)) => one(props)?,
                _ => None,
            },
            all_of: all(&props.all_of)?,
            any_of: all(&props.any_of)?,
            one_of: all(&props.one_of)?,
            not: props.not.as_deref().map(one).transpose()?.flatten(),
        })
    }

    /// The schema of anything.
    pub fn anything() -> Self {
        Self {
            kind: None,
            nullable: true,
            int_or_string: false,
            values: Vec::new(),
            pattern: None,
            bounds: Bounds::new(&JSONSchemaProps::default()),
            required: Vec::new(),
            properties: BTreeMap::new(),
            others: None,
            open: true,
            items: None,
            all_of: Vec::new(),
            any_of: Vec::new(),
            one_of: Vec::new(),
            not: None,
        }
    }

    /// What is wrong with `value`, which stands at `path`.
    pub fn validate(&self, value: &Value, path: &FieldPath) -> Vec<FieldError> {
        let mut errors = Vec::new();
        self.judge(value, path, &mut errors);
        errors
    }

    /// The fields of `value`, which stands at `path`, that the schema does not know: what an API server prunes.
    ///
    /// Source: `k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning`.
    pub fn unknown_fields(&self, value: &Value, path: &FieldPath) -> Vec<FieldPath> {
        unknown::unknown_fields(self, value, path)
    }
}

fn compiled(pattern: &str) -> Result<Regex, SchemaError> {
    Regex::new(pattern)
        .map_err(|error| SchemaError::Pattern { pattern: pattern.to_owned(), message: error.to_string() })
}
