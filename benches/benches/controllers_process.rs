//! Controllers at scale: what Criterion cannot sample, since one run takes seconds.

use kube_benches::controllers::{Spread, collect, pace, steady};
use kube_benches::process::{self, resident};
use kube_core::graph::{ObjectRef, OwnerGraph};
use kube_store::rt;
use std::error::Error;
use std::process::Command;
use std::time::Duration;

/// Objects in the graph whose memory is measured.
const NODES: usize = 1_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().nth(1).is_some_and(|what| what == "graph") {
        return graph();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let env = runtime.block_on(async { rt::env() });
    print_row(&["commits", "commit to reconcile: p50", "p99", "most"]);
    for (count, pause) in [(2_000, Duration::from_millis(1)), (500, Duration::from_millis(10))] {
        let spread = runtime.block_on(pace(&env, count, pause))?;
        print_spread(&format!("{pause:?} apart"), &spread);
    }
    print_row(&["pods", "steady reconcile: p50", "p99", "most"]);
    for pods in [1_000, 10_000, 100_000] {
        print_spread(&pods.to_string(), &runtime.block_on(steady(&env, pods, 100))?);
    }
    print_row(&["dependents", "foreground deletion"]);
    for dependents in [1_000, 10_000, 100_000] {
        let took = runtime.block_on(collect(&env, dependents))?;
        print_row(&[&dependents.to_string(), &format!("{took:.2?}")]);
    }
    // In a process of its own, since an allocator gives little back.
    let status = Command::new(std::env::current_exe()?).arg("graph").status()?;
    if status.success() { Ok(()) } else { Err(format!("the graph: {status}").into()) }
}

/// Prints the memory of a graph in which every hundredth object owns the others.
fn graph() -> Result<(), Box<dyn Error>> {
    let before = resident()?;
    let mut graph = OwnerGraph::default();
    let mut owner = None;
    for n in 0..NODES {
        let uid = format!("{n:08x}-0000-4000-8000-000000000000");
        let object = ObjectRef::new("v1", "Pod", &format!("team/web-7d4b9c6f5d-{n:06}"), &uid);
        if n % 100 == 0 {
            owner = Some(object.clone());
            graph.upsert(&object, &[]);
        } else {
            graph.upsert(&object, owner.as_slice());
        }
    }
    let bytes = resident()?.saturating_sub(before) / NODES;
    print_row(&["graph nodes", "B per node"]);
    print_row(&[&NODES.to_string(), &bytes.to_string()]);
    drop(graph);
    Ok(())
}

fn print_spread(name: &str, spread: &Spread) {
    let cells = [50, 99, 100].map(|percent| format!("{:.1?}", spread.at(percent)));
    print_row(&[name, &cells[0], &cells[1], &cells[2]]);
}

fn print_row(cells: &[&str]) {
    process::print_row(24, cells);
}
