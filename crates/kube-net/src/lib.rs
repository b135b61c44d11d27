#![doc = include_str!("../README.md")]

pub mod alloc;
pub mod balance;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
pub mod index;
pub mod resolve;
pub mod slices;

pub use alloc::{ServiceAllocation, ServiceRanges};
pub use error::ResolveError;
pub use index::SelectorIndex;
pub use resolve::{EndpointTable, ResolverDriver, ServiceResolver};
pub use slices::plan_slices;
