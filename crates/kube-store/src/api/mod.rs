//! Typed handles: what most programs use of a store.
//!
//! [`Api`] speaks of one type, [`DynamicApi`] of a kind that is known at run time only. Both are cheap to clone and
//! work over any [`ObjectService`](crate::service::ObjectService).

mod dynamic;
mod event;
mod handle;
mod typed;

pub use dynamic::DynamicApi;
pub use event::{Event, EventStream};
pub use handle::List;
pub use typed::Api;
