//! What a refused manifest says.

use super::ManifestError;
use kube_core::error::{ApiError, FieldError, FieldPath};

#[test]
fn an_error_names_source_document_object_and_field() {
    let path = FieldPath::new("spec").child("template").child("metadata").child("labels");
    let labels = serde_json::json!({ "app": "other" });
    let field = FieldError::invalid(&path, &labels, "`selector` does not match template `labels`");
    let error = ApiError::invalid("apps", "Deployment", "my-application", &[field]);
    let refused = ManifestError::new("deck.yaml", 3, "apps/v1 Deployment default/my-application", error);
    assert_eq!(
        refused.to_string(),
        "deck.yaml, document 3 (apps/v1 Deployment default/my-application):\n  \
         spec.template.metadata.labels: Invalid value: {\"app\":\"other\"}: \
         `selector` does not match template `labels`\nnothing was stored"
    );
}

#[test]
fn an_error_without_fields_gives_its_message() {
    let error = ApiError::bad_request("no matches for kind \"Sloth\" in version \"v1\"");
    let refused = ManifestError::new("a.yaml", 1, "v1 Sloth x", error);
    assert_eq!(
        refused.to_string(),
        "a.yaml, document 1 (v1 Sloth x):\n  no matches for kind \"Sloth\" in version \"v1\"\nnothing was stored"
    );
}
