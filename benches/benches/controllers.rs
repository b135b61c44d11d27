//! The work queue. Wanted: 3,000,000 keys per second added, taken and given back.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kube_benches::controllers::{baseline, keys, queue};
use std::hint::black_box;

fn queues(c: &mut Criterion) {
    let mut group = c.benchmark_group("controllers/queue");
    for count in [100, 1_000, 10_000, 100_000] {
        let keys = keys(count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("ours/{count}"), |b| b.iter(|| queue(black_box(&keys))));
        group.bench_function(format!("baseline/{count}"), |b| b.iter(|| baseline::queue(black_box(&keys))));
    }
    group.finish();
}

criterion_group!(benches, queues);
criterion_main!(benches);
