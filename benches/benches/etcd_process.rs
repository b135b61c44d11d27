//! Our engine on a real etcd, beside etcd's own client on the same server in the same run: watches, a list, a Deployment,
//! and transactions. `$ETCD` names the program; without it, it is `etcd`. Arguments name the parts to be run; without any,
//! it is all of them.
//!
//! A plain program: what it measures is several processes, which Criterion cannot sample. Both sides take turns, and the
//! figures are medians of the turns.

use etcd_client::{Client, WatchStream};
use kube_benches::end_to_end;
use kube_benches::etcd::{self, Server, Watchers, baseline};
use kube_benches::process;
use kube_plane::ControlPlane;
use kube_store::objects::Objects;
use kube_store::rt;
use std::error::Error;
use std::time::Duration;
use tokio::task::JoinSet;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Turns of each side.
const TURNS: usize = 5;
/// Who writes at once.
const WRITERS: [usize; 3] = [1, 64, 256];
/// How long writers write in a turn.
const TURN: Duration = Duration::from_millis(1500);
/// Who watches, and what each is told.
const WATCHERS: usize = 100;
const EVENTS: usize = 5_000;
/// Objects of the list.
const LISTED: usize = 10_000;

fn main() -> Outcome<()> {
    let program = std::env::var_os("ETCD").and_then(|name| name.into_string().ok());
    let server = Server::start(program.as_deref().unwrap_or("etcd"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        // Waits until it answers.
        let _first = etcd::connect(server.endpoint(), "first/").await?;
        let client = Client::connect([server.endpoint()], None).await?;
        if asked("watches") {
            watches(&server, &client).await?;
        }
        if asked("list") {
            list(&server, &client).await?;
        }
        if asked("deployment") {
            deployment(&server).await?;
        }
        // At the end, since they leave half a million revisions behind, by which everything else would be slower.
        if asked("writes") {
            writes(&server, &client).await?;
        }
        Ok(())
    })
}

/// Whether a part is wanted: those that are named, or all.
fn asked(part: &str) -> bool {
    let named = || std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    named().next().is_none() || named().any(|name| name == part)
}

fn print<S: AsRef<str>>(cells: &[S]) {
    process::print_row(16, cells);
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

async fn writes(server: &Server, client: &Client) -> Outcome<()> {
    let storage = etcd::connect(server.endpoint(), "writes/").await?;
    print(&["writers", "ours put/s", "raw put/s", "ours / raw"]);
    for writers in WRITERS {
        let (mut ours, mut raw) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            raw.push(baseline::writes(client, writers, TURN).await?);
            ours.push(etcd::writes(&storage, writers, TURN).await?);
        }
        compare(writers, ours, raw);
    }
    print(&["writers", "ours if same/s", "raw if same/s", "ours / raw"]);
    for writers in WRITERS {
        let (mut ours, mut raw) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            raw.push(baseline::conditional_writes(client, writers, TURN).await?);
            ours.push(etcd::conditional_writes(&storage, writers, TURN).await?);
        }
        compare(writers, ours, raw);
    }
    Ok(())
}

fn compare(writers: usize, ours: Vec<f64>, raw: Vec<f64>) {
    let (ours, raw) = (median(ours), median(raw));
    print(&[writers.to_string(), format!("{ours:.0}"), format!("{raw:.0}"), format!("{:.2}", ours / raw)]);
}

async fn watches(server: &Server, client: &Client) -> Outcome<()> {
    print(&["watchers", "ours events/s", "raw events/s", "ours / raw"]);
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        raw.push(raw_watches(client, &format!("raw-watch-{turn}/")).await?);
        ours.push(our_watches(server, client, &format!("watch-{turn}/")).await?);
    }
    let (ours, raw) = (median(ours), median(raw));
    print(&[WATCHERS.to_string(), format!("{ours:.0}"), format!("{raw:.0}"), format!("{:.1}", ours / raw)]);
    Ok(())
}

/// Deliveries per second, from the first write on.
fn pace(took: Duration) -> f64 {
    f64::from(u32::try_from(WATCHERS * EVENTS).unwrap_or(u32::MAX)) / took.as_secs_f64()
}

async fn our_watches(server: &Server, client: &Client, prefix: &str) -> Outcome<f64> {
    let env = rt::env();
    let storage = etcd::connect(server.endpoint(), prefix).await?;
    let watchers = Watchers::start(storage, WATCHERS, EVENTS).await?;
    let begin = env.now();
    baseline::load(client, prefix, EVENTS).await?;
    watchers.done().await;
    Ok(pace(env.now().since(begin)))
}

async fn raw_watches(client: &Client, prefix: &str) -> Outcome<f64> {
    let env = rt::env();
    let mut reading = JoinSet::new();
    for watch in baseline::watch(client, prefix, WATCHERS).await? {
        let watch: WatchStream = watch;
        reading.spawn(baseline::drain(watch, EVENTS));
    }
    let begin = env.now();
    baseline::load(client, prefix, EVENTS).await?;
    while let Some(read) = reading.join_next().await {
        read??;
    }
    Ok(pace(env.now().since(begin)))
}

async fn list(server: &Server, client: &Client) -> Outcome<()> {
    print(&["objects", "ours ms", "raw ms", "raw / ours"]);
    let env = rt::env();
    baseline::load(client, "list/", LISTED).await?;
    let objects = Objects::new(etcd::connect(server.endpoint(), "list/").await?, env.clone());
    etcd::list(&objects).await?;
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..TURNS * 5 {
        let begin = env.now();
        let count = etcd::list(&objects).await?;
        ours.push(env.now().since(begin).as_secs_f64() * 1e3);
        let begin = env.now();
        if (count, baseline::list(client, "list/").await?) != (LISTED, LISTED) {
            return Err(format!("{count} objects").into());
        }
        raw.push(env.now().since(begin).as_secs_f64() * 1e3);
    }
    let (ours, raw) = (median(ours), median(raw));
    print(&[LISTED.to_string(), format!("{ours:.3}"), format!("{raw:.1}"), format!("{:.0}", raw / ours)]);
    Ok(())
}

async fn deployment(server: &Server) -> Outcome<()> {
    print(&["pods", "nodes", "bound after s", "pods/s", "all ready s"]);
    let (pods, nodes) = (1_000_u32, 200);
    for turn in 0..3 {
        let storage = etcd::connect(server.endpoint(), &format!("deployment-{turn}/")).await?;
        let builder = ControlPlane::builder().shared_storage(storage);
        let report = end_to_end::ours(builder, nodes, pods.try_into()?, Duration::from_mins(5)).await?;
        let bound = report.stages.iter().find(|stage| stage.name == "schedule").ok_or("no schedule")?.last;
        print(&[
            pods.to_string(),
            nodes.to_string(),
            format!("{:.2}", bound.as_secs_f64()),
            format!("{:.0}", f64::from(pods) / bound.as_secs_f64()),
            format!("{:.2}", report.total().as_secs_f64()),
        ]);
    }
    Ok(())
}
