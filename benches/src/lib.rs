//! Criterion benches, each beside a naive baseline.
