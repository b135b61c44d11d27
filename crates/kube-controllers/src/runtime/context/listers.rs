//! Reading what the informers of a controller hold.

use futures::future::BoxFuture;
use kube_core::error::ApiError;
use kube_core::resource::{KindInfo, ObjectKey};
use kube_core::view::{KindView, View};
use kube_store::informer::{Informer, Relist};
use kube_store::storage::Revision;
use std::any::{Any, type_name};
use std::fmt;
use std::sync::Arc;

/// The informers that a controller declared. Cheap to clone; reading never waits.
#[derive(Clone, Default)]
pub struct Listers(Arc<[Arc<dyn AnyInformer>]>);

impl Listers {
    pub(in crate::runtime) fn new(informers: Vec<Arc<dyn AnyInformer>>) -> Self {
        Self(informers.into())
    }

    /// The object of that key.
    ///
    /// # Panics
    /// When the controller did not declare `V`: nothing is watched behind anyone's back.
    pub fn get<V: KindView>(&self, key: &ObjectKey) -> Option<Arc<V>> {
        self.informer::<V>().get(key)
    }

    /// Every object, in key order.
    ///
    /// # Panics
    /// As [`Listers::get`].
    pub fn list<V: KindView>(&self) -> Vec<Arc<V>> {
        self.informer::<V>().all()
    }

    /// The objects that index `name` has under `value`, in key order.
    ///
    /// # Panics
    /// As [`Listers::get`].
    pub fn by_index<V: KindView>(&self, name: &'static str, value: &str) -> Vec<Arc<V>> {
        self.informer::<V>().by_index(name, value)
    }

    /// The informer of `V`.
    ///
    /// # Panics
    /// As [`Listers::get`].
    #[expect(
        clippy::panic,
        reason = "a controller that reads what it does not watch acts on nothing, for ever"
    )]
    pub fn informer<V: KindView>(&self) -> &Informer<V> {
        self.find().unwrap_or_else(|| {
            panic!(
                "the controller reads {} without declaring it: add `.owns`, `.watches` or `.reads`",
                type_name::<V>()
            )
        })
    }

    pub(super) fn find<V: KindView>(&self) -> Option<&Informer<V>> {
        self.0.iter().find_map(|informer| informer.as_any().downcast_ref())
    }

    pub(in crate::runtime) fn all(&self) -> &[Arc<dyn AnyInformer>] {
        &self.0
    }

    /// The positions of the informers of `kind`, whatever their view.
    pub(super) fn of_kind(&self, kind: &KindInfo) -> impl Iterator<Item = usize> {
        let same = move |informer: &dyn AnyInformer| {
            let other = informer.kind();
            other.group == kind.group && other.plural == kind.plural
        };
        (0..self.0.len()).filter(move |&index| self.0.get(index).is_some_and(|informer| same(&**informer)))
    }
}

impl fmt::Debug for Listers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|informer| &informer.kind().plural)).finish()
    }
}

/// An informer of any view.
pub(crate) trait AnyInformer: Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn kind(&self) -> &KindInfo;
    fn revision(&self) -> Revision;
    fn wait_for(&self, revision: Revision) -> BoxFuture<'_, Result<(), ApiError>>;
    fn synced(&self) -> BoxFuture<'_, Result<(), ApiError>>;
    fn closed(&self) -> BoxFuture<'_, ApiError>;
    fn on_relist_while(&self, handler: Box<dyn Fn(&Relist) -> bool + Send + Sync>);
}

impl<V: View> AnyInformer for Informer<V> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> &KindInfo {
        Self::kind(self)
    }

    fn revision(&self) -> Revision {
        Self::revision(self)
    }

    fn wait_for(&self, revision: Revision) -> BoxFuture<'_, Result<(), ApiError>> {
        Box::pin(Self::wait_for(self, revision))
    }

    fn synced(&self) -> BoxFuture<'_, Result<(), ApiError>> {
        Box::pin(Self::synced(self))
    }

    fn closed(&self) -> BoxFuture<'_, ApiError> {
        Box::pin(Self::closed(self))
    }

    fn on_relist_while(&self, handler: Box<dyn Fn(&Relist) -> bool + Send + Sync>) {
        Self::on_relist_while(self, handler);
    }
}
