//! Objects as a `Table`.

use super::{ObjectService, RawList};
use kube_core::error::ApiError;
use kube_core::resource::KindInfo;
use kube_core::table::TableOptions;
use kube_core::view::RawObject;
use serde_json::{Value, json};

/// A list of `kind` as a `meta.k8s.io/v1` `Table`, with the metadata of the list.
///
/// # Errors
/// 404 for a kind that is not served, 500 for an object that is not JSON.
pub fn list_table(
    service: &dyn ObjectService,
    kind: &KindInfo,
    list: &RawList,
    options: &TableOptions,
) -> Result<Value, ApiError> {
    let mut metadata = json!({"resourceVersion": list.revision.to_string()});
    if let Some(token) = &list.continue_token {
        metadata["continue"] = token.as_str().into();
    }
    if let Some(remaining) = list.remaining.filter(|count| *count > 0) {
        metadata["remainingItemCount"] = remaining.into();
    }
    table(service, kind, &list.items, &metadata, *options)
}

/// One object of `kind` as a `Table`: the answer to a read, or what an event of a watch tells.
///
/// # Errors
/// As [`list_table`].
pub fn object_table(
    service: &dyn ObjectService,
    kind: &KindInfo,
    object: &RawObject,
    options: &TableOptions,
) -> Result<Value, ApiError> {
    let metadata = json!({"resourceVersion": object.version.to_string()});
    table(service, kind, std::slice::from_ref(object), &metadata, *options)
}

fn table(
    service: &dyn ObjectService,
    kind: &KindInfo,
    objects: &[RawObject],
    metadata: &Value,
    options: TableOptions,
) -> Result<Value, ApiError> {
    let layout = service.layout(kind)?;
    let objects: Result<Vec<Value>, _> = objects.iter().map(RawObject::to_value).collect();
    let objects = objects.map_err(ApiError::internal)?;
    Ok(layout.table(&objects, metadata, service.env().wall(), &options))
}
