//! The reconciler runtime: what turns changes of objects into calls of a function that makes things right.
//!
//! A [`Controller`] watches kinds, and for every change queues the key of the object that it concerns. Workers take keys
//! from the [`queue`] and call the [`Reconciler`], which reads through its [`Context`] what there is, and writes what
//! is missing. It is told a key and not what happened, so that a missed event cannot matter.
//!
//! # Invariants
//! - One key is never reconciled twice at a time.
//! - A reconcile sees the writes of the one before it on the same key.
//! - A reconciler that fails, panics or takes too long is called again, later each time; no other key suffers.
//!
//! Those who know kube-rs or controller-runtime begin with the [`guide`].

pub mod cause;
mod context;
mod controller;
pub mod guide;
mod history;
mod manager;
pub mod queue;
mod reconciler;
pub mod shards;

pub use cause::{Cause, Causes};
pub use context::{Applied, Context, Finalizer, HasStatus, Listers, OwnedBy};
pub use controller::{
    BoundController, Controller, ControllerBuilder, ControllerHealth, Health, HotLoop, Phase, Source,
};
pub use history::{Because, Why, WriteRecord};
pub use manager::{Manager, ManagerHandle};
pub use reconciler::{Error, Outcome, Reconciler, Request, Retry};

pub(crate) use context::{AnyInformer, merge_diff};
pub(crate) use controller::{Shared, Wire};
