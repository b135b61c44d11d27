//! What Criterion cannot sample: the latency of deliveries at a given pace, and the memory of a process.
//!
//! Each memory figure is measured in a process of its own, since an allocator gives little back.

use kube_benches::process::{self, resident};
use kube_benches::store::{Ours, Pods, baseline::Locked, long_keys, pod};
use kube_core::env::Env;
use kube_store::rt;
use kube_store::storage::Revision;
use std::error::Error;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::runtime::{Builder, Handle};
use tokio::task::JoinHandle;

/// Watcher tasks.
const WATCHERS: usize = 1_000;
/// How long each pace is kept up.
const SECONDS: u64 = 5;
/// The memory figures.
const SIZES: [usize; 3] = [1_500, 15_000, 150_000];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, what, who, count] = arguments.as_slice()
        && what == "memory"
    {
        return memory(who, count.parse()?);
    }
    print_row(&["allocator", kube_benches::ALLOCATOR]);
    print_row(&["pods", "who", "loaded MB", "overwritten", "then MB", "B per overwrite"]);
    for count in SIZES {
        for who in ["ours", "ours+cache", "baseline"] {
            let status =
                Command::new(std::env::current_exe()?).args(["memory", who, &count.to_string()]).status()?;
            if !status.success() {
                return Err(format!("{who} with {count} pods: {status}").into());
            }
        }
    }
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    print_row(&["commits/s", "who", "p50 ms", "p99 ms", "max ms", "deliveries"]);
    for pace in [1_000, 5_000] {
        runtime.block_on(latency(pace, true))?;
        runtime.block_on(latency(pace, false))?;
    }
    Ok(())
}

/// Loads pods, overwrites some, and prints the memory that the process holds.
fn memory(who: &str, count: usize) -> Result<(), Box<dyn Error>> {
    let keys = long_keys(count);
    let overwritten = count * 2 / 15;
    let empty = resident()?;
    let (loaded, then) = match who {
        "ours" => {
            let ours = Ours::default();
            for (n, key) in keys.iter().enumerate() {
                ours.write(key, pod(key, n, "node-00001"));
            }
            let loaded = resident()?;
            for (n, key) in keys.iter().enumerate().take(overwritten) {
                ours.write(key, pod(key, n, "node-00002"));
            }
            (loaded, resident()?)
        }
        "ours+cache" => {
            let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
            let pods = runtime.block_on(Pods::load(count))?;
            let loaded = resident()?;
            runtime.block_on(async {
                for (n, key) in keys.iter().enumerate().take(overwritten) {
                    pods.write(key, pod(key, n, "node-00002")).await;
                }
                pods.caught_up().await
            })?;
            (loaded, resident()?)
        }
        _ => {
            let locked = Locked::default();
            for (n, key) in keys.iter().enumerate() {
                locked.put(key, pod(key, n, "node-00001").to_vec());
            }
            let loaded = resident()?;
            for (n, key) in keys.iter().enumerate().take(overwritten) {
                locked.put(key, pod(key, n, "node-00002").to_vec());
            }
            (loaded, resident()?)
        }
    };
    let megabytes = |bytes: usize| format!("{}.{}", bytes / 1_000_000, bytes / 100_000 % 10);
    let each = then.saturating_sub(loaded) / overwritten.max(1);
    print_row(&[
        &count.to_string(),
        who,
        &megabytes(loaded.saturating_sub(empty)),
        &overwritten.to_string(),
        &megabytes(then.saturating_sub(empty)),
        &each.to_string(),
    ]);
    Ok(())
}

/// Commits at an even pace while tasks watch, and prints how long the deliveries took.
async fn latency(pace: u64, ours: bool) -> Result<(), Box<dyn Error>> {
    let (env, commits) = (rt::env(), pace * SECONDS);
    let store = Store::new(ours);
    // When each revision was committed, by its number: the store is new and nobody else writes.
    let started: Arc<[AtomicU64]> = (0..=commits).map(|_| AtomicU64::new(0)).collect();
    let begin = env.now();
    let nanos = move |env: &Env| u64::try_from(env.now().since(begin).as_nanos()).unwrap_or(u64::MAX);
    let watchers: Vec<JoinHandle<Vec<u64>>> = (0..WATCHERS)
        .map(|_| {
            let (mut watch, env, started) = (store.watch(), env.clone(), started.clone());
            Handle::current().spawn(async move {
                let mut took = Vec::new();
                while let Some(revision) = watch.next().await {
                    let Some(at) = started.get(usize::try_from(revision).unwrap_or(usize::MAX)) else {
                        break;
                    };
                    took.push(nanos(&env).saturating_sub(at.load(Ordering::Acquire)));
                    if revision == commits {
                        break;
                    }
                }
                took
            })
        })
        .collect();
    let every = Duration::from_nanos(1_000_000_000 / pace);
    let keys = long_keys(1_000);
    let mut due = env.now();
    for (revision, key) in (1..=commits).zip(keys.iter().cycle()) {
        due = due + every;
        if let Some(at) = started.get(usize::try_from(revision)?) {
            // A commit that waited for its turn waits as part of its latency.
            env.sleep_until(due).await;
            at.store(nanos(&env), Ordering::Release);
        }
        store.put(key);
    }
    let mut took = Vec::new();
    for watcher in watchers {
        took.extend(watcher.await?);
    }
    took.sort_unstable();
    let part = |percent: usize| took.get((took.len() * percent / 100).min(took.len().saturating_sub(1)));
    let millis = |nanos: Option<&u64>| {
        nanos.map_or_else(String::new, |n| format!("{}.{:03}", n / 1_000_000, n / 1_000 % 1_000))
    };
    print_row(&[
        &pace.to_string(),
        if ours { "ours" } else { "baseline" },
        &millis(part(50)),
        &millis(part(99)),
        &millis(took.last()),
        &took.len().to_string(),
    ]);
    Ok(())
}

enum Store {
    Ours(Ours),
    Baseline(Locked),
}

enum Watch {
    Ours(kube_benches::store::Watch),
    Baseline(kube_benches::store::baseline::Watch),
}

impl Store {
    fn new(ours: bool) -> Self {
        if ours { Self::Ours(Ours::default()) } else { Self::Baseline(Locked::default()) }
    }

    fn watch(&self) -> Watch {
        match self {
            #[expect(clippy::expect_used, reason = "a store that was just made is open")]
            Self::Ours(ours) => Watch::Ours(ours.watch("/registry/").expect("it is open")),
            Self::Baseline(locked) => Watch::Baseline(locked.watch("/registry/")),
        }
    }

    fn put(&self, key: &str) {
        match self {
            Self::Ours(ours) => ours.put(key, vec![b'x'; 2_000]),
            Self::Baseline(locked) => locked.put(key, vec![b'x'; 2_000]),
        }
    }
}

impl Watch {
    /// The revision of the next change.
    async fn next(&mut self) -> Option<u64> {
        match self {
            Self::Ours(watch) => watch.next().await.map(Revision::get),
            Self::Baseline(watch) => watch.next().await.map(|event| event.revision),
        }
    }
}

fn print_row(cells: &[&str]) {
    process::print_row(15, cells);
}
