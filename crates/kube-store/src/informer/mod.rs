//! Informers: a kind's objects in memory, decoded once, kept up to date by a watch.
//!
//! [`Informers`] is shared by everybody who reads: however many ask for one view of one kind, there is one
//! [`Informer`], one watch, and one decoding per change.
//!
//! # Invariants
//! - Handlers see every change once, in the order of the store, after the informer's own state shows it.
//! - What one transaction changed shows at once: no reader and no handler sees a part of it.
//! - After the watch expired the state is replaced as a whole, and handlers see the differences only.
//! - [`Informer::revision`] never goes back; it moves once handlers have seen everything up to it.
//!
//! Source of the semantics: `k8s.io/client-go/tools/cache` (in-order informers, `AtomicFIFO`).

mod change;
mod feed;
mod handle;
mod index;
mod progress;
mod pump;
mod registry;
mod shared;
mod table;

#[cfg(test)]
mod tests;

pub use change::{Change, Relist};
pub use handle::Informer;
pub use index::{Index, WithMeta};
pub use registry::Informers;
