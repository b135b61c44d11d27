//! Query parameters, turned into the object layer's queries and options.

#[cfg(test)]
mod tests;

use kube_core::error::{ApiError, FieldError, FieldPath};
use kube_core::resource::ResourceVersion;
use kube_core::selector::Selector;
use kube_core::selector::field::FieldSelector;
use kube_core::table::{IncludeObject, TableOptions};
use kube_store::service::{
    DeleteOptions, FieldValidation, ListQuery, Propagation, Warnings, WatchQuery, WatchStart, WriteOptions,
};
use kube_store::storage::{ReadAt, Revision};
use serde::Deserialize;
use serde_json::Value;

/// The parameters that requests may carry; unknown ones are ignored, as Kubernetes does.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Parameters {
    pub(crate) watch: Option<String>,
    label_selector: Option<String>,
    field_selector: Option<String>,
    limit: Option<usize>,
    #[serde(rename = "continue")]
    continue_token: Option<String>,
    resource_version: Option<String>,
    resource_version_match: Option<String>,
    allow_watch_bookmarks: Option<String>,
    dry_run: Option<String>,
    field_manager: Option<String>,
    grace_period_seconds: Option<i64>,
    propagation_policy: Option<String>,
    field_validation: Option<String>,
    include_object: Option<String>,
}

type Selectors = (Option<Selector>, Option<FieldSelector>);

impl Parameters {
    /// Whether the request is a watch.
    pub(crate) fn is_watch(&self) -> bool {
        is_true(self.watch.as_deref())
    }

    fn selectors(&self) -> Result<Selectors, ApiError> {
        let given = |text: &Option<String>| text.clone().filter(|t| !t.is_empty());
        let labels = given(&self.label_selector)
            .map(|text| text.parse::<Selector>().map_err(|e| ApiError::bad_request(e.to_string())))
            .transpose()?;
        let fields = given(&self.field_selector)
            .map(|text| text.parse::<FieldSelector>().map_err(|e| ApiError::bad_request(e.to_string())))
            .transpose()?;
        Ok((labels, fields))
    }

    fn version(&self) -> Result<Option<u64>, ApiError> {
        let Some(text) = self.resource_version.as_deref().filter(|t| !t.is_empty()) else { return Ok(None) };
        let parsed: Result<ResourceVersion, _> = text.parse();
        parsed.map(|v| Some(v.revision())).map_err(|_| {
            ApiError::bad_request(format!("resourceVersion: Invalid value: \"{text}\": must be a number"))
        })
    }

    /// Which revision a read asks for.
    ///
    /// Source: `k8s.io/apimachinery/pkg/apis/meta/internalversion/validation`.
    pub(crate) fn read_at(&self) -> Result<ReadAt, ApiError> {
        let version = self.version()?;
        Ok(match (version, self.resource_version_match.as_deref()) {
            (None, _) => ReadAt::Latest,
            (Some(0), _) => ReadAt::Any,
            (Some(n), Some("Exact")) => ReadAt::Exactly(Revision::new(n)),
            (Some(n), _) => ReadAt::AtLeast(Revision::new(n)),
        })
    }

    pub(crate) fn list_query(&self, namespace: Option<&str>) -> Result<ListQuery, ApiError> {
        let (labels, fields) = self.selectors()?;
        let mut query = namespace.map_or_else(ListQuery::all, ListQuery::namespaced);
        query.selection.labels = labels;
        query.selection.fields = fields;
        query.at = self.read_at()?;
        query.limit = self.limit.unwrap_or(0);
        query.continue_token = self.continue_token.clone().filter(|t| !t.is_empty());
        Ok(query)
    }

    pub(crate) fn watch_query(&self, namespace: Option<&str>) -> Result<WatchQuery, ApiError> {
        let (labels, fields) = self.selectors()?;
        let mut query = WatchQuery::all();
        query.selection.namespace = namespace.map(str::to_owned);
        query.selection.labels = labels;
        query.selection.fields = fields;
        query.bookmarks = is_true(self.allow_watch_bookmarks.as_deref());
        query.start = match self.version()? {
            None | Some(0) => WatchStart::Initial,
            Some(n) => WatchStart::After(Revision::new(n)),
        };
        Ok(query)
    }

    /// What becomes of fields that the kind does not know, and of keys that stand twice: they are told of unless the
    /// client says otherwise.
    ///
    /// Source: `FieldValidation` of `k8s.io/apiserver/pkg/endpoints/handlers`.
    pub(crate) fn field_validation(&self) -> Result<FieldValidation, ApiError> {
        match self.field_validation.as_deref() {
            None | Some("" | "Warn") => Ok(FieldValidation::Warn),
            Some("Ignore") => Ok(FieldValidation::Ignore),
            Some("Strict") => Ok(FieldValidation::Strict),
            Some(other) => {
                let valid = ["Ignore", "Warn", "Strict"];
                let error = FieldError::not_supported(&FieldPath::new("fieldValidation"), other, &valid);
                Err(ApiError::invalid("meta.k8s.io", "CreateOptions", "", &[error]))
            }
        }
    }

    /// What rows of a table carry beside their cells.
    pub(crate) fn table_options(&self) -> Result<TableOptions, ApiError> {
        let include = match self.include_object.as_deref() {
            None | Some("" | "Metadata") => IncludeObject::Metadata,
            Some("None") => IncludeObject::None,
            Some("Object") => IncludeObject::Object,
            Some(other) => {
                let text = format!("includeObject: {other:?} is none of \"None\", \"Metadata\", \"Object\"");
                return Err(ApiError::bad_request(text));
            }
        };
        Ok(TableOptions::default().including(include))
    }

    pub(crate) fn write_options(&self, warnings: &Warnings) -> Result<WriteOptions, ApiError> {
        let mut options = WriteOptions::default().warned(warnings).validated(self.field_validation()?);
        options.dry_run = self.dry_run.as_deref() == Some("All");
        options.field_manager = self.field_manager.as_deref().map(Into::into);
        Ok(options)
    }

    /// Options of a deletion: those of the body go before those of the query.
    pub(crate) fn delete_options(&self, body: &Value) -> Result<DeleteOptions, ApiError> {
        let mut options = DeleteOptions::default();
        options.dry_run = self.dry_run.as_deref() == Some("All") || body["dryRun"][0] == "All";
        options.grace_period_seconds = body["gracePeriodSeconds"].as_i64().or(self.grace_period_seconds);
        let policy = body["propagationPolicy"].as_str().or(self.propagation_policy.as_deref());
        options.propagation = match policy {
            None => None,
            Some("Background") => Some(Propagation::Background),
            Some("Foreground") => Some(Propagation::Foreground),
            Some("Orphan") => Some(Propagation::Orphan),
            Some(other) => {
                return Err(ApiError::bad_request(format!("invalid deletion propagation policy: {other}")));
            }
        };
        let preconditions = &body["preconditions"];
        options.uid = preconditions["uid"].as_str().map(kube_core::resource::Uid::new);
        options.version = preconditions["resourceVersion"].as_str().and_then(|v| v.parse().ok());
        Ok(options)
    }
}

fn is_true(text: Option<&str>) -> bool {
    matches!(text, Some("1" | "t" | "T" | "true" | "TRUE" | "True"))
}
