//! Random programs of everything a store can do, against a naive model: every state and every change of all
//! revisions, kept whole. Durable engines are also closed and opened again, and fail in the middle of a write.

mod engine;
mod naive;
mod program;
mod watched;

use crate::backend::{Backend, Engine, InDirectory, Memory, RedbOnDisk};
use crate::scale::{self, say};
use crate::tape::Tape;
use engine::Pair;
use kube_store::storage::Key;
use kube_store::storage::mvcc::Drive;
use program::{KEYS, Step, program};
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// How often a program is run again beside which somebody wrote.
const TRIES: usize = 3;

/// How many programs, and how many steps in all.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    pub(crate) programs: usize,
    pub(crate) steps: usize,
}

/// A program that shows a difference, as short as it could be made.
#[derive(Debug)]
#[expect(dead_code, reason = "a failing test prints all of it")]
pub(crate) struct Difference {
    /// Steps that were run until the first one showed.
    pub(crate) steps: usize,
    pub(crate) program: Vec<Step>,
    pub(crate) what: String,
}

/// Runs `programs` programs of `seed`, each on a new medium.
pub(crate) fn explore<B: Backend>(
    seed: u64,
    programs: u32,
    new: impl Fn() -> B,
) -> Result<Count, Box<Difference>> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    // A program that waits for what never comes takes seconds, each time that it is made shorter.
    let config = Config {
        cases: programs,
        failure_persistence: None,
        max_shrink_iters: 500,
        max_shrink_time: 30_000,
        ..Config::default()
    };
    let (steps, found, count) = (Cell::new(0), Cell::new(None), Cell::new(0));
    let outcome = TestRunner::new_with_rng(config, rng).run(&program(), |program| {
        count.set(count.get() + 1);
        let run = || {
            let backend = new();
            let ran = quietly(|| {
                let mut pair = Pair::new(&backend);
                for step in &program {
                    steps.set(steps.get() + 1);
                    pair.run(step);
                }
                pair.finish();
            });
            (ran, backend)
        };
        let mut ran = run();
        for _ in 0..TRIES {
            if ran.0.is_ok() || !ran.1.is_disturbed() {
                break;
            }
            say("a program was disturbed and is run again");
            ran = run();
        }
        ran.0.map_err(|panic| {
            found.set(found.get().or_else(|| Some(steps.get())));
            proptest::test_runner::TestCaseError::fail(message(&*panic))
        })
    });
    match outcome {
        Ok(()) => Ok(Count { programs: count.get(), steps: steps.get() }),
        Err(TestError::Fail(reason, program)) => {
            let steps = found.get().unwrap_or_default();
            Err(Box::new(Difference { steps, program, what: reason.message().to_owned() }))
        }
        Err(TestError::Abort(reason)) => panic!("no program: {reason}"),
    }
}

/// Catches a panic without a word: a difference is told once, at its shortest.
fn quietly(run: impl FnOnce()) -> std::thread::Result<()> {
    thread_local!(static QUIET: Cell<bool> = const { Cell::new(false) });
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                loud(info);
            }
        }));
    });
    QUIET.set(true);
    let ran = catch_unwind(AssertUnwindSafe(run));
    QUIET.set(false);
    ran
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a text").to_owned()
}

/// As many as the variable `STORE_PROGRAMS` says.
fn programs() -> u32 {
    scale::number("STORE_PROGRAMS", 150)
}

fn holds<B: Backend>(name: &str, new: impl Fn() -> B) {
    explored(name, programs(), new);
}

fn explored<B: Backend>(name: &str, programs: u32, new: impl Fn() -> B) {
    let seed = scale::seed();
    let count =
        explore(seed, programs, new).unwrap_or_else(|found| panic!("{name}: seed {seed}: {found:#?}"));
    assert!(count.steps > count.programs, "{count:?}");
    let Count { programs, steps } = count;
    say(&format!("model {name}: seed {seed}, {programs} programs, {steps} steps, 0 differences"));
}

#[test]
fn memory_is_its_model() {
    holds("memory", || Memory);
}

#[test]
fn a_journal_that_keeps_its_promise_is_its_model() {
    holds("tape", Tape::default);
}

#[test]
fn redb_is_its_model() {
    holds("redb", RedbOnDisk::default);
}

#[test]
fn sled_is_its_model() {
    // Each opening reads a copy first.
    explored("sled", programs() / 10, || InDirectory::new(Engine::Sled, Drive::Callers));
}

#[test]
fn a_key_orders_like_its_text() {
    let mut keys: Vec<Key> = KEYS.iter().rev().map(|key| Key::from(*key)).collect();
    keys.sort();
    assert_eq!(keys.iter().map(Key::as_str).collect::<Vec<_>>(), KEYS);
}
