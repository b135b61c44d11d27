//! Matches one pod against many selectors, and one selector against many pods.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kube_benches::selector::{Compiled, World, baseline::Linear};
use std::hint::black_box;
use std::time::Duration;

fn one_pod(c: &mut Criterion) {
    let mut group = c.benchmark_group("selector/one-pod");
    for count in [100, 1_000, 10_000] {
        let world = World::new(64, count);
        let (compiled, linear) = (Compiled::new(&world), Linear::new(&world));
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new("compiled", count), |b| {
            let mut pods = (0..64).cycle();
            b.iter(|| compiled.selectors_of(black_box(pods.next().unwrap_or(0))));
        });
        group.bench_function(BenchmarkId::new("baseline", count), |b| {
            let mut pods = (0..64).cycle();
            b.iter(|| linear.selectors_of(black_box(pods.next().unwrap_or(0))));
        });
    }
    group.finish();
}

fn one_selector(c: &mut Criterion) {
    let mut group = c.benchmark_group("selector/one-selector");
    for count in [1_500, 15_000, 150_000] {
        let world = World::new(count, 64);
        let (compiled, linear) = (Compiled::new(&world), Linear::new(&world));
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new("compiled", count), |b| {
            let mut selectors = (0..64).cycle();
            b.iter(|| compiled.pods_of(black_box(selectors.next().unwrap_or(0))));
        });
        group.bench_function(BenchmarkId::new("baseline", count), |b| {
            let mut selectors = (0..64).cycle();
            b.iter(|| linear.pods_of(black_box(selectors.next().unwrap_or(0))));
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
    targets = one_pod, one_selector
}
criterion_main!(benches);
