//! Objects that cannot be read. They are left out of caches and informers, which go on with the others; here is what
//! is told of them.
//!
//! ```
//! use kube_core::kinds::core::v1::ConfigMap;
//! use kube_core::resource::Resource;
//! use kube_store::objects::Objects;
//! use kube_store::service::{ListQuery, ObjectService};
//! use kube_store::storage::{MemoryStorage, Storage, Txn};
//! use kube_store::rt;
//! use std::sync::Arc;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
//! # runtime.block_on(async {
//! let storage = Arc::new(MemoryStorage::new());
//! let objects = Objects::new(storage.clone(), rt::env());
//! let damaged = r#"{"metadata":{"labels":{"app":5},"name":"a","namespace":"n"}}"#;
//! storage.txn(Txn::put("/registry/core/configmaps/n/a", damaged)).await?;
//!
//! let listed = objects.list(ConfigMap::kind_info(), &ListQuery::all()).await?;
//! assert!(listed.items.is_empty());
//! let (kind, left_out) = objects.unreadable().remove(0);
//! assert_eq!((&*kind.plural, left_out.count), ("configmaps", 1));
//! let last = left_out.last.expect("the one");
//! assert_eq!((&*last.key, &*last.field), ("/registry/core/configmaps/n/a", "metadata.labels.app"));
//! # Ok(())
//! # }) }
//! ```

mod field;
#[cfg(test)]
mod tests;

use crate::storage::Revision;
use kube_core::metrics::Counter;
use kube_core::view::DecodeError;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One version of an object that could not be read, and was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unreadable {
    /// Where it stands: the key in the store, or namespace and name.
    pub key: String,
    /// The revision that it was written at.
    pub revision: Revision,
    /// The field to blame, as `spec.containers[0].name`; empty where all of the object is, or that cannot be told.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What was left out so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// How many versions of objects. One that is met again, in a new list after a watch expired, counts again.
    pub count: u64,
    /// The last of them.
    pub last: Option<Unreadable>,
}

/// Is told of each object that cannot be read.
pub type OnUnreadable = Arc<dyn Fn(&Unreadable) + Send + Sync>;

impl Unreadable {
    /// What `error` says of `bytes`, which were to be the object of `key`.
    pub(crate) fn new(key: impl fmt::Display, revision: Revision, bytes: &[u8], error: &DecodeError) -> Self {
        let Some(cause) = error.source().and_then(|source| source.downcast_ref::<serde_json::Error>()) else {
            return Self { key: key.to_string(), revision, field: String::new(), reason: error.to_string() };
        };
        // What is stored is one line.
        let field = if cause.line() == 1 { field::at(bytes, cause.column()) } else { String::new() };
        let reason = cause.to_string();
        let reason = reason.rsplit_once(" at line ").map_or(&*reason, |(reason, _)| reason).to_owned();
        Self { key: key.to_string(), revision, field, reason }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, revision, field, reason } = self;
        write!(f, "{key} at {revision}: ")?;
        if !field.is_empty() {
            write!(f, "{field}: ")?;
        }
        f.write_str(reason)
    }
}

/// Keeps account of what is left out somewhere.
#[derive(Default)]
pub(crate) struct Account {
    so_far: Mutex<LeftOut>,
    told: Mutex<Vec<OnUnreadable>>,
    counter: Counter,
}

impl Account {
    /// An account that tells `told`, and counts in `counter` as well.
    pub(crate) fn new(told: Vec<OnUnreadable>, counter: Counter) -> Self {
        Self { so_far: Mutex::default(), told: Mutex::new(told), counter }
    }

    /// One more is left out.
    pub(crate) fn note(&self, unreadable: Unreadable) {
        tracing::error!(%unreadable, "an object is left out");
        self.counter.add(1);
        // Not under the lock: whoever is told may ask for the account.
        let told = lock(&self.told).clone();
        for tell in &told {
            tell(&unreadable);
        }
        let mut so_far = lock(&self.so_far);
        so_far.count += 1;
        so_far.last = Some(unreadable);
    }

    /// What was left out so far.
    pub(crate) fn so_far(&self) -> LeftOut {
        lock(&self.so_far).clone()
    }

    /// Tells one more of what is left out from now on.
    pub(crate) fn tell(&self, told: OnUnreadable) {
        lock(&self.told).push(told);
    }

    /// Tells nobody any more.
    pub(crate) fn release(&self) {
        let told = std::mem::take(&mut *lock(&self.told));
        drop(told);
    }
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every section is an assignment or two.
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("so_far", &self.so_far()).finish_non_exhaustive()
    }
}
