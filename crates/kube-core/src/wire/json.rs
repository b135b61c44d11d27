//! JSON bodies.

use super::limits::{Allowance, MAX_OBJECT_BYTES, Within};
use crate::error::FieldPath;
use serde::de::DeserializeSeed;
use serde_json::Value;

/// A body that is not JSON, or not within the limits.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// More bytes than [`MAX_OBJECT_BYTES`].
    #[error("the body has {0} bytes, more than {MAX_OBJECT_BYTES}")]
    TooLarge(usize),
    /// What is wrong, and where.
    #[error(transparent)]
    Syntax(#[from] serde_json::Error),
}

/// Reads a body: at most [`MAX_OBJECT_BYTES`] bytes, [`MAX_DEPTH`](super::MAX_DEPTH) levels and
/// [`MAX_VALUES`](super::MAX_VALUES) values, and no key twice.
///
/// ```
/// use kube_core::wire::json;
///
/// assert_eq!(json(br#"{"a": [1]}"#).unwrap()["a"][0], 1);
/// assert!(json(br#"{"a": 1, "a": 2}"#).unwrap_err().to_string().starts_with("the key \"a\" stands twice"));
/// assert!(json("[".repeat(1_000_000).as_bytes()).unwrap_err().to_string().contains("64 levels"));
/// ```
///
/// # Errors
/// It is not JSON, or not within the limits.
pub fn json(body: &[u8]) -> Result<Value, JsonError> {
    if body.len() > MAX_OBJECT_BYTES {
        return Err(JsonError::TooLarge(body.len()));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = Within::new(&Allowance::new()).deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Reads a body within the same limits, but a key may stand twice: the last one counts, and where is told.
///
/// ```
/// use kube_core::wire::json_with_repeated;
///
/// let (object, repeated) = json_with_repeated(br#"{"spec": {"replicas": 1, "replicas": 2}}"#).unwrap();
/// assert_eq!(object["spec"]["replicas"], 2);
/// assert_eq!(repeated[0].as_str(), "spec.replicas");
/// ```
///
/// # Errors
/// It is not JSON, or not within the limits.
pub fn json_with_repeated(body: &[u8]) -> Result<(Value, Vec<FieldPath>), JsonError> {
    if body.len() > MAX_OBJECT_BYTES {
        return Err(JsonError::TooLarge(body.len()));
    }
    let allowance = Allowance::with_repeated();
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = Within::new(&allowance).deserialize(&mut reader)?;
    reader.end()?;
    Ok((value, allowance.repeated()))
}
