//! The store at the sizes it is made for: conditional writes, reads, lists.

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kube_benches::store::{Ours, Pods, ScannedPods, baseline::Locked, long_keys};
use kube_store::rt;
use kube_store::storage::{Key, KeyRange};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// What every value has.
const BYTES: usize = 2_000;
/// Watchers of everything.
const WATCHERS: usize = 10;
/// Revisions that stay readable, as a control plane keeps them.
const HISTORY: u64 = 100_000;

fn value() -> Vec<u8> {
    vec![b'x'; BYTES]
}

/// A few steps through `len` places that do not lie side by side.
fn next(place: &mut usize, len: usize) -> usize {
    *place = (*place + 7919) % len;
    *place
}

/// Replaces values on the condition that nobody else has: one writer, and ten watchers who are told at once.
fn swap(c: &mut Criterion) {
    let mut group = c.benchmark_group("store/swap");
    group.throughput(Throughput::Elements(1));
    for count in SIZES {
        let texts = long_keys(count);
        let keys: Vec<Key> = texts.iter().map(|key| Key::from(key.as_str())).collect();
        group.bench_function(BenchmarkId::new("ours", count), |b| {
            let ours = Ours::keeping(HISTORY);
            fill(&texts, |key| ours.create(key, value()));
            let mut watches: Vec<_> = (0..WATCHERS).filter_map(|_| ours.watch("/registry/")).collect();
            let mut revisions: Vec<_> = keys.iter().filter_map(|key| ours.revision(key)).collect();
            let mut place = 0;
            b.iter(|| {
                let at = next(&mut place, count);
                let swapped = ours.swap(keys[at].clone(), revisions[at], Bytes::from(value()));
                revisions[at] = futures::FutureExt::now_or_never(swapped).flatten().unwrap_or_default();
                watches.iter_mut().map(|watch| watch.visit().0).sum::<usize>()
            });
        });
        group.bench_function(BenchmarkId::new("baseline", count), |b| {
            let locked = Locked::default();
            fill(&texts, |key| locked.create(key, value()));
            let mut watches: Vec<_> = (0..WATCHERS).map(|_| locked.watch("/registry/")).collect();
            let mut revisions: Vec<_> = texts.iter().filter_map(|key| locked.revision(key)).collect();
            let mut place = 0;
            b.iter(|| {
                let at = next(&mut place, count);
                revisions[at] = locked.swap(&texts[at], revisions[at], value()).unwrap_or_default();
                watches.iter_mut().map(|watch| watch.drain().0).sum::<usize>()
            });
        });
    }
    group.finish();
}

/// The same by 64 tasks on two threads, each with keys of its own.
fn swap_by_many(c: &mut Criterion) {
    let mut group = c.benchmark_group("store/swap-64-writers");
    group.throughput(Throughput::Elements(1));
    let texts = long_keys(100_000);
    let runtime = runtime();
    let env = rt::env_on(runtime.handle().clone());
    group.bench_function(BenchmarkId::new("ours", texts.len()), |b| {
        let ours = Arc::new(Ours::keeping(HISTORY));
        fill(&texts, |key| ours.create(key, value()));
        let mut watches: Vec<_> = (0..WATCHERS).filter_map(|_| ours.watch("/registry/")).collect();
        let keys: Arc<[Key]> = texts.iter().map(|key| Key::from(key.as_str())).collect();
        b.iter_custom(|iterations| {
            let write = |turns: Turns| {
                let (ours, keys) = (ours.clone(), keys.clone());
                async move {
                    for at in turns {
                        let revision = ours.revision(&keys[at]).unwrap_or_default();
                        black_box(ours.swap(keys[at].clone(), revision, Bytes::from(value())).await);
                    }
                }
            };
            let started = env.now();
            run(&runtime, iterations, keys.len(), write);
            black_box(watches.iter_mut().map(|watch| watch.visit().0).sum::<usize>());
            env.now().since(started)
        });
    });
    group.bench_function(BenchmarkId::new("baseline", texts.len()), |b| {
        let locked = Arc::new(Locked::default());
        fill(&texts, |key| locked.create(key, value()));
        let mut watches: Vec<_> = (0..WATCHERS).map(|_| locked.watch("/registry/")).collect();
        let keys: Arc<[String]> = texts.iter().cloned().collect();
        b.iter_custom(|iterations| {
            let write = |turns: Turns| {
                let (locked, keys) = (locked.clone(), keys.clone());
                async move {
                    for at in turns {
                        let revision = locked.revision(&keys[at]).unwrap_or_default();
                        black_box(locked.swap(&keys[at], revision, value()));
                    }
                }
            };
            let started = env.now();
            run(&runtime, iterations, keys.len(), write);
            black_box(watches.iter_mut().map(|watch| watch.drain().0).sum::<usize>());
            env.now().since(started)
        });
    });
    group.finish();
}

/// The places that one writer writes at, one after the other.
type Turns = Box<dyn Iterator<Item = usize> + Send>;

/// Lets 64 writers do `iterations` writes over `count` places.
fn run<F: Future<Output = ()> + Send + 'static>(
    runtime: &Runtime,
    iterations: u64,
    count: usize,
    write: impl Fn(Turns) -> F,
) {
    const WRITERS: usize = 64;
    let iterations = usize::try_from(iterations).unwrap_or(usize::MAX);
    let turns = |writer: usize| -> Turns {
        // 7919 is prime to the number of places that each has.
        let of_writer = count / WRITERS;
        Box::new((writer..iterations).step_by(WRITERS).map(move |n| n * 7919 % of_writer * WRITERS + writer))
    };
    let tasks: Vec<_> = (0..WRITERS).map(|writer| runtime.spawn(write(turns(writer)))).collect();
    runtime.block_on(futures::future::join_all(tasks));
}

fn fill(texts: &[String], create: impl Fn(String) -> bool) {
    assert!(texts.iter().all(|key| create(key.clone())), "a key is twice among them");
}

/// Reads one of many keys: of a snapshot that is held, and of the store.
fn read(c: &mut Criterion) {
    let mut group = c.benchmark_group("store/read");
    group.throughput(Throughput::Elements(1));
    for count in SIZES {
        let texts = long_keys(count);
        let keys: Vec<Key> = texts.iter().map(|key| Key::from(key.as_str())).collect();
        let entries = || texts.iter().map(|key| (key.clone(), value())).collect::<Vec<_>>();
        let (ours, locked) = (Ours::with(entries()), Locked::with(entries()));
        let Some(snapshot) = ours.snapshot() else { continue };
        let mut place = 0;
        group.bench_function(BenchmarkId::new("snapshot", count), |b| {
            b.iter(|| snapshot.get(black_box(&keys[next(&mut place, count)])).map(|kv| kv.value.len()));
        });
        group.bench_function(BenchmarkId::new("store", count), |b| {
            b.iter(|| ours.get(black_box(&keys[next(&mut place, count)])).map(|value| value.len()));
        });
        group.bench_function(BenchmarkId::new("baseline", count), |b| {
            b.iter(|| locked.get(black_box(&texts[next(&mut place, count)])).map(|value| value.len()));
        });
    }
    group.finish();
}

/// Lists 10,000 of many keys, at one revision and without copying values.
fn list(c: &mut Criterion) {
    let mut group = c.benchmark_group("store/list-10000");
    for count in [10_000, 100_000] {
        let entries = || long_keys(count).into_iter().map(|key| (key, value())).collect::<Vec<_>>();
        let (ours, locked) = (Ours::with(entries()), Locked::with(entries()));
        // Ten of the hundred namespaces of the larger one.
        let prefix =
            if count == 10_000 { "/registry/core/pods/" } else { "/registry/core/pods/namespace-01" };
        group.bench_function(BenchmarkId::new("ours", count), |b| b.iter(|| ours.list(prefix)));
        if let Some(snapshot) = ours.snapshot() {
            let range = KeyRange::prefix(prefix);
            group.bench_function(BenchmarkId::new("ours, lent", count), |b| {
                b.iter(|| snapshot.range(&range).map(|kv| kv.value.len()).sum::<usize>());
            });
        }
        group.bench_function(BenchmarkId::new("baseline", count), |b| b.iter(|| locked.list(prefix)));
    }
    group.finish();
}

/// Lists the 30 pods of one node among many.
fn list_of_node(c: &mut Criterion) {
    let runtime = runtime();
    let mut group = c.benchmark_group("store/list-of-node");
    for count in [1_500, 15_000, 150_000] {
        let scanned = ScannedPods::load(count);
        group.bench_function(BenchmarkId::new("baseline", count), |b| b.iter(|| scanned.on("node-00007")));
        drop(scanned);
        let Ok(pods) = runtime.block_on(Pods::load(count)) else { continue };
        group.bench_function(BenchmarkId::new("list", count), |b| {
            b.iter(|| runtime.block_on(pods.listed("node-00007")).map(|names| names.len()));
        });
        group.bench_function(BenchmarkId::new("informer", count), |b| b.iter(|| pods.informed("node-00007")));
    }
    group.finish();
}

fn runtime() -> Runtime {
    #[expect(clippy::expect_used, reason = "without threads there is nothing to measure")]
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads")
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = read, list, list_of_node, swap, swap_by_many
}
criterion_main!(benches);
