//! How strictly writes are read, and what is told beside their results.

use std::sync::{Arc, Mutex, PoisonError};

/// What becomes of fields that the kind does not know.
///
/// Source: `FieldValidationDirective` of `k8s.io/apimachinery/pkg/apis/meta/v1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// They are dropped without a word. Nothing is looked for: what a program writes by type has no such fields.
    #[default]
    Ignore,
    /// They are dropped, and told of as [`Warnings`].
    Warn,
    /// The write is refused.
    Strict,
}

/// What a client is told beside the result of a write: fields that are deprecated, do not what they seem to do, or were
/// dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// Which write of a transaction it is about, from 0.
    pub write: usize,
    /// What is told, in Kubernetes' words.
    pub text: String,
}

/// Collects what is told beside the results of writes. Clones share what they collect; nothing is told twice.
///
/// Source: `k8s.io/apiserver/pkg/warning`.
///
/// ```
/// use kube_core::kinds::core::v1::Service;
/// use kube_core::resource::Resource;
/// use kube_store::service::{FieldValidation, ObjectService, Warnings, WriteOptions};
/// use kube_store::{objects::Objects, rt, storage::MemoryStorage};
/// use serde_json::json;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// let objects = Objects::new(std::sync::Arc::new(MemoryStorage::new()), rt::env());
/// let warnings = Warnings::default();
/// let options = WriteOptions::default().warned(&warnings).validated(FieldValidation::Warn);
/// let service = json!({
///     "metadata": {"name": "web"},
///     "spec": {"clusterIP": "None", "externalIPs": ["192.0.2.1"], "ports": [{"port": 80}], "replicas": 2},
/// });
/// objects.create(Service::kind_info(), "default", service, &options).await?;
/// assert_eq!(
///     warnings.texts(),
///     [r#"unknown field "spec.replicas""#, "spec.externalIPs is ignored for headless services"]
/// );
/// # Ok::<(), kube_core::error::ApiError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct Warnings(Arc<Mutex<Vec<Warning>>>);

impl Warnings {
    /// Tells of something; what was told of the same write before is not told again (a write that lost a race is planned
    /// once more).
    pub fn tell(&self, write: usize, text: impl Into<String>) {
        let warning = Warning { write, text: text.into() };
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // At most a few for each field of an object, which has limits.
        if !told.contains(&warning) {
            told.push(warning);
        }
    }

    /// Takes out what was told, in its order.
    pub fn take(&self) -> Vec<Warning> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What was told, in its order.
    pub fn texts(&self) -> Vec<String> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().map(|warning| warning.text.clone()).collect()
    }
}
