//! A scheduler plugin of one's own, with a custom resource that it reads.
//!
//! `cargo run -p kube-examples --example custom_plugin`

use kube_examples::custom_plugin::{Failure, run};
use kube_examples::screen::Screen;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    run(&mut Screen::stdout()).await.map(drop)
}
