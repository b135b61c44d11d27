//! A custom kind's object: metadata, spec, status.

use crate::kinds::meta::v1::ObjectMeta;
use crate::resource::{KindInfo, NameList, Resource, Scope};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
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
    /// Whether objects live in namespaces.
    const SCOPE: Scope = Scope::Namespaced;
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
                categories: NameList::Static(&[]),
                subresources: NameList::Static(&["status"]),
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
