//! A control plane in one process: real manifests become a running (simulated) cluster.
//!
//! `cargo run --release -p kube-examples --example quickstart` tells the whole journey;
//! `... --example quickstart -- shop.yaml` runs your own manifests;
//! `... --features etcd --example quickstart -- --etcd http://127.0.0.1:2379` does either on etcd.

use kube_examples::quickstart::{Place, journey, own_manifests};
use kube_examples::screen::Screen;
use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let mut files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let mut home = Place::Memory;
    if files.len() > 1 && files.first().is_some_and(|first| first.as_os_str() == "--etcd") {
        let endpoints = files.drain(..2).skip(1).map(|endpoint| endpoint.display().to_string());
        home = Place::Etcd(endpoints.collect());
    }
    let mut screen = Screen::stdout();
    match run(&mut screen, &home, &files).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(screen);
            // Where standard error is closed as well, the exit code still tells.
            let _told = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(
    screen: &mut Screen,
    home: &Place,
    files: &[PathBuf],
) -> Result<(), Box<dyn Error + Send + Sync>> {
    if files.is_empty() {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let picture = root.join("out").join("owners.dot");
        journey(screen, home, &root.join("manifests"), &picture).await?;
    } else {
        own_manifests(screen, home, files).await?;
    }
    Ok(())
}
