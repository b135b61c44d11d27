//! The reader's side of an informer.

use super::registry::Registry;
use super::shared::Shared;
use super::{Change, Index, Relist};
use crate::client::Backoff;
use crate::storage::Revision;
use crate::unreadable::{LeftOut, Unreadable};
use futures::future::{Either, select};
use kube_core::error::{ApiError, Retry};
use kube_core::resource::{KindInfo, ObjectKey, ResourceVersion};
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// How soon a change that was made shows by itself.
const ON_ITS_WAY: Duration = Duration::from_millis(10);

/// The objects of one kind as `V` sees them, kept up to date by a task. Cheap to clone; reading never waits.
///
/// What is read may be behind the store: [`Informer::wait_for`] waits until a write of one's own shows.
pub struct Informer<V> {
    pub(super) kind: Arc<KindInfo>,
    pub(super) shared: Arc<Shared<V>>,
    /// The task runs as long as any handle of any informer of the registry is held.
    pub(super) registry: Arc<Registry>,
}

impl<V: Send + Sync + 'static> Informer<V> {
    /// The kind.
    pub fn kind(&self) -> &Arc<KindInfo> {
        &self.kind
    }

    /// The object of that key.
    pub fn get(&self, key: &ObjectKey) -> Option<Arc<V>> {
        self.shared.table().get(key).map(|entry| entry.view.clone())
    }

    /// Every object, in key order.
    pub fn all(&self) -> Vec<Arc<V>> {
        let objects = self.shared.table().objects();
        objects.values().map(|entry| entry.view.clone()).collect()
    }

    /// The objects that index `name` has under `value`, in key order.
    ///
    /// # Panics
    /// In debug builds, when no index `name` was added; in release builds nothing is found then.
    pub fn by_index(&self, name: &'static str, value: &str) -> Vec<Arc<V>> {
        self.find(name, value, |_, view| view.clone())
    }

    /// The keys of the objects that index `name` has under `value`, in order.
    ///
    /// # Panics
    /// As [`Informer::by_index`].
    pub fn keys_by_index(&self, name: &'static str, value: &str) -> Vec<ObjectKey> {
        self.find(name, value, |key, _| key.clone())
    }

    fn find<T>(&self, name: &'static str, value: &str, take: impl Fn(&ObjectKey, &Arc<V>) -> T) -> Vec<T> {
        let table = self.shared.table();
        let Some(found) = table.by_index(name, value) else {
            debug_assert!(false, "the informer of {} has no index {name:?}", self.kind.plural);
            return Vec::new();
        };
        found.map(|(key, view)| take(key, view)).collect()
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.shared.table().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The version held of that key.
    pub fn version_of(&self, key: &ObjectKey) -> Option<ResourceVersion> {
        self.shared.table().get(key).map(|entry| entry.version)
    }

    /// The revision up to which every change was applied and told to the handlers.
    pub fn revision(&self) -> Revision {
        self.shared.progress.revision()
    }

    /// Whether the first state is complete.
    pub fn is_synced(&self) -> bool {
        self.shared.progress.is_synced()
    }

    /// The versions of objects that did not decode as `V` and were left out.
    pub fn unreadable(&self) -> LeftOut {
        self.shared.left_out.so_far()
    }

    /// Calls `handler` with every version of an object that does not decode as `V` from now on. It runs inside the
    /// informer's task and must not block.
    pub fn on_unreadable(&self, handler: impl Fn(&Unreadable) + Send + Sync + 'static) {
        self.shared.left_out.tell(Arc::new(handler));
    }

    /// Waits until the first state is complete, and told to the handlers.
    ///
    /// # Errors
    /// Why the informer ended, if it did before.
    pub async fn synced(&self) -> Result<(), ApiError> {
        self.shared.progress.synced().await
    }

    /// Waits until every change up to `revision` was applied and told to the handlers. At once if that is so.
    ///
    /// # Errors
    /// Why the informer ended, if it did before.
    pub async fn wait_for(&self, revision: Revision) -> Result<(), ApiError> {
        let reached = pin!(self.shared.progress.wait_for(revision));
        if self.revision() >= revision {
            return reached.await;
        }
        match select(reached, pin!(self.ask_until(revision))).await {
            Either::Left((reached, _)) => reached,
            Either::Right(((), reached)) => reached.await,
        }
    }

    /// Asks for the newest revision until it is `revision`: nothing else wakes the watch of a quiet kind. Not at once:
    /// mostly the change that is waited for is on its way, and an answer concerns the watches of all kinds.
    async fn ask_until(&self, revision: Revision) {
        let service = self.registry.service();
        let env = service.env();
        env.sleep(ON_ITS_WAY).await;
        let mut rng = env.rng("informer/wait");
        let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(30));
        loop {
            let told = match service.current().await {
                Ok(newest) if newest >= revision => return,
                Err(error) if error.is_closed() => return,
                Ok(_) => Duration::ZERO,
                Err(error) => match error.retry() {
                    Retry::After(told) => told,
                    Retry::Never | Retry::Now => Duration::ZERO,
                },
            };
            env.sleep(backoff.next(&mut rng).max(told)).await;
        }
    }

    /// Resolves with the cause when the informer ends: the store below was closed ([`ApiError::is_closed`]),
    /// [`Informers::stop`](super::Informers::stop) was called, or a handler panicked. What is held can still be
    /// read, but changes no more.
    pub async fn closed(&self) -> ApiError {
        self.shared.progress.closed().await
    }

    /// Adds an index, built over the present objects. Does nothing when one of that name was added before.
    pub fn add_index(&self, index: Index<V>) {
        self.shared.add_index(index);
    }

    /// Calls `handler` with the present objects (as `initial`), and from then on with every change, in order.
    ///
    /// Handlers run inside the informer's task, after reads show the change: they must neither block nor add
    /// handlers to the same informer. One that panics ends the informer.
    pub fn on_change(&self, handler: impl Fn(&Change<V>) + Send + Sync + 'static) {
        self.shared.add_handler(Box::new(move |change| {
            handler(change);
            true
        }));
    }

    /// As [`Informer::on_change`], until `handler` says that it has heard enough: it is let go when it gives `false`.
    pub fn on_change_while(&self, handler: impl Fn(&Change<V>) -> bool + Send + Sync + 'static) {
        self.shared.add_handler(Box::new(handler));
    }

    /// Calls `handler` whenever the informer had lost its watch and began anew, after the changes that this showed,
    /// until it gives `false`. It runs as the handlers of changes do.
    ///
    /// For whoever must learn that a change may have passed unseen: an object that was created and deleted meanwhile is
    /// told of to nobody.
    pub fn on_relist_while(&self, handler: impl Fn(&Relist) -> bool + Send + Sync + 'static) {
        self.shared.add_relist_handler(Box::new(handler));
    }
}

impl<V> Clone for Informer<V> {
    fn clone(&self) -> Self {
        Self { kind: self.kind.clone(), shared: self.shared.clone(), registry: self.registry.clone() }
    }
}

impl<V> fmt::Debug for Informer<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Informer")
            .field("kind", &self.kind.plural)
            .field("shared", &self.shared)
            .field("registry", &self.registry)
            .finish()
    }
}
