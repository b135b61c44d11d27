//! Places as many pods as there are nodes.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kube_benches::schedule::baseline::{Loop, Sums};
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

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(4));
    targets = place
}
criterion_main!(benches);
