//! The verbs on objects.

use super::answer::{json_answer, method_not_allowed};
use super::{Served, watch};
use crate::path::ObjectPath;
use crate::query::Parameters;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use kube_core::error::{ApiError, FieldPath, Reason};
use kube_core::resource::{KindInfo, ObjectKey};
use kube_core::view::RawObject;
use kube_core::wire;
use kube_store::service::{
    Deleted, FieldValidation, Patch, RawList, Subresource, Warnings, WriteOptions, list_table, object_table,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// A request, read in full.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) parameters: Parameters,
    pub(super) content_type: String,
    /// Whether objects are wanted as a `Table`.
    pub(super) as_table: bool,
    pub(super) body: Bytes,
    /// What is told beside the answer.
    pub(super) warnings: Warnings,
}

impl Call {
    /// The body as JSON; YAML is understood as well. Empty bodies are `null`.
    fn json(&self) -> Result<Value, ApiError> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        if self.content_type.ends_with("yaml") {
            let text = std::str::from_utf8(&self.body).map_err(|e| ApiError::bad_request(e.to_string()))?;
            let mut documents = wire::documents(text).map_err(|e| ApiError::bad_request(e.to_string()))?;
            return match (documents.pop(), documents.is_empty()) {
                (Some(document), true) => Ok(document.value),
                _ => Err(ApiError::bad_request("the body must hold one document")),
            };
        }
        if self.content_type.contains("protobuf") {
            return Err(unsupported(&self.content_type, "application/json, application/yaml"));
        }
        let (value, repeated) = wire::json_with_repeated(&self.body)
            .map_err(|e| ApiError::bad_request(format!("the body does not decode: {e}")))?;
        self.judge_repeated(&repeated)?;
        Ok(value)
    }

    /// Keys that stand twice: the last one counts, unless the client is strict.
    fn judge_repeated(&self, repeated: &[FieldPath]) -> Result<(), ApiError> {
        let texts = repeated.iter().map(|path| format!("duplicate field \"{path}\""));
        match self.parameters.field_validation()? {
            FieldValidation::Strict if !repeated.is_empty() => {
                let texts: Vec<String> = texts.collect();
                Err(ApiError::bad_request(format!("strict decoding error: {}", texts.join(", "))))
            }
            FieldValidation::Warn => {
                for text in texts {
                    self.warnings.tell(0, text);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn options(&self) -> Result<WriteOptions, ApiError> {
        self.parameters.write_options(&self.warnings)
    }

    fn patch(&self) -> Result<Patch, ApiError> {
        let value = || {
            wire::json(&self.body)
                .map_err(|e| ApiError::bad_request(format!("the patch does not decode: {e}")))
        };
        match self.content_type.as_str() {
            "application/merge-patch+json" => Ok(Patch::Merge(value()?)),
            "application/json-patch+json" => Ok(Patch::Json(value()?)),
            other => Err(unsupported(other, "application/json-patch+json, application/merge-patch+json")),
        }
    }
}

fn unsupported(media_type: &str, supported: &str) -> ApiError {
    let text = format!(
        "the body of the request was in an unknown format ({media_type}) - accepted media types include: {supported}"
    );
    ApiError::new(Reason::UnsupportedMediaType, text)
}

/// The media type of the body, without its parameters.
pub(super) fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

pub(super) async fn answer(
    served: &Served,
    kind: &Arc<KindInfo>,
    path: &ObjectPath,
    call: Call,
) -> Result<Response, ApiError> {
    let Some(name) = &path.name else { return on_collection(served, kind, path, call).await };
    let key = ObjectKey::new(path.namespace.clone().unwrap_or_default(), name.as_str());
    let subresource = path
        .known_subresource()
        .ok_or_else(|| ApiError::new(Reason::NotFound, "the server could not find the requested resource"))?;
    on_object(served, kind, &key, subresource, call).await
}

async fn on_collection(
    served: &Served,
    kind: &Arc<KindInfo>,
    path: &ObjectPath,
    call: Call,
) -> Result<Response, ApiError> {
    let service = &served.service;
    let namespace = path.namespace.as_deref();
    let parameters = &call.parameters;
    match call.method {
        Method::GET if parameters.is_watch() => {
            let query = parameters.watch_query(namespace)?;
            let events = service.watch(kind, &query).await?;
            let table = call.as_table.then(|| parameters.table_options()).transpose()?;
            Ok(watch::answer(kind.clone(), events, query.bookmarks, table, served))
        }
        Method::GET => {
            let list = service.list(kind, &parameters.list_query(namespace)?).await?;
            if call.as_table {
                let table = list_table(&**service, kind, &list, &parameters.table_options()?)?;
                return Ok(json_answer(200, &table));
            }
            Ok(json_answer(200, &list_value(kind, &list)?))
        }
        Method::POST => {
            let options = call.options()?;
            let created = service.create(kind, namespace.unwrap_or_default(), call.json()?, &options).await?;
            Ok(json_answer(201, &object_value(&created)?))
        }
        Method::DELETE => {
            let options = parameters.delete_options(&call.json()?)?;
            let query = parameters.list_query(namespace)?;
            let items = service.delete_collection(kind, &query, &options).await?;
            let revision = service.current().await?;
            let list = RawList { items, revision, continue_token: None, remaining: None };
            Ok(json_answer(200, &list_value(kind, &list)?))
        }
        _ => Err(method_not_allowed()),
    }
}

async fn on_object(
    served: &Served,
    kind: &KindInfo,
    key: &ObjectKey,
    subresource: Subresource,
    call: Call,
) -> Result<Response, ApiError> {
    let service = &served.service;
    let options = call.options()?;
    match call.method {
        Method::GET if matches!(subresource, Subresource::Main | Subresource::Status) => {
            let object = service.get(kind, key, call.parameters.read_at()?).await?;
            if call.as_table {
                let table = object_table(&**service, kind, &object, &call.parameters.table_options()?)?;
                return Ok(json_answer(200, &table));
            }
            Ok(json_answer(200, &object_value(&object)?))
        }
        Method::GET if subresource == Subresource::Scale => {
            Ok(json_answer(200, &service.get_on(kind, key, subresource).await?))
        }
        Method::PUT => {
            let updated = service.update(kind, key, subresource, call.json()?, &options).await?;
            Ok(json_answer(200, &object_value(&updated)?))
        }
        Method::PATCH => {
            let patched = service.patch(kind, key, subresource, &call.patch()?, &options).await?;
            Ok(json_answer(200, &object_value(&patched)?))
        }
        Method::POST if subresource != Subresource::Main => {
            let answer = service.create_on(kind, key, subresource, call.json()?, &options).await?;
            Ok(json_answer(201, &answer))
        }
        Method::DELETE if subresource == Subresource::Main => {
            let options = call.parameters.delete_options(&call.json()?)?;
            Ok(match service.delete(kind, key, &options).await? {
                Deleted::Terminating(object) => json_answer(200, &object_value(&object)?),
                Deleted::Gone(object) => json_answer(200, &deleted_status(kind, &object)),
            })
        }
        _ => Err(method_not_allowed()),
    }
}

fn object_value(object: &RawObject) -> Result<Value, ApiError> {
    object.to_value().map_err(ApiError::internal)
}

fn list_value(kind: &KindInfo, list: &RawList) -> Result<Value, ApiError> {
    let items = list.items.iter().map(object_value).collect::<Result<Vec<_>, _>>()?;
    let mut metadata = json!({ "resourceVersion": list.revision.to_string() });
    if let Some(token) = &list.continue_token {
        metadata["continue"] = token.as_str().into();
    }
    if let Some(remaining) = list.remaining.filter(|n| *n > 0) {
        metadata["remainingItemCount"] = remaining.into();
    }
    Ok(json!({
        "kind": format!("{}List", kind.kind), "apiVersion": kind.api_version(),
        "metadata": metadata, "items": items,
    }))
}

fn deleted_status(kind: &KindInfo, object: &RawObject) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {
            "name": object.meta.name, "group": kind.group, "kind": kind.plural, "uid": object.meta.uid,
        },
    })
}
