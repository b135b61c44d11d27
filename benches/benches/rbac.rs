//! Asks who may do what, among ever more bindings.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kube_benches::rbac::{baseline::Scan, cluster, policy, questions};
use std::hint::black_box;
use std::time::Duration;

fn authorize(c: &mut Criterion) {
    let mut group = c.benchmark_group("rbac/authorize");
    for count in [100, 1_000, 10_000] {
        let cluster = cluster(count);
        let (policy, scan) = (policy(&cluster), Scan::new(&cluster.roles, &cluster.bindings));
        let questions = questions(256, count);
        group.throughput(Throughput::Elements(questions.len() as u64));
        group.bench_with_input(BenchmarkId::new("ours", count), &questions, |b, questions| {
            b.iter(|| {
                questions.iter().filter(|q| policy.authorize(black_box(&q.attributes())).is_some()).count()
            });
        });
        group.bench_with_input(BenchmarkId::new("baseline", count), &questions, |b, questions| {
            b.iter(|| {
                questions.iter().filter(|q| scan.authorize(black_box(&q.attributes())).is_some()).count()
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
    targets = authorize
}
criterion_main!(benches);
