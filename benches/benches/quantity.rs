//! Reads a mix of quantities.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kube_benches::quantity::{baseline, milli, mix};
use std::hint::black_box;
use std::time::Duration;

fn parse(c: &mut Criterion) {
    let mut group = c.benchmark_group("quantity/parse");
    for count in [100, 1_000, 10_000] {
        let texts = mix(count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_with_input(BenchmarkId::new("ours", count), &texts, |b, texts| {
            b.iter(|| texts.iter().filter_map(|text| milli(black_box(text))).fold(0_i64, i64::wrapping_add));
        });
        group.bench_with_input(BenchmarkId::new("baseline", count), &texts, |b, texts| {
            b.iter(|| {
                texts
                    .iter()
                    .filter_map(|text| baseline::milli(black_box(text)))
                    .fold(0_i64, i64::wrapping_add)
            });
        });
        group.bench_with_input(BenchmarkId::new("baseline-inexact", count), &texts, |b, texts| {
            b.iter(|| texts.iter().filter_map(|text| baseline::float(black_box(text))).sum::<f64>());
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
    targets = parse
}
criterion_main!(benches);
