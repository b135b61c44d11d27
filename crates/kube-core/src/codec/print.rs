//! Printing what is stored, canonical JSON, and what is read again of a typed object.

use super::TypedObject;
use crate::validate::Kind;
use crate::view::DecodeError;
use crate::wire::{RawField, Scanned, canonical, fields, object_of};
use bytes::Bytes;
use std::cell::RefCell;

/// Prints a built-in kind: its structures write their fields sorted by name already, save that `apiVersion` and
/// `kind` come first.
pub(super) fn print_in_order<K: Kind>(object: &dyn TypedObject) -> Result<Bytes, DecodeError> {
    let Some(object) = object.as_kind::<K>() else { return Ok(canonical(&object.to_json()?)) };
    let printed = SCRATCH.with_borrow_mut(|json| {
        json.clear();
        object.append_json(json)?;
        let mut head = fields(json);
        head.nth(1);
        let printed = if head.name().is_none_or(|third| third > "kind") {
            Bytes::copy_from_slice(json)
        } else {
            let mut sorted: Vec<_> = fields(json).collect();
            sorted.sort_by_key(|field| field.name);
            object_of(sorted)
        };
        if json.capacity() > SCRATCH_KEPT {
            *json = Vec::new();
        }
        Ok::<_, DecodeError>(printed)
    })?;
    debug_assert_eq!(printed, canonical(&object.to_json_value()?), "one object has one form");
    Ok(printed)
}

/// Prints the stored object with the metadata and the status of a typed one, of which nothing else is looked at where its
/// kind prints its status alone.
pub(super) fn print_status<K: Kind>(
    object: &dyn TypedObject,
    stored: &Scanned,
) -> Result<Bytes, DecodeError> {
    let alone = object.as_kind::<K>().map(|object| print_status_alone(object, stored)).transpose()?;
    match alone.flatten() {
        Some(printed) => Ok(printed),
        None => Ok(with_status(stored, fields(&print_in_order::<K>(object)?))),
    }
}

fn print_status_alone<K: Kind>(object: &K, stored: &Scanned) -> Result<Option<Bytes>, DecodeError> {
    SCRATCH.with_borrow_mut(|json| {
        json.clear();
        if !object.append_status(json).map_err(DecodeError::new)? {
            return Ok(None);
        }
        let end = json.len();
        serde_json::to_writer(&mut *json, object.metadata()).map_err(DecodeError::new)?;
        let (status, metadata) = json.split_at(end);
        let own =
            [RawField { name: "metadata", value: metadata }, RawField { name: "status", value: status }];
        Ok(Some(with_status(stored, own.into_iter().filter(|field| field.value != b"null"))))
    })
}

/// The stored object with the metadata and the status of another, which are left out where that has none.
pub(super) fn with_status<'a>(stored: &'a Scanned, other: impl Iterator<Item = RawField<'a>>) -> Bytes {
    let given = |field: &RawField<'_>| matches!(field.name, "metadata" | "status");
    let kept = stored.fields().filter(|field| !given(field));
    let mut all: Vec<_> = kept.chain(other.filter(given)).collect();
    all.sort_by_key(|field| field.name);
    object_of(all)
}

/// Reads the status that a typed object prints, without the rest of it.
pub(super) fn read_status<K: Kind>(
    object: &dyn TypedObject,
) -> Result<Option<Box<dyn TypedObject>>, DecodeError> {
    let Some(object) = object.as_kind::<K>() else { return Ok(None) };
    if let Some(status) = object.copy_status() {
        return Ok(Some(Box::new(status)));
    }
    SCRATCH.with_borrow_mut(|json| {
        json.clear();
        json.extend_from_slice(b"{\"status\":");
        if !object.append_status(json).map_err(DecodeError::new)? {
            return Ok(None);
        }
        json.push(b'}');
        let status: Box<dyn TypedObject> = Box::new(K::from_json(json)?);
        Ok(Some(status))
    })
}

thread_local! {
    /// Where objects are printed before it is known how long they are: what is stored then takes no more memory than its
    /// text, and nothing is moved while it grows.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Bytes that are kept for the next object.
const SCRATCH_KEPT: usize = 64 * 1024;
