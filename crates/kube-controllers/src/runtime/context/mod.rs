//! What a reconciler reads and writes with.

mod child;
mod finalizer;
mod floors;
mod listers;
mod merge;
mod status;
#[cfg(test)]
mod tests;
mod trail;
mod writes;

pub use child::{Applied, OwnedBy};
pub use finalizer::Finalizer;
pub use listers::Listers;
pub use status::HasStatus;

pub(super) use floors::Floors;
pub(crate) use listers::AnyInformer;
pub(crate) use merge::merge_diff;
pub(super) use trail::{Mark, Trail};

use super::cause::Causes;
use super::controller::Shared;
use super::history::WriteRecord;
use jiff::Timestamp;
use kube_core::env::Env;
use kube_core::error::{ApiError, Reason};
use kube_core::resource::{KindInfo, ObjectKey, Resource, ResourceVersion};
use kube_core::view::KindView;
use kube_store::api::Api;
use kube_store::client::events::{EventTarget, EventType};
use kube_store::informer::Informer;
use kube_store::service::ObjectService;
use kube_store::storage::Revision;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The world as a reconciler sees it.
///
/// Reads come from memory, from the informers that the controller declared, and may be behind the store, but never
/// behind the writes that earlier reconciles of the same key made through their context. Writes go to the store; reads
/// of the same call may not show them yet.
pub struct Context {
    shared: Arc<Shared>,
    key: ObjectKey,
    causes: Arc<Causes>,
    trail: Mutex<Trail>,
}

impl Context {
    pub(super) fn new(shared: Arc<Shared>, key: ObjectKey, causes: Arc<Causes>) -> Self {
        Self { shared, key, causes, trail: Mutex::default() }
    }

    /// What was written.
    pub(super) fn into_trail(self) -> Trail {
        self.trail.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key being reconciled.
    pub fn key(&self) -> &ObjectKey {
        &self.key
    }

    /// Wall time.
    pub fn now(&self) -> Timestamp {
        self.env().wall()
    }

    /// Time, randomness, ids.
    pub fn env(&self) -> &Env {
        self.shared.service().env()
    }

    /// The store's objects, for requests that have no method here. Writes by this way are not waited for.
    pub fn service(&self) -> &Arc<dyn ObjectService> {
        self.shared.service()
    }

    /// A handle for live requests of one kind, in all namespaces. Writes by this way are not waited for.
    pub fn api<K: Resource>(&self) -> Api<K> {
        Api::all(self.service().clone()).managed_by(self.shared.name())
    }

    /// The informers that the controller declared.
    pub fn listers(&self) -> &Listers {
        self.shared.listers()
    }

    /// The object of that key.
    ///
    /// # Panics
    /// When the controller did not declare `V`; the runtime catches it and reports it as a failure.
    pub fn get<V: KindView>(&self, key: &ObjectKey) -> Option<Arc<V>> {
        self.listers().get(key)
    }

    /// Every object, in key order.
    ///
    /// # Panics
    /// As [`Context::get`].
    pub fn list<V: KindView>(&self) -> Vec<Arc<V>> {
        self.listers().list()
    }

    /// The objects that index `name` has under `value`, in key order.
    ///
    /// # Panics
    /// As [`Context::get`].
    pub fn by_index<V: KindView>(&self, name: &'static str, value: &str) -> Vec<Arc<V>> {
        self.listers().by_index(name, value)
    }

    /// The informer of `V`.
    ///
    /// # Panics
    /// As [`Context::get`].
    pub fn informer<V: KindView>(&self) -> &Informer<V> {
        self.listers().informer()
    }

    /// Tells people what happened to `object`. Never waits.
    pub fn event<K: Resource>(&self, object: &K, kind: EventType, reason: &str, note: &str) {
        self.event_about(&EventTarget::of(object), kind, reason, note);
    }

    /// Tells people what happened. Never waits.
    pub fn event_about(&self, target: &EventTarget, kind: EventType, reason: &str, note: &str) {
        self.shared.recorder().record(target, kind, reason, note);
    }

    /// Notes a write: the next reconcile of the key sees it, and people can ask for it.
    fn wrote(&self, kind: &KindInfo, key: ObjectKey, version: ResourceVersion) {
        let record = WriteRecord {
            controller: self.shared.name().clone(),
            reconciled: self.key.clone(),
            causes: self.causes.clone(),
            kind: kind.kind.as_ref().into(),
            key,
            revision: Revision::new(version.revision()),
        };
        self.trail().wrote(self.listers(), kind, &record);
        self.shared.history().add(record);
    }

    /// Notes that it is not known whether a write happened, where `error` leaves that open.
    fn doubt(&self, error: ApiError) -> ApiError {
        let open =
            [Reason::Timeout, Reason::ServerTimeout, Reason::ServiceUnavailable, Reason::InternalError];
        if open.contains(&error.reason) {
            self.trail().doubtful = true;
        }
        error
    }

    fn trail(&self) -> MutexGuard<'_, Trail> {
        self.trail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("controller", &self.shared.name())
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
