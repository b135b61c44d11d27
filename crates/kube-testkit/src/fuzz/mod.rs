//! Throws mutated input at a function, from a seed: the same seed gives the same input, on every machine.
//!
//! In `cargo test` a target gets so many inputs that it takes a moment; with `KUBE_FUZZ_SECONDS` it runs that long, and
//! with `KUBE_FUZZ_SEED` from another seed.

mod limit;
mod mutate;
mod rng;

#[cfg(test)]
mod tests;

use limit::Limit;
use mutate::mutated;
use rng::Rng;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// How many inputs a target gets unless it is given time.
const INPUTS: u64 = 3_000;

/// The most bytes that an input grows to.
const MAX_LENGTH: usize = 4_096;

/// Runs `target` on mutations of `corpus` and of what it found interesting: `target` answers whether it accepted the
/// input, and accepted input is mutated on. Prints `fuzz <name>: <n> inputs, <m> accepted, seed <s>`.
///
/// ```
/// kube_testkit::fuzz::run("digits", &["1", "42"], |input| input.parse::<u64>().is_ok());
/// ```
///
/// # Panics
/// With the input and its seed, when `target` panics. When no input of the corpus is accepted, or everything is: then
/// the target tells nothing apart.
pub fn run(name: &str, corpus: &[&str], target: impl Fn(&str) -> bool) {
    let seed = number("KUBE_FUZZ_SEED").unwrap_or(1);
    let limit = match number("KUBE_FUZZ_SECONDS") {
        Some(seconds) => Limit::time(Duration::from_secs(seconds)),
        None => Limit::Inputs(INPUTS),
    };
    campaign(name, corpus, &target, seed, limit);
}

#[expect(clippy::print_stdout, reason = "the counts and the seed are the output of a campaign")]
fn campaign(name: &str, corpus: &[&str], target: &dyn Fn(&str) -> bool, seed: u64, limit: Limit) {
    let mut rng = Rng::new(seed);
    let mut pool: Vec<String> = corpus.iter().map(|&text| text.to_owned()).collect();
    let (mut inputs, mut accepted) = (0, 0);
    for text in corpus {
        inputs += 1;
        accepted += u64::from(attempt(name, seed, text, target));
    }
    assert!(accepted > 0, "fuzz {name}: no input of the corpus is accepted");
    while !limit.is_reached(inputs) {
        let base = rng.pick(&pool).cloned().unwrap_or_default();
        let other = rng.pick(&pool).cloned().unwrap_or_default();
        let input = mutated(&base, &other, MAX_LENGTH, &mut rng);
        inputs += 1;
        if attempt(name, seed, &input, target) {
            accepted += 1;
            keep(&mut pool, input, &mut rng);
        }
    }
    println!("fuzz {name}: {inputs} inputs, {accepted} accepted, seed {seed}");
    assert!(accepted < inputs, "fuzz {name}: every input is accepted");
}

/// The pool stays small: a new input takes the place of one that is there.
fn keep(pool: &mut Vec<String>, input: String, rng: &mut Rng) {
    const POOL: usize = 256;
    if pool.len() < POOL {
        pool.push(input);
    } else if let Some(place) = pool.get_mut(rng.below(POOL)) {
        *place = input;
    }
}

#[expect(clippy::panic, reason = "what the target did wrong is told with what it was given")]
fn attempt(name: &str, seed: u64, input: &str, target: &dyn Fn(&str) -> bool) -> bool {
    let outcome = catch_unwind(AssertUnwindSafe(|| target(input)));
    outcome.unwrap_or_else(|_| panic!("fuzz {name}: seed {seed}: the target panicked on {input:?}"))
}

#[expect(clippy::panic, reason = "a number that is none must not be taken for the default")]
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var_os(variable)?.into_string().ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{variable}={text}: {error}")))
}
