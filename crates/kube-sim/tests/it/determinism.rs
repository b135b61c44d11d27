//! The same seed gives the same run; other seeds give other runs; all of them end the same way.

use crate::scenario::{Summary, small_day};
use kube_sim::{Outcome, Solo};
use std::collections::BTreeSet;

/// How many seeds to run: 20, or as many as the variable `SIM_SEEDS` says.
fn seeds() -> u64 {
    let asked = std::env::var_os("SIM_SEEDS").and_then(|text| text.to_str()?.parse().ok());
    asked.unwrap_or(20)
}

fn run(seed: u64) -> Outcome<Summary> {
    Solo::new(seed).run(small_day).unwrap_or_else(|error| panic!("seed {seed}: {error}"))
}

#[test]
fn a_seed_repeats_and_seeds_differ() {
    let mut hashes = BTreeSet::new();
    for seed in 0..seeds() {
        let (first, second) = (run(seed), run(seed));
        assert_eq!(first.trace_hash, second.trace_hash, "seed {seed} did not repeat");
        assert_eq!(first.steps, second.steps, "seed {seed}");
        hashes.insert(first.trace_hash);
    }
    let different = hashes.len() as u64;
    assert!(different * 4 >= seeds() * 3, "{} seeds gave only {different} different runs", seeds());
}

#[test]
fn every_seed_reaches_the_same_end() {
    for seed in 0..seeds() {
        let expected = Summary { pods: 2, ready: 2, endpoints: 2, runtime_inside: false };
        assert_eq!(run(seed).value, expected, "seed {seed}");
    }
}
