//! Two control planes on one etcd: one leads and is killed in the middle of a rollout, the other ends it.
//!
//! `cargo run --release -p kube-examples --features etcd --example two_planes`

use kube_examples::screen::Screen;
use kube_examples::two_planes::{demo, plane};
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => demo(&mut Screen::stdout()).await,
        ["plane", name, endpoint] => plane(name, endpoint).await,
        _ => Err("without arguments: the whole example; `plane NAME ENDPOINT`: one of the planes".into()),
    }
}
