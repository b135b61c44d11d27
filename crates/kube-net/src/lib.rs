#![doc = include_str!("../README.md")]

pub mod alloc;
pub mod balance;
pub mod cloud;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod dns;
mod error;
pub mod index;
pub mod resolve;
pub mod slices;
#[cfg(feature = "tower")]
pub mod tower;

pub use alloc::{ServiceAllocation, ServiceRanges};
pub use error::ResolveError;
pub use index::SelectorIndex;
pub use resolve::{EndpointTable, ResolverDriver, ServiceResolver};
pub use slices::plan_slices;
