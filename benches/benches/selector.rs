//! Matches one pod against many selectors, and one selector against many pods.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use kube_benches::selector::{Compiled, Indexed, World, baseline::Linear};
use kube_core::selector::LabelSet;
use std::hint::black_box;
use std::time::Duration;

/// Pods that are asked about in turn.
const PODS: usize = 1_000;
/// Selectors that are asked about in turn.
const SELECTORS: usize = 64;

fn one_pod(c: &mut Criterion) {
    let mut group = c.benchmark_group("selector/one-pod");
    for count in [100, 1_000, 10_000] {
        let world = World::new(PODS, count);
        let labels: Vec<LabelSet> = world.pods.iter().map(LabelSet::from).collect();
        let (indexed, compiled, linear) = (Indexed::new(&world), Compiled::new(&world), Linear::new(&world));
        let mut pods = (0..PODS).cycle();
        let mut next = || black_box(pods.next().unwrap_or(0));
        group.bench_function(BenchmarkId::new("ours", count), |b| b.iter(|| indexed.selectors_of(next())));
        group.bench_function(BenchmarkId::new("ours-unseen-labels", count), |b| {
            b.iter(|| labels.get(next()).map(|labels| indexed.selectors_matching(labels)));
        });
        group.bench_function(BenchmarkId::new("compiled", count), |b| {
            b.iter(|| compiled.selectors_of(next()));
        });
        group.bench_function(BenchmarkId::new("baseline", count), |b| b.iter(|| linear.selectors_of(next())));
    }
    group.finish();
}

/// A pod gets other labels: which selectors began or ceased to match it?
fn relabel(c: &mut Criterion) {
    let mut group = c.benchmark_group("selector/relabel");
    for count in [100, 1_000, 10_000] {
        let world = World::new(PODS, count);
        let labels: Vec<LabelSet> = world.pods.iter().map(LabelSet::from).collect();
        let (mut indexed, mut linear) = (Indexed::new(&world), Linear::new(&world));
        let mut turn = 0_usize;
        let mut next = || {
            turn += 1;
            // Each round gives every pod the labels of another one than before.
            (turn % PODS, turn.wrapping_mul(31) / 7 % PODS)
        };
        group.bench_function(BenchmarkId::new("ours", count), |b| {
            b.iter(|| {
                let (pod, other) = next();
                labels.get(other).map(|labels| indexed.relabel(pod, labels))
            });
        });
        group.bench_function(BenchmarkId::new("baseline", count), |b| {
            b.iter(|| {
                let (pod, other) = next();
                world.pods.get(other).map(|labels| linear.relabel(pod, labels.clone()))
            });
        });
    }
    group.finish();
}

fn one_selector(c: &mut Criterion) {
    let mut group = c.benchmark_group("selector/one-selector");
    for count in [1_500, 15_000, 150_000] {
        let world = World::new(count, SELECTORS);
        let (indexed, compiled, linear) = (Indexed::new(&world), Compiled::new(&world), Linear::new(&world));
        let mut selectors = (0..SELECTORS).cycle();
        let mut next = || black_box(selectors.next().unwrap_or(0));
        group.bench_function(BenchmarkId::new("ours", count), |b| b.iter(|| indexed.pods_of(next())));
        group.bench_function(BenchmarkId::new("compiled", count), |b| b.iter(|| compiled.pods_of(next())));
        group.bench_function(BenchmarkId::new("baseline", count), |b| b.iter(|| linear.pods_of(next())));
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = one_pod, relabel, one_selector
}
criterion_main!(benches);
