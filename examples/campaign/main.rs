//! Runs scenarios under many seeds, each seed twice, and prints what that came to.
//!
//! ```text
//! cargo run --release -p kube-examples --example campaign -- [--scenario NAME] [--seeds N] [--from N] [--seconds N] [--once] [--jobs N]
//! cargo run --release -p kube-examples --example campaign -- --scenario NAME --replay LINE
//! ```
//!
//! Every 100 seeds it tells how far it is, and what `--from` has to say for the next campaign to go on there. The totals
//! at the end are those of this campaign; `traces` is a hash over those of all runs, the same for the same seeds. Ends
//! with 1 at the first failure, which it prints with the line that replays it.

use kube_sim::scenarios::{self, Named};
use kube_sim::{Replay, Summary};
use std::io::Write;
use std::ops::Range;
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
    replay: Option<Replay>,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        scenario: None,
        from: 0,
        seeds: u64::MAX,
        seconds: u64::MAX,
        twice: true,
        jobs: 1,
        replay: None,
    };
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
            "--replay" => options.replay = Some(value()?.parse().map_err(|error| format!("{error}"))?),
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

/// Seeds that a job takes at a time.
const ROUND: u64 = 10;
/// Seeds between two words on how far it is.
const STRETCH: u64 = 100;

fn campaign(options: &Options, out: &mut impl Write) -> Result<(), String> {
    let chosen = |name: &str| options.scenario.as_deref().is_none_or(|wanted| wanted == name);
    let mut scenarios = scenarios::ALL.into_iter().filter(|(name, _)| chosen(name)).peekable();
    if scenarios.peek().is_none() {
        let names: Vec<&str> = scenarios::ALL.iter().map(|(name, _)| *name).collect();
        return Err(format!("no such scenario; there are {}", names.join(", ")));
    }
    for (name, make) in scenarios {
        if let Some(line) = &options.replay {
            make(0..1).replay(line).map_err(|failure| format!("{name}: {failure}"))?;
            say(out, &format!("{name}: {line}: passes"))?;
        } else {
            of_one(options, (name, make), out)?;
        }
    }
    Ok(())
}

fn of_one(options: &Options, (name, make): Named, out: &mut impl Write) -> Result<(), String> {
    #[expect(clippy::disallowed_types, reason = "a campaign is bounded by real time")]
    let begin = std::time::Instant::now();
    let limit = Duration::from_secs(options.seconds);
    let end = options.from.saturating_add(options.seeds);
    let mut total = Summary::default();
    let mut first = options.from;
    while first < end && begin.elapsed() < limit {
        let stretch = first..end.min(first + STRETCH);
        let seen = run(options, (name, make), stretch.clone())?;
        total.merge(&seen);
        first = stretch.end;
        let seconds = begin.elapsed().as_secs_f64();
        let done = format!("seeds {} to {first} done in {seconds:.0} s", options.from);
        say(out, &format!("{name}: {done}; go on with --from {first}"))?;
    }
    let runs = if options.twice { 2 * total.runs } else { total.runs };
    let seconds = begin.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "runs are few")]
    let rate = runs as f64 / seconds;
    let times = if options.twice { "each twice, hashes compared" } else { "each once" };
    let range = format!("seeds {} to {first}, {times}", options.from);
    let traces = format!("0 violations, traces {:016x}", total.traces);
    say(out, &format!("{name}: {range}: {total}, {traces}; {seconds:.0} s, {rate:.1} runs/s"))
}

fn say(out: &mut impl Write, line: &str) -> Result<(), String> {
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|error| error.to_string())
}

/// Runs these seeds, side by side: each is a world of its own.
fn run(options: &Options, named: Named, seeds: Range<u64>) -> Result<Summary, String> {
    let next = AtomicU64::new(seeds.start);
    let seen: Vec<_> = std::thread::scope(|scope| {
        let work = || work(options, named, &next, seeds.end);
        let jobs: Vec<_> = (0..options.jobs).map(|_| scope.spawn(work)).collect();
        jobs.into_iter().map(|job| job.join().unwrap_or_else(|_| Err("a job panicked".to_owned()))).collect()
    });
    let mut total = Summary::default();
    for seen in seen {
        total.merge(&seen?);
    }
    Ok(total)
}

/// Takes rounds of seeds until there are no more.
fn work(options: &Options, (name, make): Named, next: &AtomicU64, end: u64) -> Result<Summary, String> {
    let mut total = Summary::default();
    loop {
        let first = next.fetch_add(ROUND, Ordering::Relaxed);
        if first >= end {
            return Ok(total);
        }
        let seeds = first..end.min(first + ROUND);
        let sim = make(seeds.clone());
        let sim = if options.twice { sim.twice() } else { sim };
        let seen = sim.check().map_err(|failure| {
            format!("{name}: {failure}\nor: campaign --scenario {name} --replay \"{}\"", failure.replay)
        })?;
        if seen.differences > 0 {
            return Err(format!("{name}: a seed of {seeds:?} took other steps the second time"));
        }
        total.merge(&seen);
    }
}
