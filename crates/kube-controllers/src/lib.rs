//! Make actual match desired: the reconciler runtime and the built-in controllers.

pub mod builtin;
pub mod runtime;

pub use builtin::builtin;
