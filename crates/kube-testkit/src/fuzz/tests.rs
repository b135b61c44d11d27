//! A campaign repeats, sees what goes wrong, and does not run for nothing.

use super::{Limit, campaign};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Its name, and a target that panics on some input.
type Bug = (&'static str, fn(&str) -> bool);

fn inputs(seed: u64) -> Vec<String> {
    let tried = RefCell::new(Vec::new());
    let target = |input: &str| {
        tried.borrow_mut().push(input.to_owned());
        input.contains('a')
    };
    campaign("seen", &["abc", "a: [1, 2]"], &target, seed, Limit::Inputs(200));
    tried.into_inner()
}

fn text_of_panic(run: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(run)).expect_err("it should have panicked");
    payload.downcast_ref::<String>().cloned().expect("a formatted message")
}

#[test]
fn a_seed_gives_the_same_inputs() {
    assert_eq!(inputs(7), inputs(7));
    assert_ne!(inputs(7), inputs(8));
    assert_eq!(inputs(7).len(), 200);
}

#[test]
fn seeded_bugs_are_found() {
    // A parser that counts on balanced brackets, one that counts on short input, one that counts on ASCII.
    let bugs: [Bug; 3] = [
        ("brackets", |input| {
            assert!(input.matches('[').count() == input.matches(']').count());
            input.len() < 40
        }),
        ("length", |input| {
            assert!(input.len() < 100);
            !input.contains('z')
        }),
        ("ascii", |input| {
            assert!(input.is_ascii());
            input.len() < 40
        }),
    ];
    for (name, target) in bugs {
        let text = text_of_panic(|| campaign(name, &["a: [1, 2]"], &target, 1, Limit::Inputs(3_000)));
        assert!(text.contains("seed 1: the target panicked on"), "{name}: {text}");
    }
}

#[test]
fn a_target_that_tells_nothing_apart_is_refused() {
    let all =
        |accepts: bool| text_of_panic(|| campaign("all", &["a"], &|_: &str| accepts, 1, Limit::Inputs(50)));
    assert!(all(true).contains("every input is accepted"));
    assert!(all(false).contains("no input of the corpus is accepted"));
}
