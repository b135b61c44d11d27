//! Indexes: objects by something other than their key.

use kube_core::view::{Meta, MetaView, NodeView, PodView};
use std::fmt;
use std::sync::Arc;

/// How to find objects by values derived from them.
pub struct Index<V> {
    name: &'static str,
    of: Values<V>,
}

type Values<V> = Arc<dyn Fn(&V) -> Vec<Arc<str>> + Send + Sync>;

impl<V> Index<V> {
    /// The index `name`, under which `of` puts an object. `of` must give the same values for the same object.
    pub fn new(name: &'static str, of: impl Fn(&V) -> Vec<Arc<str>> + Send + Sync + 'static) -> Self {
        Self { name, of: Arc::new(of) }
    }

    /// The name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The values that `view` is found by.
    pub fn values(&self, view: &V) -> Vec<Arc<str>> {
        (self.of)(view)
    }
}

/// A view with metadata, by which there are indexes for every kind.
pub trait WithMeta {
    /// The metadata.
    fn meta(&self) -> &Meta;
}

impl WithMeta for PodView {
    fn meta(&self) -> &Meta {
        &self.meta
    }
}

impl WithMeta for NodeView {
    fn meta(&self) -> &Meta {
        &self.meta
    }
}

impl WithMeta for MetaView {
    fn meta(&self) -> &Meta {
        &self.0
    }
}

impl<V: WithMeta> Index<V> {
    /// Objects by the uid of the owner that manages them, as index `owner`.
    pub fn by_owner() -> Self {
        Self::new("owner", |view: &V| {
            view.meta().controller().map(|owner| Arc::from(owner.uid.as_str())).into_iter().collect()
        })
    }

    /// Objects by namespace, as index `namespace`.
    pub fn by_namespace() -> Self {
        Self::new("namespace", |view: &V| vec![view.meta().namespace.clone()])
    }

    /// Objects by the value of a label, those without it left out, as index `name`.
    pub fn by_label(name: &'static str, label: &'static str) -> Self {
        Self::new(name, move |view: &V| view.meta().labels.get(label).cloned().into_iter().collect())
    }
}

impl Index<PodView> {
    /// Pods by the node they are bound to, as index `node`.
    pub fn by_node() -> Self {
        Self::new("node", |pod: &PodView| pod.node_name().cloned().into_iter().collect())
    }
}

impl<V> Clone for Index<V> {
    fn clone(&self) -> Self {
        Self { name: self.name, of: self.of.clone() }
    }
}

impl<V> fmt::Debug for Index<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Index").field(&self.name).finish()
    }
}
