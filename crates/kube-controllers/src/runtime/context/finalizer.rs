//! Finalizers: doing something before an object goes.

use super::Context;
use kube_core::error::ApiError;
use kube_core::resource::{Resource, ResourceExt};
use kube_store::service::Subresource;
use serde_json::{Value, json};

/// Where an object is in its life, as its finalizer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finalizer {
    /// The finalizer was not there and has been added. The reconcile ends here: that change leads to the next one.
    Added,
    /// The object lives, and cannot go without [`Context::finalized`].
    Live,
    /// The object is to go: clean up, then call [`Context::finalized`].
    CleanUp,
    /// The object is to go, and has been finalized already.
    Done,
}

impl Context {
    /// Makes sure that a living `object` has the finalizer `name` (which has a domain, as `example.com/cleanup`), and
    /// tells where it is in its life.
    ///
    /// ```
    /// # use kube_controllers::runtime::{Context, Error, Finalizer, Outcome};
    /// # use kube_core::kinds::core::v1::ConfigMap;
    /// # async fn release(_: &ConfigMap) {}
    /// # async fn reconcile(cx: &Context, map: &ConfigMap) -> Result<Outcome, Error> {
    /// const CLEANUP: &str = "example.com/cleanup";
    /// match cx.finalizer(map, CLEANUP).await? {
    ///     Finalizer::Added | Finalizer::Done => return Ok(Outcome::Done),
    ///     Finalizer::CleanUp => {
    ///         release(map).await;
    ///         cx.finalized(map, CLEANUP).await?;
    ///         return Ok(Outcome::Done);
    ///     }
    ///     Finalizer::Live => {}
    /// }
    /// // ... what the living object needs
    /// # Ok(Outcome::Done) }
    /// ```
    ///
    /// # Errors
    /// 409 when the object has changed since it was read, 404 when it is gone.
    pub async fn finalizer<K: Resource>(&self, object: &K, name: &str) -> Result<Finalizer, ApiError> {
        let present = finalizers(object);
        let has = present.iter().any(|finalizer| finalizer == name);
        match (object.is_terminating(), has) {
            (false, true) => Ok(Finalizer::Live),
            (true, true) => Ok(Finalizer::CleanUp),
            (true, false) => Ok(Finalizer::Done),
            (false, false) => {
                let all: Vec<&str> = present.iter().map(String::as_str).chain([name]).collect();
                self.set_finalizers(object, json!(all)).await?;
                Ok(Finalizer::Added)
            }
        }
    }

    /// Takes the finalizer `name` off: the object may go. Nothing happens when it is off already, or the object gone.
    ///
    /// # Errors
    /// 409 when the object has changed since it was read.
    pub async fn finalized<K: Resource>(&self, object: &K, name: &str) -> Result<(), ApiError> {
        let mut left = finalizers(object).to_vec();
        left.retain(|finalizer| finalizer != name);
        if left.len() == finalizers(object).len() {
            return Ok(());
        }
        let left = if left.is_empty() { Value::Null } else { json!(left) };
        match self.set_finalizers(object, left).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    async fn set_finalizers<K: Resource>(&self, object: &K, finalizers: Value) -> Result<(), ApiError> {
        let version = &object.metadata().resource_version;
        let patch = json!({ "metadata": { "resourceVersion": version, "finalizers": finalizers } });
        self.patch_value(K::kind_info(), &object.key(), Subresource::Main, patch).await?;
        Ok(())
    }
}

fn finalizers<K: Resource>(object: &K) -> &[String] {
    object.metadata().finalizers.as_deref().unwrap_or_default()
}
