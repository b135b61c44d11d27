//! The simulator: executor, plans, a steady cluster. Wanted: 3,000,000 events/s, 50 plans/s, 1,000 times real time.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use kube_benches::sim::{TASKS, baseline, executor, plain_plan, plan, steady};
use std::hint::black_box;
use std::time::Duration;

fn executors(c: &mut Criterion) {
    let mut group = c.benchmark_group("sim/executor");
    for sleeps in [10, 100] {
        group.throughput(Throughput::Elements(TASKS * sleeps));
        group.bench_function(format!("ours/{sleeps}"), |b| b.iter(|| executor(black_box(sleeps))));
        group.bench_function(format!("baseline/{sleeps}"), |b| {
            b.iter(|| baseline::executor(black_box(sleeps)));
        });
    }
    group.finish();
}

fn plans(c: &mut Criterion) {
    let mut group = c.benchmark_group("sim/plan");
    group.sample_size(20).measurement_time(Duration::from_secs(20)).throughput(Throughput::Elements(1));
    let mut seed = 0;
    group.bench_function("all faults", |b| {
        b.iter(|| {
            seed += 1;
            plan(black_box(seed % 100))
        });
    });
    group.bench_function("baseline: one plane, no checks", |b| b.iter(plain_plan));
    group.finish();
}

/// An element is a virtual second: elements per second are times real time.
fn steadies(c: &mut Criterion) {
    let mut group = c.benchmark_group("sim/steady");
    group.sample_size(10).throughput(Throughput::Elements(60));
    for nodes in [100, 1000] {
        let mut plane = steady(nodes);
        group.bench_function(format!("{nodes} nodes"), |b| {
            b.iter_batched(|| (), |()| plane.advance(Duration::from_mins(1)), BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, executors, plans, steadies);
criterion_main!(benches);
