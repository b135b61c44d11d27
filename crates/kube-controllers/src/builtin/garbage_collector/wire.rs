//! Watching the metadata of everything.

use super::objects::Objects;
use crate::runtime::queue::{Add, INITIAL_PRIORITY};
use crate::runtime::{AnyInformer, Cause, Shared, Wire};
use kube_core::resource::{KindInfo, ObjectKey, Uid};
use kube_core::view::MetaView;
use kube_store::informer::Informers;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// What the watches fill and the reconciler reads.
pub(super) struct Watched {
    objects: Mutex<Objects>,
    /// The kinds watched so far, by group and resource: all versions of a kind are the same objects.
    kinds: Mutex<BTreeMap<(String, String), Arc<KindInfo>>>,
    /// The kinds that were served when somebody looked.
    served: Mutex<Vec<Arc<KindInfo>>>,
    connection: Mutex<Option<(Informers, Weak<Shared>)>>,
}

impl Watched {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            objects: Mutex::default(),
            kinds: Mutex::default(),
            served: Mutex::default(),
            connection: Mutex::default(),
        })
    }

    pub(super) fn objects(&self) -> MutexGuard<'_, Objects> {
        lock(&self.objects)
    }

    /// Queues an object.
    pub(super) fn look_at(&self, uid: &Uid) {
        let shared = lock(&self.connection).as_ref().and_then(|(_, shared)| shared.upgrade());
        if let Some(shared) = shared {
            shared.add(key_of(uid), Add::now(Cause::Asked("an owner waits for it")));
        }
    }

    /// Takes an object for gone, and looks at its dependents.
    pub(super) fn bury(&self, uid: &Uid) {
        let affected = self.objects().bury(uid);
        for uid in &affected {
            self.look_at(uid);
        }
    }

    /// Watches the kinds that are served now and were not before.
    pub(super) fn discover(self: &Arc<Self>) {
        let Some((informers, shared)) = lock(&self.connection).clone() else { return };
        for kind in self.new_kinds(&informers) {
            self.connect(&informers, &shared, kind);
        }
    }

    fn new_kinds(&self, informers: &Informers) -> Vec<Arc<KindInfo>> {
        let kinds = informers.service().kinds();
        let mut served = lock(&self.served);
        if served.len() == kinds.len() && served.iter().zip(&kinds).all(|(old, new)| Arc::ptr_eq(old, new)) {
            return Vec::new();
        }
        served.clone_from(&kinds);
        drop(served);
        let mut known = lock(&self.kinds);
        let mut new = Vec::new();
        for kind in kinds.into_iter().filter(|kind| kind.kind != "Event") {
            let resource = (kind.group.to_string(), kind.plural.to_string());
            known.entry(resource).or_insert_with(|| {
                new.push(kind.clone());
                kind
            });
        }
        new
    }

    fn connect(self: &Arc<Self>, informers: &Informers, shared: &Weak<Shared>, kind: Arc<KindInfo>) {
        let (watched, shared) = (self.clone(), shared.clone());
        let informer = informers.informer_of::<MetaView>(kind.clone());
        informer.on_change_while(move |change| {
            let Some(shared) = shared.upgrade().filter(|shared| !shared.is_over()) else { return false };
            let meta = |view: &Option<Arc<MetaView>>| view.as_ref().map(|view| view.0.clone());
            let (old, new) = (meta(&change.old), meta(&change.new));
            let affected = watched.objects().observe(&kind, old.as_ref(), new.as_ref());
            for uid in affected {
                let (kind, key) = (kind.clone(), change.key.clone());
                let add = if change.initial {
                    Add::now(Cause::Present { kind, key }).priority(INITIAL_PRIORITY)
                } else {
                    Add::now(Cause::Changed { kind, key, revision: change.revision })
                };
                shared.add(key_of(&uid), add);
            }
            true
        });
    }
}

/// The source of the garbage collector.
pub(super) struct Everything(pub(super) Arc<Watched>);

impl Wire for Everything {
    fn open(&self, informers: &Informers) -> Vec<Arc<dyn AnyInformer>> {
        let kinds = self.0.new_kinds(informers);
        let open = kinds
            .into_iter()
            .map(|kind| -> Arc<dyn AnyInformer> { Arc::new(informers.informer_of::<MetaView>(kind)) });
        open.collect()
    }

    fn connect(self: Box<Self>, informers: &Informers, shared: &Arc<Shared>) {
        let shared = Arc::downgrade(shared);
        *lock(&self.0.connection) = Some((informers.clone(), shared.clone()));
        let kinds: Vec<_> = lock(&self.0.kinds).values().cloned().collect();
        for kind in kinds {
            self.0.connect(informers, &shared, kind);
        }
        if let Some(shared) = shared.upgrade() {
            shared.add(key_of(&Uid::default()), Add::now(Cause::Asked("new kinds")).after(super::DISCOVERY));
        }
    }
}

/// Objects are queued by uid: the same name may be another object.
pub(super) fn key_of(uid: &Uid) -> ObjectKey {
    ObjectKey::cluster(uid.as_str())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
