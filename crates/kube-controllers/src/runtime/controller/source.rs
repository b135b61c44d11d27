//! What leads to reconciles besides changes of the object itself.

use super::Shared;
use crate::runtime::cause::Cause;
use crate::runtime::context::{AnyInformer, Listers};
use crate::runtime::queue::{Add, INITIAL_PRIORITY};
use kube_core::resource::{KindInfo, ObjectKey, Resource};
use kube_core::view::{KindView, Meta};
use kube_store::informer::{Change, Index, Informers};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

type Map<V> = Box<dyn Fn(&Change<V>, &Listers) -> Vec<ObjectKey> + Send + Sync>;
type Filter<V> = Box<dyn Fn(&Change<V>) -> bool + Send + Sync>;

/// Changes of one kind, and which keys each of them concerns.
pub struct Source<V> {
    indexes: Vec<Index<V>>,
    accepts: Option<Filter<V>>,
    map: Map<V>,
}

impl<V: KindView> Source<V> {
    /// Reconciles the keys that `map` gives for a change. `map` runs inside the informer: it may read other informers
    /// but must not wait. When it panics, that is counted and the change is lost to the controller.
    pub fn new(map: impl Fn(&Change<V>, &Listers) -> Vec<ObjectKey> + Send + Sync + 'static) -> Self {
        Self { indexes: Vec::new(), accepts: None, map: Box::new(map) }
    }

    /// Leads to nothing: the kind is only read.
    pub fn silent() -> Self {
        Self::new(|_, _| Vec::new())
    }

    /// The owners of kind `owner` that manage the object, as `meta` finds its metadata; after a change of the manager
    /// the former one too.
    pub fn managed_by(owner: &'static KindInfo, meta: impl Fn(&V) -> &Meta + Send + Sync + 'static) -> Self {
        Self::new(move |change, _| {
            let of = |view: &Option<Arc<V>>| manager_key(owner, meta(view.as_deref()?));
            distinct([of(&change.new), of(&change.old)])
        })
    }

    /// With an index over the kind.
    #[must_use]
    pub fn index(mut self, index: Index<V>) -> Self {
        self.indexes.push(index);
        self
    }

    /// Without the changes that `accepts` refuses.
    #[must_use]
    pub fn predicate(mut self, accepts: impl Fn(&Change<V>) -> bool + Send + Sync + 'static) -> Self {
        self.accepts = Some(Box::new(accepts));
        self
    }
}

impl<K: KindView + Resource> Source<K> {
    /// As [`Source::managed_by`], for typed objects.
    pub(crate) fn owned_by(owner: &'static KindInfo) -> Self {
        Self::new(move |change, _| {
            let of = |object: &Option<Arc<K>>| typed_manager_key(owner, &**object.as_ref()?);
            distinct([of(&change.new), of(&change.old)])
        })
    }
}

impl<V> fmt::Debug for Source<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("indexes", &self.indexes).finish_non_exhaustive()
    }
}

fn distinct(keys: [Option<ObjectKey>; 2]) -> Vec<ObjectKey> {
    let mut keys: Vec<ObjectKey> = keys.into_iter().flatten().collect();
    keys.dedup();
    keys
}

/// The key of the manager, if it is of kind `owner`.
fn manager_key(owner: &KindInfo, meta: &Meta) -> Option<ObjectKey> {
    let reference = meta.controller()?;
    is_of_kind(owner, &reference.api_version, &reference.kind)
        .then(|| key_in_scope(owner, &meta.namespace, &reference.name))
}

fn typed_manager_key<K: Resource>(owner: &KindInfo, object: &K) -> Option<ObjectKey> {
    let meta = object.metadata();
    let reference = meta.owner_references.iter().flatten().find(|r| r.controller == Some(true))?;
    let namespace = meta.namespace.as_deref().unwrap_or_default();
    is_of_kind(owner, &reference.api_version, &reference.kind)
        .then(|| key_in_scope(owner, namespace, &reference.name))
}

/// Versions of a kind are the same objects.
fn is_of_kind(info: &KindInfo, api_version: &str, kind: &str) -> bool {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    info.kind == kind && info.group == group
}

fn key_in_scope(owner: &KindInfo, namespace: &str, name: &str) -> ObjectKey {
    ObjectKey::new(if owner.is_namespaced() { namespace } else { "" }, name)
}

/// A source of any kind, not yet connected.
pub(crate) trait Wire: Send {
    /// Starts the informers that it needs.
    fn open(&self, informers: &Informers) -> Vec<Arc<dyn AnyInformer>>;

    /// Passes changes on to the queue from now on.
    fn connect(self: Box<Self>, informers: &Informers, shared: &Arc<Shared>);
}

impl<V: KindView> Wire for Source<V> {
    fn open(&self, informers: &Informers) -> Vec<Arc<dyn AnyInformer>> {
        let informer = informers.informer::<V>();
        self.indexes.iter().cloned().for_each(|index| informer.add_index(index));
        vec![Arc::new(informer)]
    }

    fn connect(self: Box<Self>, informers: &Informers, shared: &Arc<Shared>) {
        let informer = informers.informer::<V>();
        let kind = informer.kind().clone();
        // The informer outlives the controller: it must not keep it.
        let shared = Arc::downgrade(shared);
        informer.on_change_while(move |change| {
            let Some(shared) = shared.upgrade().filter(|shared| !shared.is_over()) else { return false };
            // A panic of a user's function must not end the informer, which others read as well.
            let keys = catch_unwind(AssertUnwindSafe(|| match &self.accepts {
                Some(accepts) if !accepts(change) => Vec::new(),
                _ => (self.map)(change, shared.listers()),
            }));
            match keys {
                Ok(keys) => keys.into_iter().for_each(|key| shared.add(key, event(&kind, change))),
                Err(panic) => shared.source_panicked(&kind, &change.key, &*panic),
            }
            true
        });
    }
}

/// How to queue what a change concerns.
pub(crate) fn event<V>(kind: &Arc<KindInfo>, change: &Change<V>) -> Add {
    let (kind, key, revision) = (kind.clone(), change.key.clone(), change.revision);
    if change.initial {
        return Add::now(Cause::Present { kind, key }).priority(INITIAL_PRIORITY);
    }
    Add::now(if change.is_deletion() {
        Cause::Deleted { kind, key, revision }
    } else {
        Cause::Changed { kind, key, revision }
    })
}
