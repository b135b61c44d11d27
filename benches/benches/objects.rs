//! Creates, status writes and lists of pods through the object layer.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kube_benches::objects::{Ours, baseline::Naive, pod, status};
use kube_core::kinds::core::v1::Pod;
use kube_core::resource::Resource;
use serde_json::Value;
use std::hint::black_box;
use std::time::Duration;

/// A 4 KB pod with Kubernetes' default plugins: defaults, admission, rules, one transaction.
///
/// A typed pod takes 25 KB: few are made at a time, so that those to be written are not all out of the cache again, and
/// nobody's time is taken to drop them.
fn create(c: &mut Criterion) {
    let mut group = c.benchmark_group("objects/create");
    group.throughput(Throughput::Elements(1));
    let mut number = 0;
    let mut next = || {
        number += 1;
        pod(number, "web")
    };
    // Each in a store of its own, which it fills.
    group.bench_function("ours", |b| {
        let ours = Ours::default();
        b.iter_batched(&mut next, |pod| ours.create(pod), BatchSize::LargeInput);
    });
    group.bench_function("ours/typed", |b| {
        let ours = Ours::default();
        b.iter_batched_ref(|| typed(&next()), |pod| ours.create_typed(pod), BatchSize::LargeInput);
    });
    group.bench_function("baseline", |b| {
        let naive = Naive::default();
        b.iter_batched(&mut next, |pod| naive.create(pod), BatchSize::LargeInput);
    });
    group.finish();
}

/// The pod as a program holds it.
fn typed(pod: &Value) -> Pod {
    Pod::from_json_value(pod).unwrap_or_default()
}

/// A node reports on its pods, each of 1,000 in turn.
fn update_status(c: &mut Criterion) {
    let mut group = c.benchmark_group("objects/status");
    group.throughput(Throughput::Elements(1));
    let all = || (0..1_000).map(|n| pod(n, "web"));
    let (ours, naive) = (Ours::with(all()), Naive::with(all()));
    let mut round = 0;
    // Old versions go every 10,000 writes, outside of what is timed; the baseline keeps none.
    let mut next = || {
        round += 1;
        if round % 10_000 == 0 {
            ours.compact();
        }
        let mut object = pod(round % 1_000, "web");
        object["status"] = status(round);
        (format!("web-{:06}", round % 1_000), object)
    };
    group.bench_function("ours", |b| {
        b.iter_batched(&mut next, |(name, object)| ours.update_status(&name, object), BatchSize::LargeInput);
    });
    group.bench_function("ours/typed", |b| {
        b.iter_batched_ref(|| typed(&next().1), |pod| ours.update_status_typed(pod), BatchSize::LargeInput);
    });
    group.bench_function("baseline", |b| {
        b.iter_batched(&mut next, |(name, object)| naive.update_status(&name, object), BatchSize::LargeInput);
    });
    group.finish();
}

/// 1,000 pods of many by label.
fn list(c: &mut Criterion) {
    let mut group = c.benchmark_group("objects/list-1000-by-label");
    for count in [10_000, 50_000, 150_000] {
        let apps = count / 1_000;
        let all = || (0..count).map(|n| pod(n, &format!("app-{:03}", n % apps)));
        let ours = Ours::with(all());
        ours.compact();
        group.bench_function(BenchmarkId::new("ours", count), |b| b.iter(|| ours.list(black_box("app-003"))));
        drop(ours);
        // A pod of the baseline takes 37 KB: 150,000 of them would not fit beside the rest.
        if count <= 50_000 {
            let naive = Naive::with(all());
            group.bench_function(BenchmarkId::new("baseline", count), |b| {
                b.iter(|| naive.list(black_box("app-003")));
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = create, update_status, list
}
criterion_main!(benches);
