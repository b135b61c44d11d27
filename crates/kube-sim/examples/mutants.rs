//! Prints the mutant table: each known bug, how many seeds it took until it was caught, and which oracle caught it.
//!
//! ```text
//! cargo run --release -p kube-sim --example mutants [-- [SEEDS] [MUTANT...]]
//! ```
//!
//! Ends with 1 when a mutant is not caught within so many seeds (200) of any scenario, or when the unchanged build fails
//! one of the seeds that caught a mutant.

use kube_sim::Trouble;
use kube_sim::scenarios::{self, Named};
use kube_store::mutant::{Mutant, select};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let (mut most, mut chosen) = (200, Vec::new());
    for argument in std::env::args().skip(1) {
        match argument.parse() {
            Ok(number) => most = number,
            Err(_) => chosen.push(argument),
        }
    }
    let is_chosen = |mutant: &Mutant| chosen.is_empty() || chosen.contains(&format!("{mutant:?}"));
    let mutants: Vec<Mutant> = Mutant::ALL.into_iter().filter(is_chosen).collect();
    // Whoever catches a mutant by a panic need not tell where.
    std::panic::set_hook(Box::new(|_| {}));
    let mut out = std::io::stdout();
    match table(&mutants, most, &mut out) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}

fn table(mutants: &[Mutant], most: u64, out: &mut impl Write) -> std::io::Result<bool> {
    let mut all = true;
    writeln!(out, "| mutant | scenario | seeds until caught | caught by | which says |")?;
    writeln!(out, "| --- | --- | --- | --- | --- |")?;
    for &mutant in mutants {
        let fails = if let Some((name, seed, trouble)) = hunt(mutant, most) {
            let (by, what) = (trouble.noticed_by(), says(&trouble));
            writeln!(out, "| `{mutant:?}` | {name} | {} | {by} | {what} |", seed + 1)?;
            let unchanged = make(name)(seed..seed + 1).observe(seed).trouble;
            unchanged.map(|trouble| format!("the unchanged build fails seed {seed} of {name} too: {trouble}"))
        } else {
            writeln!(out, "| `{mutant:?}` | | | | |")?;
            Some(format!("{mutant:?} is not caught within {most} seeds"))
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
fn hunt(mutant: Mutant, most: u64) -> Option<(&'static str, u64, Trouble)> {
    for seed in 0..most {
        for (name, make) in scenarios::ALL as [Named; scenarios::ALL.len()] {
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
