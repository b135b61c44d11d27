//! Creates, reads, lists and watches bytes.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kube_benches::store::{Ours, baseline::Locked, entries};
use kube_store::storage::Key;
use std::hint::black_box;
use std::time::Duration;

const SIZES: [usize; 3] = [100, 1_000, 10_000];

/// Fills an empty store.
fn create(c: &mut Criterion) {
    let mut group = c.benchmark_group("store/create");
    for count in SIZES {
        let all = entries(count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new("ours", count), |b| {
            b.iter_batched(|| all.clone(), Ours::with, BatchSize::PerIteration);
        });
        group.bench_function(BenchmarkId::new("baseline", count), |b| {
            b.iter_batched(|| all.clone(), Locked::with, BatchSize::PerIteration);
        });
    }
    group.finish();
}

/// Reads one of many keys.
fn get(c: &mut Criterion) {
    let mut group = c.benchmark_group("store/get");
    for count in SIZES {
        let all = entries(count);
        let keys: Vec<Key> = all.iter().map(|(key, _)| Key::from(key.as_str())).collect();
        let (ours, locked) = (Ours::with(all.clone()), Locked::with(all));
        group.bench_function(BenchmarkId::new("ours", count), |b| {
            let mut keys = keys.iter().cycle();
            b.iter(|| keys.next().and_then(|key| ours.get(black_box(key))));
        });
        group.bench_function(BenchmarkId::new("baseline", count), |b| {
            let mut keys = keys.iter().cycle();
            b.iter(|| keys.next().and_then(|key| locked.get(black_box(key.as_str()))));
        });
    }
    group.finish();
}

/// Reads everything.
fn list(c: &mut Criterion) {
    let mut group = c.benchmark_group("store/list");
    for count in SIZES {
        let all = entries(count);
        let (ours, locked) = (Ours::with(all.clone()), Locked::with(all));
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new("ours", count), |b| b.iter(|| ours.list("/registry/pods/")));
        group.bench_function(BenchmarkId::new("baseline", count), |b| {
            b.iter(|| locked.list("/registry/pods/"));
        });
    }
    group.finish();
}

/// Writes 50 changes that every watcher is told of; the elements are deliveries.
fn fan_out(c: &mut Criterion) {
    let mut group = c.benchmark_group("store/watch-fan-out");
    let changes = entries(50);
    for watchers in [10, 100, 1_000] {
        group.throughput(Throughput::Elements((watchers * changes.len()) as u64));
        let ours = Ours::with(changes.clone());
        let mut open: Vec<_> = (0..watchers).filter_map(|_| ours.watch("/registry/pods/")).collect();
        group.bench_function(BenchmarkId::new("ours", watchers), |b| {
            b.iter(|| {
                for (key, value) in &changes {
                    ours.put(key, value.clone());
                }
                let told = open.iter_mut().map(|watch| watch.drain().1).sum::<usize>();
                ours.compact();
                told
            });
        });
        group.bench_function(BenchmarkId::new("ours, lent", watchers), |b| {
            b.iter(|| {
                for (key, value) in &changes {
                    ours.put(key, value.clone());
                }
                let told = open.iter_mut().map(|watch| watch.visit().1).sum::<usize>();
                ours.compact();
                told
            });
        });
        drop((ours, open));
        let locked = Locked::with(changes.clone());
        let mut open: Vec<_> = (0..watchers).map(|_| locked.watch("/registry/pods/")).collect();
        group.bench_function(BenchmarkId::new("baseline", watchers), |b| {
            b.iter(|| {
                for (key, value) in &changes {
                    locked.put(key, value.clone());
                }
                open.iter_mut().map(|watch| watch.drain().1).sum::<usize>()
            });
        });
    }
    group.finish();
}

/// As many changes as watchers, each of which one watcher is told of; the elements are deliveries.
fn own_keys(c: &mut Criterion) {
    let mut group = c.benchmark_group("store/watch-own-key");
    for watchers in [10, 100, 1_000] {
        let changes = entries(watchers);
        group.throughput(Throughput::Elements(watchers as u64));
        let ours = Ours::with(changes.clone());
        let mut open: Vec<_> = changes.iter().filter_map(|(key, _)| ours.watch(key)).collect();
        group.bench_function(BenchmarkId::new("ours", watchers), |b| {
            b.iter(|| {
                let mut told = 0;
                for ((key, value), watch) in changes.iter().zip(&mut open) {
                    ours.put(key, value.clone());
                    told += watch.drain().1;
                }
                ours.compact();
                told
            });
        });
        drop((ours, open));
        let locked = Locked::with(changes.clone());
        let mut open: Vec<_> = changes.iter().map(|(key, _)| locked.watch(key)).collect();
        group.bench_function(BenchmarkId::new("baseline", watchers), |b| {
            b.iter(|| {
                let mut told = 0;
                for ((key, value), watch) in changes.iter().zip(&mut open) {
                    locked.put(key, value.clone());
                    told += watch.drain().1;
                }
                told
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = create, get, list, fan_out, own_keys
}
criterion_main!(benches);
