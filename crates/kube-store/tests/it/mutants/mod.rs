//! Engines with a known bug each, and which checker sees it: a checker's silence means something only after this.
//!
//! `cargo test -p kube-store --test it mutants -- --nocapture` prints the table of `docs/checkers.md`.

mod journal;
mod store;

pub(crate) use store::{Broken, Rule};

use crate::backend::Backend;
use crate::scale::say;
use crate::stage::Stage;
use crate::tape::Tape;
use crate::{conformance, history, model};
use journal::{Fault, Faulty};
use kube_core::env::Env;
use kube_store::storage::{Storage, StorageResult};
use std::sync::Arc;

/// A known bug.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mutant {
    name: &'static str,
    fault: Fault,
    rule: Option<Rule>,
    /// The checkers that must see it.
    seen_by: &'static [&'static str],
}

const CONTRACTS: &str = "contracts";
const MODEL: &str = "model";
const HISTORY: &str = "history";

/// The museum.
const MUTANTS: [Mutant; 12] = [
    in_journal("lost acknowledgement", Fault::LosesBatches, &[MODEL, HISTORY]),
    in_store("reused revision", Rule::ReusesRevisions, &[CONTRACTS, MODEL, HISTORY]),
    in_journal("torn batch", Fault::TearsBatches, &[CONTRACTS, MODEL, HISTORY]),
    in_store("skipped event", Rule::DropsEverySeventhEvent, &[CONTRACTS, MODEL, HISTORY]),
    in_store("duplicate event", Rule::RepeatsABatch, &[CONTRACTS, MODEL, HISTORY]),
    in_store("early bookmark", Rule::BookmarksTooEarly, &[CONTRACTS, MODEL, HISTORY]),
    in_store("stale read", Rule::ReadsStale, &[CONTRACTS, MODEL, HISTORY]),
    in_journal("resurrected delete", Fault::ResurrectsDeleted, &[CONTRACTS, MODEL, HISTORY]),
    in_store("split transaction", Rule::SplitsTransactions, &[CONTRACTS, MODEL, HISTORY]),
    in_store("wrong previous value", Rule::TellsWrongPreviousValues, &[CONTRACTS, MODEL, HISTORY]),
    in_journal("lost time to live", Fault::ForgetsLeases, &[CONTRACTS, MODEL]),
    in_journal("unlocked directory", Fault::StaysUnlocked, &[CONTRACTS]),
];

const fn in_journal(name: &'static str, fault: Fault, seen_by: &'static [&'static str]) -> Mutant {
    Mutant { name, fault, rule: None, seen_by }
}

const fn in_store(name: &'static str, rule: Rule, seen_by: &'static [&'static str]) -> Mutant {
    Mutant { name, fault: Fault::None, rule: Some(rule), seen_by }
}

/// A tape that is opened with a bug.
#[derive(Clone, Debug)]
struct Mutated {
    tape: Tape,
    mutant: Option<Mutant>,
}

impl Mutated {
    fn new(mutant: Option<Mutant>) -> Self {
        Self { tape: Tape::default(), mutant }
    }
}

impl Backend for Mutated {
    fn open(&self, env: &Env) -> StorageResult<Arc<dyn Storage>> {
        let fault = self.mutant.map_or(Fault::None, |mutant| mutant.fault);
        let storage = self.tape.load(env, |reel| Faulty::new(reel, fault, &self.tape))?;
        Ok(match self.mutant.and_then(|mutant| mutant.rule) {
            Some(rule) => Arc::new(Broken::new(storage, rule)),
            None => storage,
        })
    }
}

/// What one checker makes of a mutant: how it was seen, and after how many operations; nothing when it was not.
type Sight = Option<(String, usize)>;

fn by_contracts(mutant: Option<Mutant>) -> Sight {
    let (report, operations) = conformance::until_broken(|| Mutated::new(mutant), Stage::without_threads);
    report.failures.first().map(|(name, _)| ((*name).to_owned(), operations))
}

fn by_model(mutant: Option<Mutant>) -> Sight {
    let found = model::explore(1, 300, || Mutated::new(mutant)).err()?;
    Some((format!("{} steps at the shortest", found.program.len()), found.steps))
}

fn by_history(mutant: Option<Mutant>) -> Sight {
    let longer = [5, 10, 20, 40, 80, 160, 320, 640];
    longer.iter().find_map(|steps| {
        let backend = Mutated::new(mutant);
        let ran = history::reopened(&backend, &Stage::without_threads(), 1, *steps);
        let rule = ran.finding.map(|finding| finding.rule.to_string());
        rule.or_else(|| ran.stuck.then(|| "stuck".to_owned())).map(|rule| (rule, ran.operations))
    })
}

/// Looks at a mutant, or at the engine without a bug.
type Look = fn(Option<Mutant>) -> Sight;

const CHECKERS: [(&str, Look); 3] = [(CONTRACTS, by_contracts), (MODEL, by_model), (HISTORY, by_history)];

#[test]
fn every_mutant_is_seen() {
    say("| mutant | seen by | as | after operations |\n| --- | --- | --- | --- |");
    for mutant in MUTANTS {
        for (checker, look) in CHECKERS {
            let sight = look(Some(mutant));
            if let Some((how, operations)) = &sight {
                say(&format!("| {} | {checker} | {how} | {operations} |", mutant.name));
            }
            let must = mutant.seen_by.contains(&checker);
            assert!(sight.is_some() || !must, "{} is not seen by the {checker}", mutant.name);
        }
    }
}

/// The same engine without a bug passes all of them: what they see is the bug.
#[test]
fn no_mutation_is_not_seen() {
    for (checker, look) in CHECKERS {
        assert_eq!(look(None), None, "{checker}");
    }
}
