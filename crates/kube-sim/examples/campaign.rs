//! Runs scenarios under many seeds, each seed twice, and prints what that came to.
//!
//! ```text
//! cargo run --release -p kube-sim --example campaign -- [--scenario NAME] [--seeds N] [--from N] [--seconds N] [--once]
//! ```
//!
//! Ends with 1 at the first failure, which it prints with the line that replays it. What was done can be left out of the
//! next campaign: `--from` says with which seed to begin.

use kube_sim::{Summary, scenarios};
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

struct Options {
    scenario: Option<String>,
    from: u64,
    seeds: u64,
    seconds: u64,
    twice: bool,
}

fn options() -> Result<Options, String> {
    let mut options = Options { scenario: None, from: 0, seeds: u64::MAX, seconds: u64::MAX, twice: true };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        let number = |text: String| text.parse::<u64>().map_err(|_| format!("{text:?} is no number"));
        match argument.as_str() {
            "--scenario" => options.scenario = Some(value()?),
            "--seeds" => options.seeds = number(value()?)?,
            "--from" => options.from = number(value()?)?,
            "--seconds" => options.seconds = number(value()?)?,
            "--once" => options.twice = false,
            other => return Err(format!("{other:?} is not known")),
        }
    }
    if options.seeds == u64::MAX && options.seconds == u64::MAX {
        options.seeds = 200;
    }
    Ok(options)
}

fn main() -> ExitCode {
    let mut out = std::io::stdout();
    match options().and_then(|options| campaign(&options, &mut out)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to be told when the output is gone.
            let _gone = writeln!(out, "{error}");
            ExitCode::FAILURE
        }
    }
}

/// Seeds run between two looks at the clock.
const ROUND: u64 = 10;

fn campaign(options: &Options, out: &mut impl Write) -> Result<(), String> {
    let chosen = |name: &str| options.scenario.as_deref().is_none_or(|wanted| wanted == name);
    #[expect(clippy::disallowed_types, reason = "a campaign is bounded by real time")]
    let start = std::time::Instant::now();
    for (name, make) in scenarios::ALL.into_iter().filter(|(name, _)| chosen(name)) {
        #[expect(clippy::disallowed_types, reason = "a campaign is bounded by real time")]
        let begin = std::time::Instant::now();
        let mut total = Summary::default();
        let mut next = options.from;
        let end = options.from.saturating_add(options.seeds);
        while next < end && begin.elapsed() < Duration::from_secs(options.seconds) {
            let last = end.min(next + ROUND);
            let sim = make(next..last);
            let sim = if options.twice { sim.twice() } else { sim };
            let seen = sim.check().map_err(|failure| format!("{name}: {failure}"))?;
            if seen.differences > 0 {
                return Err(format!("{name}: a seed of {next}..{last} took other steps the second time"));
            }
            total.merge(&seen);
            next = last;
        }
        let runs = if options.twice { 2 * total.runs } else { total.runs };
        let seconds = begin.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "runs are few")]
        let rate = runs as f64 / seconds;
        writeln!(out, "{name:<10} seeds {}..{next}: {total}; {seconds:.0} s, {rate:.1} runs/s", options.from)
            .map_err(|error| error.to_string())?;
    }
    writeln!(out, "{:.0} s in all", start.elapsed().as_secs_f64()).map_err(|error| error.to_string())
}
