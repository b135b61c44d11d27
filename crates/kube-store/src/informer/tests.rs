//! Tests of the pure parts of informers.
