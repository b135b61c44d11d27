//! Why a pod is pending, node by node and plugin by plugin.
//!
//! `cargo run -p kube-examples --example why_pending`

use kube_examples::screen::Screen;
use kube_examples::why_pending::run;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    run(&mut Screen::stdout()).map(drop)
}
