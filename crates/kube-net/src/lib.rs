//! From names to endpoints: selector index, endpoint slices, resolver, allocators.

pub mod alloc;
pub mod index;
pub mod slices;
