//! What components above the store share: how they start and stop, retry, and tell people what happened.

mod backoff;
mod component;
pub mod election;
pub mod events;
mod stop;
mod tasks;

#[cfg(test)]
mod tests;

pub use backoff::Backoff;
pub use component::{Component, Running};
pub use stop::{StopToken, Stopper, stop_pair};
pub use tasks::{TaskPanic, TaskSet};

pub(crate) use tasks::panic_message;
