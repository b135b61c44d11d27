//! Objects beside nodes and pods that plugins look up.

mod kinds;
mod views;

pub use kinds::{Kept, Tables};
pub use views::{NamespaceView, ReplicaSetView, ReplicationControllerView, ServiceView, StatefulSetView};

use imbl::OrdMap;
use kube_core::resource::ObjectKey;
use std::sync::Arc;

/// The objects of one kind, by namespace and name.
pub type Table<V> = OrdMap<ObjectKey, Arc<V>>;

/// A table for every kind that the built-in plugins look up. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Objects(Tables);

impl Objects {
    /// The objects of a kind.
    pub fn all<V: Kept>(&self) -> &Table<V> {
        V::table(&self.0)
    }

    /// One object.
    pub fn get<V: Kept>(&self, key: &ObjectKey) -> Option<&Arc<V>> {
        self.all::<V>().get(key)
    }

    /// One object without a namespace.
    pub fn cluster_wide<V: Kept>(&self, name: &str) -> Option<&Arc<V>> {
        self.get(&ObjectKey::cluster(name))
    }

    pub(super) fn upsert<V: Kept>(&mut self, object: Arc<V>) {
        let key = object.key();
        V::table_mut(&mut self.0).insert(key, object);
    }

    pub(super) fn remove<V: Kept>(&mut self, key: &ObjectKey) {
        V::table_mut(&mut self.0).remove(key);
    }
}
