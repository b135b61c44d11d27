//! From names to endpoints: selector index, endpoint slices, resolver, allocators.

pub mod index;
pub mod slices;
