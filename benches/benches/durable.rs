//! Durable writes, beside a file that is synced for each; and what cannot be said in time per write: opening,
//! pauses, space.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kube_benches::durable::baseline::Synced;
use kube_benches::durable::{ENGINES, Engine, Store};
use std::io::Write;
use std::time::Duration;

const WRITERS: [usize; 3] = [1, 64, 256];
const KEYS: usize = 10_000;
/// Revisions of history that the store keeps by itself.
const HISTORY: u64 = 20_000;

/// Compare-and-swap transactions of 2 KB: the time for each of as many as there are writers.
fn overwrite(c: &mut Criterion) {
    let mut group = c.benchmark_group("durable/overwrite");
    for writers in WRITERS {
        let rounds = (2048 / writers).max(8);
        group.throughput(Throughput::Elements((writers * rounds) as u64));
        for engine in ENGINES {
            let store = Store::new(engine, HISTORY);
            store.load(KEYS);
            let id = BenchmarkId::new(engine.name, writers);
            group.bench_function(id, |b| b.iter(|| store.overwrite(KEYS, writers, rounds)));
        }
    }
    for writers in [1, 64] {
        let rounds = (256 / writers).max(4);
        group.throughput(Throughput::Elements((writers * rounds) as u64));
        let Ok(synced) = Synced::new() else { continue };
        let id = BenchmarkId::new("baseline", writers);
        group.bench_function(id, |b| b.iter(|| synced.overwrite(KEYS, writers, rounds)));
    }
    group.finish();
}

/// Opens 100,000 values of 2 KB.
fn open(c: &mut Criterion) {
    let mut group = c.benchmark_group("durable/open");
    for engine in ENGINES {
        let mut store = Store::new(engine, HISTORY);
        store.load(100_000);
        group.bench_function(BenchmarkId::new(engine.name, 100_000), |b| {
            b.iter_custom(|times| (0..times).map(|_| store.open(HISTORY)).sum());
        });
    }
    group.finish();
}

/// Printed, not timed: each is one number.
fn once(_: &mut Criterion) {
    for engine in ENGINES {
        let line = format!("{}\n{}\n", pauses(engine), space(engine));
        drop(std::io::stdout().write_all(line.as_bytes()));
    }
}

/// Single writes while history is compacted all the time.
fn pauses(engine: Engine) -> String {
    let store = Store::new(engine, 1_000);
    store.load(KEYS);
    let mut pauses = store.pauses(KEYS, 20_000);
    pauses.sort_unstable();
    let at = |share: usize| pauses.get(pauses.len() * share / 1000).copied().unwrap_or_default();
    let most = pauses.last().copied().unwrap_or_default();
    let (half, p99, p999) = (at(500), at(990), at(999));
    format!("durable/pause/{}: p50 {half:?}, p99 {p99:?}, p99.9 {p999:?}, max {most:?}", engine.name)
}

/// 200,000 overwrites of 5,000 keys.
fn space(engine: Engine) -> String {
    let store = Store::new(engine, HISTORY);
    store.load(5_000);
    store.overwrite(5_000, 256, 200_000 / 256);
    let before = store.space();
    store.compact();
    // Space is given back by the committer when nothing waits. A park may end early.
    for _ in 0..40 {
        std::thread::park_timeout(Duration::from_millis(50));
    }
    let (disk, live) = store.space();
    let ratio = |(disk, live): (u64, u64)| disk * 100 / live.max(1);
    format!(
        "durable/space/{}: {disk} bytes for {live} that live, {}% ({}% before the compaction)",
        engine.name,
        ratio((disk, live)),
        ratio(before)
    )
}

fn short() -> Criterion {
    Criterion::default().sample_size(10).measurement_time(Duration::from_secs(4))
}

criterion_group! {
    name = benches;
    config = short();
    targets = overwrite, open, once
}
criterion_main!(benches);
