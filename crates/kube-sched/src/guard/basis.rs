//! What a binding rests on.

use kube_core::env::Env;
use kube_store::storage::Revision;
use serde_json::{Value, json};
use std::sync::Arc;

/// Who decided a binding, and on what knowledge. It travels in the `Binding`: `target.resourceVersion` is the revision,
/// a label names the scheduler. Servers without a [`NodeGuard`](super::NodeGuard), Kubernetes' own among them, ignore
/// both.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Basis {
    /// One life of one scheduler, as long as it knows what became of its bindings.
    pub by: Arc<str>,
    /// Up to here it had seen all pods when it decided.
    pub seen: Revision,
}

impl Basis {
    /// A decision of `by`, which has seen pods until `seen`.
    pub fn new(by: impl Into<Arc<str>>, seen: Revision) -> Self {
        Self { by: by.into(), seen }
    }

    /// A name that nobody had before.
    pub(crate) fn invent(env: &Env) -> Arc<str> {
        env.uid().as_str().into()
    }

    /// What a `Binding` says.
    pub(super) fn read(binding: &Value) -> Option<Self> {
        let by = binding.pointer("/metadata/labels")?.get(BY)?.as_str()?;
        let seen = binding.pointer("/target/resourceVersion")?.as_str()?.parse().ok()?;
        Some(Self::new(by, Revision::new(seen)))
    }

    /// Writes it into a `Binding`.
    pub(crate) fn write(&self, binding: &mut Value) {
        binding["metadata"]["labels"] = json!({ BY: &*self.by });
        binding["target"]["resourceVersion"] = self.seen.to_string().into();
    }
}

/// The label of a `Binding` that names the scheduler.
const BY: &str = "kube-sched/scheduler";
