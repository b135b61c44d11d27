//! Places as many pods as there are nodes.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kube_benches::schedule::baseline::{Loop, Sums};
use kube_benches::schedule::hard::{Crowd, PerNode, Wish};
use kube_benches::schedule::room::{Full, Greedy, demanding};
use kube_benches::schedule::{Ours, World};
use std::time::Duration;

fn place(c: &mut Criterion) {
    let mut group = c.benchmark_group("schedule");
    for count in [100, 300, 1_000] {
        let Ok(world) = World::new(count, count) else { continue };
        let Ok(ours) = Ours::new(&world) else { continue };
        let (recomputed, kept) = (Loop::new(&world, Sums::Recomputed), Loop::new(&world, Sums::Kept));
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new("ours", count), |b| b.iter(|| ours.place(&world)));
        group.bench_function(BenchmarkId::new("baseline", count), |b| b.iter(|| recomputed.place(&world)));
        group
            .bench_function(BenchmarkId::new("baseline-kept-sums", count), |b| b.iter(|| kept.place(&world)));
    }
    group.finish();
}

/// Pods that look at other pods, on 5,000 nodes: beside each the naive version that looks at every pod of every node.
fn crowd(c: &mut Criterion) {
    let mut group = c.benchmark_group("schedule-5000");
    for (name, wish) in Wish::ALL {
        let Ok(crowd) = Crowd::new(wish, 5_000, CROWD) else { continue };
        let Ok(ours) = crowd.ours() else { continue };
        let naive = PerNode::new(&crowd);
        group.throughput(Throughput::Elements(CROWD as u64));
        group.bench_function(BenchmarkId::new("ours", name), |b| b.iter(|| ours.place_all(&crowd.pending)));
        group.bench_function(BenchmarkId::new("per-node", name), |b| b.iter(|| naive.place(wish, CROWD)));
    }
    group.finish();
}

/// One decision that asks every plugin; and the search for room among 20 pods on each of 5,000 nodes, beside one that drops
/// the least important pods.
fn alone(c: &mut Criterion) {
    let mut group = c.benchmark_group("schedule-5000-one");
    if let Ok(crowd) = Crowd::new(Wish::Spread, 5_000, 0)
        && let (Ok(ours), Ok(pod)) = (crowd.ours(), demanding())
    {
        group.bench_function("cold-decision", |b| b.iter(|| ours.decide(&pod)));
    }
    if let Ok(full) = Full::new(5_000) {
        let greedy = Greedy::new(5_000);
        group.bench_function(BenchmarkId::new("ours", "preemption"), |b| b.iter(|| full.make_room()));
        group.bench_function(BenchmarkId::new("greedy", "preemption"), |b| b.iter(|| greedy.make_room()));
    }
    group.finish();
}

const CROWD: usize = 500;

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(4));
    targets = place, crowd, alone
}
criterion_main!(benches);
