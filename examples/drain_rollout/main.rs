//! Rolling updates of real HTTP servers under load, with and without draining.
//!
//! `cargo run --release -p kube-examples --example drain_rollout`

use kube_examples::drain_rollout::{Plan, run};
use kube_examples::screen::Screen;
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let env = kube_store::rt::env();
    run(&env, Plan { clients: 64, updates: 5 }, &mut Screen::stdout()).await.map(drop)
}
