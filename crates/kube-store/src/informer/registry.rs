//! One informer per view and kind, shared by everybody.

use super::Informer;
use super::pump::{pump, stopped};
use super::shared::{AnyShared, Shared};
use crate::service::ObjectService;
use kube_core::env::{Env, TaskHandle};
use kube_core::resource::KindInfo;
use kube_core::view::{KindView, View};
use std::any::TypeId;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The informers of one service. Cheap to clone; clones share.
///
/// Tasks end with [`Informers::stop`], when the store closes, or when the last handle is dropped.
#[derive(Clone, Debug)]
pub struct Informers(Arc<Registry>);

/// What all handles keep alive.
pub(super) struct Registry {
    service: Arc<dyn ObjectService>,
    state: Mutex<State>,
}

impl Registry {
    /// The service below.
    pub(super) fn service(&self) -> &dyn ObjectService {
        &*self.service
    }
}

#[derive(Default)]
struct State {
    /// In the order of creation: few enough to search, and stopped in an order that repeats.
    entries: Vec<Entry>,
    stopped: bool,
}

struct Entry {
    view: TypeId,
    kind: Arc<KindInfo>,
    shared: Arc<dyn AnyShared>,
    task: Option<TaskHandle>,
}

impl Informers {
    /// Informers over `service`. Nothing is watched before somebody asks.
    pub fn new(service: Arc<dyn ObjectService>) -> Self {
        Self(Arc::new(Registry { service, state: Mutex::default() }))
    }

    /// The informer of the view's kind. The first call starts it.
    pub fn informer<V: KindView>(&self) -> Informer<V> {
        self.find_or_start(V::kind(), || Arc::new(V::kind().clone()))
    }

    /// The informer of `kind` for a view that can read any. The first call starts it.
    pub fn informer_of<V: View>(&self, kind: Arc<KindInfo>) -> Informer<V> {
        let info = kind.clone();
        self.find_or_start(&info, || kind)
    }

    /// The service below.
    pub fn service(&self) -> &Arc<dyn ObjectService> {
        &self.0.service
    }

    /// The environment of the service.
    pub fn env(&self) -> &Env {
        self.0.service.env()
    }

    /// Ends every informer, in the order of their creation. What they hold can still be read.
    pub fn stop(&self) {
        self.0.stop();
    }

    fn find_or_start<V: View>(&self, info: &KindInfo, kind: impl FnOnce() -> Arc<KindInfo>) -> Informer<V> {
        let mut state = self.0.state();
        if let Some(found) = state.entries.iter().find(|entry| entry.is_of::<V>(info))
            && let Ok(shared) = found.shared.clone().into_any().downcast::<Shared<V>>()
        {
            return Informer { kind: found.kind.clone(), shared, registry: self.0.clone() };
        }
        let kind = kind();
        let shared = Arc::new(Shared::<V>::new());
        let task = if state.stopped {
            shared.close(stopped());
            None
        } else {
            let name = format!("informer/{}", kind.plural);
            let task = pump(self.0.service.clone(), kind.clone(), shared.clone());
            Some(self.env().spawn(&name, task))
        };
        let view = TypeId::of::<V>();
        state.entries.push(Entry { view, kind: kind.clone(), shared: shared.clone(), task });
        Informer { kind, shared, registry: self.0.clone() }
    }
}

impl Registry {
    fn stop(&self) {
        let ended: Vec<(Arc<dyn AnyShared>, Option<TaskHandle>)> = {
            let mut state = self.state();
            state.stopped = true;
            state.entries.iter_mut().map(|entry| (entry.shared.clone(), entry.task.take())).collect()
        };
        // Outside the lock: handlers may hold informers.
        for (shared, task) in ended {
            shared.close(stopped());
            if let Some(task) = task {
                task.abort();
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<String> =
            self.state().entries.iter().map(|entry| entry.kind.plural.to_string()).collect();
        f.debug_struct("Informers").field("kinds", &kinds).finish_non_exhaustive()
    }
}

impl Entry {
    fn is_of<V: 'static>(&self, kind: &KindInfo) -> bool {
        self.view == TypeId::of::<V>()
            && self.kind.group == kind.group
            && self.kind.version == kind.version
            && self.kind.kind == kind.kind
    }
}
