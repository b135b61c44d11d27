//! Runs the conformance suite against a storage engine that this repository does not know.
//!
//! `cargo run -p kube-examples --example toy_backend`

use kube_examples::screen::Screen;
use kube_examples::toy_backend::{judge, traffic};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let mut screen = Screen::stdout();
    let report = judge().await;
    screen.line(format!("contracts: {report}"));
    let history = traffic(1).await;
    match &history {
        Ok(judged) => screen.line(format!("history: {judged:?}")),
        Err(finding) => screen.line(format!("history: {finding}")),
    }
    if report.failures.is_empty() && history.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
