//! Absent, `null` and empty mean the same.

use super::Effect;
use serde::de::{Error, IntoDeserializer};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

pub(super) fn null_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

pub(super) fn effect<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Effect>, D::Error> {
    let text: Option<Cow<'de, str>> = Option::deserialize(deserializer)?;
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let name: serde::de::value::CowStrDeserializer<'de, serde::de::value::Error> = text.into_deserializer();
    Effect::deserialize(name).map(Some).map_err(D::Error::custom)
}
