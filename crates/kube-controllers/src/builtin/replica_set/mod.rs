//! ReplicaSets: as many pods of a template as are wanted.

pub mod plan;
mod ranks;
#[cfg(test)]
mod tests;

pub use ranks::{DELETION_COST, deletion_order};
