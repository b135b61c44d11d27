//! A custom kind's object: metadata, spec, status.

use super::shape::{shape_of, unknown_in};
use crate::error::{FieldError, FieldPath};
use crate::kinds::meta::v1::ObjectMeta;
use crate::resource::{KindInfo, NameList, Resource, Scope};
use crate::schema::Structural;
use crate::table::PrinterColumn;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// The spec type of a kind of your own. [`Object<Self>`](Object) is then the kind.
pub trait CustomKind:
    Serialize + DeserializeOwned + JsonSchema + Clone + fmt::Debug + Send + Sync + 'static
{
    /// API group.
    const GROUP: &'static str;
    /// API version, as `v1`.
    const VERSION: &'static str;
    /// Kind, as `GameServer`.
    const KIND: &'static str;
    /// Resource name in paths and keys, as `gameservers`.
    const PLURAL: &'static str;
    /// Short names for the command line.
    const SHORT_NAMES: &'static [&'static str] = &[];
    /// Categories that list the kind with others, as `all`.
    const CATEGORIES: &'static [&'static str] = &[];
    /// Whether objects live in namespaces.
    const SCOPE: Scope = Scope::Namespaced;
    /// Whether objects can be scaled: `spec.replicas` is the wanted and `status.replicas` the actual count.
    const SCALES: bool = false;
    /// The columns of a table of objects, as `kubectl get` shows them, after their name; none for the age alone.
    const COLUMNS: &'static [PrinterColumn] = &[];
    /// The status type; `()` for none.
    type Status: Serialize
        + DeserializeOwned
        + JsonSchema
        + Clone
        + Default
        + fmt::Debug
        + Send
        + Sync
        + 'static;
}

/// An object of a kind of your own.
#[derive(Clone, Debug)]
pub struct Object<S: CustomKind> {
    /// Metadata, as of every object.
    pub metadata: ObjectMeta,
    /// What is wanted.
    pub spec: S,
    /// What is; `None` until somebody reported it.
    pub status: Option<S::Status>,
}

impl<S: CustomKind> Object<S> {
    /// An object of that name with that spec, not yet stored.
    pub fn new(name: &str, spec: S) -> Self {
        let metadata = ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
        Self { metadata, spec, status: None }
    }
}

impl<S: CustomKind> Resource for Object<S> {
    fn kind_info() -> &'static KindInfo {
        const {
            &KindInfo {
                group: Cow::Borrowed(S::GROUP),
                version: Cow::Borrowed(S::VERSION),
                kind: Cow::Borrowed(S::KIND),
                plural: Cow::Borrowed(S::PLURAL),
                singular: Cow::Borrowed(S::KIND),
                short_names: NameList::Static(S::SHORT_NAMES),
                categories: NameList::Static(S::CATEGORIES),
                subresources: NameList::Static(if S::SCALES { &["status", "scale"] } else { &["status"] }),
                scope: S::SCOPE,
            }
        }
    }

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn validate_shape(&self) -> Vec<FieldError> {
        let schemas = shape_of::<S>();
        let judge = |schema: &Structural, part: serde_json::Result<Value>, field: &str| {
            let path = FieldPath::new(field);
            match part {
                Ok(part) => schema.validate(&part, &path),
                Err(error) => vec![FieldError::internal(&path, error.to_string())],
            }
        };
        let mut errors = judge(&schemas.spec, serde_json::to_value(&self.spec), "spec");
        if let Some(status) = &self.status {
            errors.extend(judge(&schemas.status, serde_json::to_value(status), "status"));
        }
        errors
    }

    fn unknown_fields(object: &Value) -> Vec<FieldPath> {
        unknown_in::<S>(object)
    }

    fn printer_columns() -> &'static [PrinterColumn] {
        S::COLUMNS
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a, S, T> {
    api_version: String,
    kind: &'a str,
    metadata: &'a ObjectMeta,
    spec: &'a S,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: &'a Option<T>,
}

impl<S: CustomKind> Serialize for Object<S> {
    fn serialize<W: Serializer>(&self, serializer: W) -> Result<W::Ok, W::Error> {
        Written {
            api_version: Self::kind_info().api_version(),
            kind: S::KIND,
            metadata: &self.metadata,
            spec: &self.spec,
            status: &self.status,
        }
        .serialize(serializer)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "S: DeserializeOwned, T: DeserializeOwned")]
struct Read<S, T> {
    #[serde(default)]
    api_version: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    metadata: ObjectMeta,
    spec: S,
    #[serde(default = "Option::default")]
    status: Option<T>,
}

impl<'de, S: CustomKind> Deserialize<'de> for Object<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Read::<S, S::Status>::deserialize(deserializer)?;
        let expected = Self::kind_info().api_version();
        if read.api_version.as_ref().is_some_and(|v| *v != expected)
            || read.kind.as_ref().is_some_and(|k| k != S::KIND)
        {
            return Err(serde::de::Error::custom(format!("not a {expected} {}", S::KIND)));
        }
        Ok(Self { metadata: read.metadata, spec: read.spec, status: read.status })
    }
}
