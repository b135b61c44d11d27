//! A control plane in one process: real manifests become a running (simulated) cluster.
//!
//! `cargo run --release -p kube-examples --example quickstart` tells the whole journey;
//! `... --example quickstart -- shop.yaml` runs your own manifests.

use kube_examples::quickstart::{journey, own_manifests};
use kube_examples::screen::Screen;
use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let mut screen = Screen::stdout();
    match run(&mut screen, &files).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(screen);
            // Where standard error is closed as well, the exit code still tells.
            let _told = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(screen: &mut Screen, files: &[PathBuf]) -> Result<(), Box<dyn Error + Send + Sync>> {
    if files.is_empty() {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let picture = root.join("out").join("owners.dot");
        journey(screen, &root.join("manifests"), &picture).await?;
    } else {
        own_manifests(screen, files).await?;
    }
    Ok(())
}
