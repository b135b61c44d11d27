//! Prints the mutant table: each known bug, how many seeds it took until it was caught, and which oracle caught it.
//!
//! ```text
//! cargo run --release -p kube-sim --example mutants [-- [SEEDS] [MUTANT...] [SCENARIO...]]
//! ```
//!
//! Without a mutant all of them are hunted, without a scenario in all of them.
//!
//! Ends with 1 when a mutant is not caught within so many seeds (200) of any scenario, or when the unchanged build fails
//! one of the seeds that caught a mutant.

use kube_sim::Trouble;
use kube_sim::scenarios::{self, Named};
use kube_store::mutant::{Mutant, select};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut hunt = Hunt { seeds: 200, mutants: Vec::new(), scenarios: Vec::new() };
    for argument in std::env::args().skip(1) {
        let mutant = Mutant::ALL.into_iter().find(|mutant| format!("{mutant:?}") == argument);
        let scenario = scenarios::ALL.into_iter().find(|(name, _)| *name == argument);
        match (argument.parse(), mutant, scenario) {
            (Ok(number), ..) => hunt.seeds = number,
            (_, Some(mutant), _) => hunt.mutants.push(mutant),
            (_, _, Some(scenario)) => hunt.scenarios.push(scenario),
            _ => return refuse(&argument),
        }
    }
    if hunt.mutants.is_empty() {
        hunt.mutants = Mutant::ALL.to_vec();
    }
    if hunt.scenarios.is_empty() {
        hunt.scenarios = scenarios::ALL.to_vec();
    }
    // Whoever catches a mutant by a panic need not tell where.
    std::panic::set_hook(Box::new(|_| {}));
    let mut out = std::io::stdout();
    match table(&hunt, &mut out) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}

fn refuse(argument: &str) -> ExitCode {
    // Nobody is left to be told when the output is gone.
    let _gone = writeln!(std::io::stderr(), "{argument:?} is no number, no mutant and no scenario");
    ExitCode::FAILURE
}

/// What to look for, where, and for how long.
struct Hunt {
    seeds: u64,
    mutants: Vec<Mutant>,
    scenarios: Vec<Named>,
}

fn table(plan: &Hunt, out: &mut impl Write) -> std::io::Result<bool> {
    let mut all = true;
    writeln!(out, "| mutant | scenario | seeds until caught | caught by | which says |")?;
    writeln!(out, "| --- | --- | --- | --- | --- |")?;
    for &mutant in &plan.mutants {
        let fails = if let Some((name, seed, trouble)) = hunt(mutant, plan) {
            let (by, what) = (trouble.noticed_by(), says(&trouble));
            writeln!(out, "| `{mutant:?}` | {name} | {} | {by} | {what} |", seed + 1)?;
            let unchanged = make(name)(seed..seed + 1).observe(seed).trouble;
            unchanged.map(|trouble| format!("the unchanged build fails seed {seed} of {name} too: {trouble}"))
        } else {
            writeln!(out, "| `{mutant:?}` | | | | |")?;
            Some(format!("{mutant:?} is not caught within {} seeds", plan.seeds))
        };
        if let Some(fails) = fails {
            writeln!(out, "{fails}")?;
            all = false;
        }
        out.flush()?;
    }
    Ok(all)
}

fn says(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Violation(violation) => violation.what.clone(),
        other => other.to_string(),
    }
}

fn make(name: &str) -> fn(std::ops::Range<u64>) -> kube_sim::Sim {
    scenarios::ALL.into_iter().find(|(other, _)| *other == name).map_or(scenarios::rollout, |(_, make)| make)
}

/// The scenario that catches the mutant with the fewest seeds: seed by seed, each scenario in turn.
fn hunt(mutant: Mutant, plan: &Hunt) -> Option<(&'static str, u64, Trouble)> {
    for seed in 0..plan.seeds {
        for &(name, make) in &plan.scenarios {
            let guard = select(mutant);
            let trouble = make(seed..seed + 1).observe(seed).trouble;
            drop(guard);
            // A panic is the scenario's own assertion: that an oracle sees the bug is what is to be shown.
            if let Some(trouble) = trouble.filter(|trouble| trouble.noticed_by() != "panic") {
                return Some((name, seed, trouble));
            }
        }
    }
    None
}
