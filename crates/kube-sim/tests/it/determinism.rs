//! The same seed gives the same run; other seeds give other runs; all of them end the same way.

use crate::scenario::{Summary, small_day};
use kube_sim::{Outcome, Sim};
use std::collections::BTreeSet;

const SEEDS: u64 = 20;

fn run(seed: u64) -> Outcome<Summary> {
    Sim::new(seed).run(small_day).unwrap_or_else(|error| panic!("seed {seed}: {error}"))
}

#[test]
fn a_seed_repeats_and_seeds_differ() {
    let mut hashes = BTreeSet::new();
    for seed in 0..SEEDS {
        let (first, second) = (run(seed), run(seed));
        assert_eq!(first.trace_hash, second.trace_hash, "seed {seed} did not repeat");
        assert_eq!(first.steps, second.steps, "seed {seed}");
        hashes.insert(first.trace_hash);
    }
    assert!(hashes.len() >= 15, "{SEEDS} seeds gave only {} different runs", hashes.len());
}

#[test]
fn every_seed_reaches_the_same_end() {
    for seed in 0..SEEDS {
        let expected = Summary { pods: 2, ready: 2, endpoints: 2, runtime_inside: false };
        assert_eq!(run(seed).value, expected, "seed {seed}");
    }
}
