//! Prints the mutant table: each known bug, how many seeds it took until it was caught, and which oracle caught it.
//!
//! ```text
//! cargo run --release -p kube-sim --example mutants [-- SEEDS]
//! ```
//!
//! Ends with 1 when a mutant is not caught within so many seeds (200) of any scenario, or when the unchanged build fails
//! one of the seeds that caught a mutant.

use kube_sim::scenarios::{self, Named};
use kube_store::mutant::{Mutant, select};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let most = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(200);
    // Whoever catches a mutant by a panic need not tell where.
    std::panic::set_hook(Box::new(|_| {}));
    let mut out = std::io::stdout();
    match table(most, &mut out) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}

fn table(most: u64, out: &mut impl Write) -> std::io::Result<bool> {
    let mut all = true;
    writeln!(out, "| mutant | scenario | seeds until caught | caught by |\n| --- | --- | --- | --- |")?;
    for mutant in Mutant::ALL {
        let fails = if let Some((name, seed, by)) = hunt(mutant, most) {
            writeln!(out, "| `{mutant:?}` | {name} | {} | {by} |", seed + 1)?;
            let unchanged = make(name)(seed..seed + 1).observe(seed).trouble;
            unchanged.map(|trouble| format!("the unchanged build fails seed {seed} of {name} too: {trouble}"))
        } else {
            writeln!(out, "| `{mutant:?}` | | | |")?;
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

fn make(name: &str) -> fn(std::ops::Range<u64>) -> kube_sim::Sim {
    scenarios::ALL.into_iter().find(|(other, _)| *other == name).map_or(scenarios::rollout, |(_, make)| make)
}

/// The scenario that catches the mutant with the fewest seeds: seed by seed, each scenario in turn.
fn hunt(mutant: Mutant, most: u64) -> Option<(&'static str, u64, String)> {
    for seed in 0..most {
        for (name, make) in scenarios::ALL as [Named; scenarios::ALL.len()] {
            let guard = select(mutant);
            let trouble = make(seed..seed + 1).observe(seed).trouble;
            drop(guard);
            if let Some(trouble) = trouble {
                return Some((name, seed, trouble.noticed_by().to_owned()));
            }
        }
    }
    None
}
