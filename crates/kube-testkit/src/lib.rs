//! Tools of our tests: parity runner, fuzzing, trace compare, and the rules of the structure test.
//!
//! A dev-dependency only: it knows none of our crates, and no library depends on it.

pub mod fuzz;
pub mod parity;
pub mod structure;
pub mod trace;
