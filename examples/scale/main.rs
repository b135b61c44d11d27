//! How large a cluster one process holds.
//!
//! `cargo run --release -p kube-examples --example scale -- 100000 10000` brings 100,000 pods to Running on 10,000 nodes;
//! `... -- idle 100000` lets 100,000 nodes idle for an hour of virtual time. Without arguments: 1,000 pods on 100 nodes.

use kube_examples::scale;
use kube_examples::screen::Screen;
use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&mut Screen::stdout(), &arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where standard error is closed as well, the exit code still tells.
            let _told = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(screen: &mut Screen, arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let number = |place: usize, default: usize| {
        let given = arguments.get(place).map(|text| text.parse::<usize>());
        given.transpose().map(|given| given.unwrap_or(default))
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if arguments.first().is_some_and(|word| word == "idle") {
        // Only the clock that takes the time is a real one.
        let _entered = runtime.enter();
        scale::idle(screen, number(1, 1_000)?, Duration::from_hours(1));
        return Ok(());
    }
    let (pods, nodes) = (number(0, 1_000)?, number(1, 100)?);
    runtime.block_on(scale::pods(screen, pods, nodes))?;
    Ok(())
}
