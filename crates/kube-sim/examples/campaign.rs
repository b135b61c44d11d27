//! Runs scenarios under many seeds, each seed twice, and prints what that came to.
//!
//! ```text
//! cargo run --release -p kube-sim --example campaign -- [--scenario NAME] [--seeds N] [--from N] [--seconds N] [--once] [--jobs N]
//! ```
//!
//! Ends with 1 at the first failure, which it prints with the line that replays it. What was done can be left out of the
//! next campaign: `--from` says with which seed to begin.

use kube_sim::Summary;
use kube_sim::scenarios::{self, Named};
use std::io::Write;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

struct Options {
    scenario: Option<String>,
    from: u64,
    seeds: u64,
    seconds: u64,
    twice: bool,
    jobs: usize,
}

fn options() -> Result<Options, String> {
    let mut options =
        Options { scenario: None, from: 0, seeds: u64::MAX, seconds: u64::MAX, twice: true, jobs: 1 };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        let number = |text: String| text.parse::<u64>().map_err(|_| format!("{text:?} is no number"));
        match argument.as_str() {
            "--scenario" => options.scenario = Some(value()?),
            "--seeds" => options.seeds = number(value()?)?,
            "--from" => options.from = number(value()?)?,
            "--seconds" => options.seconds = number(value()?)?,
            "--jobs" => options.jobs = usize::try_from(number(value()?)?).unwrap_or(1).max(1),
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
    for (name, make) in scenarios::ALL.into_iter().filter(|(name, _)| chosen(name)) {
        #[expect(clippy::disallowed_types, reason = "a campaign is bounded by real time")]
        let begin = std::time::Instant::now();
        let limit = Duration::from_secs(options.seconds);
        let next = AtomicU64::new(options.from);
        // Each seed is a world of its own: they may run side by side.
        let totals: Vec<Result<Summary, String>> = std::thread::scope(|scope| {
            let work = || work(options, (name, make), &next, || begin.elapsed() < limit);
            let jobs: Vec<_> = (0..options.jobs).map(|_| scope.spawn(work)).collect();
            jobs.into_iter()
                .map(|job| job.join().unwrap_or_else(|_| Err("a job panicked".to_owned())))
                .collect()
        });
        let mut total = Summary::default();
        for seen in totals {
            total.merge(&seen?);
        }
        let runs = if options.twice { 2 * total.runs } else { total.runs };
        let seconds = begin.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "runs are few")]
        let rate = runs as f64 / seconds;
        writeln!(out, "{name:<10} from seed {}: {total}; {seconds:.0} s, {rate:.1} runs/s", options.from)
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Takes rounds of seeds until there are no more, or no more time.
fn work(
    options: &Options,
    (name, make): Named,
    next: &AtomicU64,
    in_time: impl Fn() -> bool,
) -> Result<Summary, String> {
    let end = options.from.saturating_add(options.seeds);
    let mut total = Summary::default();
    while in_time() {
        let first = next.fetch_add(ROUND, Ordering::Relaxed);
        if first >= end {
            break;
        }
        let seeds = first..end.min(first + ROUND);
        let sim = make(seeds.clone());
        let sim = if options.twice { sim.twice() } else { sim };
        let seen = sim.check().map_err(|failure| format!("{name}: {failure}"))?;
        if seen.differences > 0 {
            return Err(format!("{name}: a seed of {seeds:?} took other steps the second time"));
        }
        total.merge(&seen);
    }
    Ok(total)
}
