//! Tools of our tests: structure test, parity runner, trace compare, allocation counting.
