//! From a name to an endpoint. What takes seconds, and what needs sockets, is in `net_process`.
//!
//! Wanted: one pod against 10,000 selectors 300 ns; four terms over 150,000 pods 20 µs; a changed label 1 µs; 5,000
//! endpoints 3 ms, one changed pod 50 µs; `peek` 5 ns; a pick 25, 40 and 60 ns; by name 400 ns; Maglev 3 ms; DNS 1 µs.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use kube_benches::net::baseline::{Directory, Hosts, Taken, maglev, rebuild};
use kube_benches::net::{Large, Replicas, endpoints, name, questions, replica, resolver};
use kube_benches::selector::{Indexed, World, baseline::Linear};
use kube_core::env::Env;
use kube_core::selector::LabelSet;
use kube_net::balance::maglev::{Maglev, SLOTS};
use kube_net::balance::{Balancer, Balancing, PickContext, find};
use kube_net::dns::server::respond;
use kube_net::dns::{RecordType, Zone};
use std::hint::black_box;
use std::time::Duration;

/// Pods in the index.
const PODS: usize = 150_000;

fn selectors(c: &mut Criterion) {
    let mut group = c.benchmark_group("net/pod-to-selectors");
    for count in [100, 1_000, 10_000] {
        let world = World::new(PODS, count);
        let (indexed, linear) = (Indexed::new(&world), Linear::new(&world));
        let mut turn = 0_usize;
        let mut next = || {
            turn += 1;
            black_box(turn.wrapping_mul(7_919) % PODS)
        };
        group.bench_function(BenchmarkId::new("ours", count), |b| b.iter(|| indexed.selectors_of(next())));
        group.bench_function(BenchmarkId::new("baseline", count), |b| b.iter(|| linear.selectors_of(next())));
    }
    group.finish();
}

fn terms(c: &mut Criterion) {
    let mut group = c.benchmark_group("net/four-terms");
    let text = "tier in (frontend,backend),environment=production,app.kubernetes.io/managed-by=deck,debug";
    for count in [1_500, 15_000, PODS] {
        let mut world = World::new(count, 1);
        world.selectors = vec![text.to_owned()];
        let (indexed, linear) = (Indexed::new(&world), Linear::new(&world));
        group.bench_function(BenchmarkId::new("ours", count), |b| b.iter(|| indexed.count_of(black_box(0))));
        group.bench_function(BenchmarkId::new("ours-visited", count), |b| {
            b.iter(|| indexed.pods_of(black_box(0)));
        });
        group
            .bench_function(BenchmarkId::new("baseline", count), |b| b.iter(|| linear.pods_of(black_box(0))));
    }
    group.finish();
}

/// One label of a pod changes back and forth; selectors of the pod are told apart each time.
fn relabel(c: &mut Criterion) {
    let mut group = c.benchmark_group("net/relabel-one");
    for count in [1_500, 15_000, PODS] {
        let world = World::new(count, 10_000);
        let (mut indexed, mut linear) = (Indexed::new(&world), Linear::new(&world));
        let both: Vec<[_; 2]> = (0..1_000)
            .map(|n| {
                let labels = &world.pods[n * count / 1_000];
                let mut other = labels.clone();
                other.insert("environment".to_owned(), "tested".to_owned());
                [labels.clone(), other]
            })
            .collect();
        let sets: Vec<[LabelSet; 2]> =
            both.iter().map(|both| [LabelSet::from(&both[0]), LabelSet::from(&both[1])]).collect();
        let mut turn = 0_usize;
        let mut next = || {
            turn += 1;
            (turn % 1_000, turn / 1_000 % 2)
        };
        group.bench_function(BenchmarkId::new("ours", count), |b| {
            b.iter(|| {
                let (pod, which) = next();
                indexed.relabel(pod * count / 1_000, &sets[pod][1 - which])
            });
        });
        group.bench_function(BenchmarkId::new("baseline", count), |b| {
            b.iter(|| {
                let (pod, which) = next();
                linear.relabel(pod * count / 1_000, both[pod][1 - which].clone())
            });
        });
    }
    group.finish();
}

fn slices(c: &mut Criterion) {
    let mut group = c.benchmark_group("net/slices");
    for count in [50, 500, 5_000] {
        let mut replicas = Replicas::new(count);
        let spec = replicas.service.spec.clone().unwrap_or_default();
        group.bench_function(BenchmarkId::new("ours-anew", count), |b| b.iter(|| replicas.plan_anew()));
        group.bench_function(BenchmarkId::new("ours-steady", count), |b| b.iter(|| replicas.plan()));
        let both = [replica(count / 2, false), replica(count / 2, true)];
        let mut turn = 0_usize;
        group.bench_function(BenchmarkId::new("ours-one-changed", count), |b| {
            b.iter(|| {
                turn += 1;
                replicas.pods[count / 2] = both[turn % 2].clone();
                replicas.plan_change(count / 2)
            });
        });
        group.bench_function(BenchmarkId::new("baseline", count), |b| {
            b.iter(|| rebuild(&spec, &replicas.pods));
        });
    }
    group.finish();
}

/// One slice of a Service changes.
fn joins(c: &mut Criterion) {
    let mut group = c.benchmark_group("net/join-one-slice");
    for count in [100, 1_000, 10_000] {
        let mut large = Large::new(count);
        group.bench_function(BenchmarkId::new("ours", count), |b| b.iter(|| large.change()));
        group.bench_function(BenchmarkId::new("baseline", count), |b| b.iter(|| large.anew()));
    }
    group.finish();
}

/// Services of the resolver, and endpoints of each.
const SERVICES: usize = 10_000;
const ENDPOINTS: usize = 10;

fn picks(c: &mut Criterion) {
    let mut group = c.benchmark_group("net/pick");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return };
    let env = runtime.block_on(async { kube_store::rt::env() });
    for policy in ["round-robin", "two-choices", "peak-ewma"] {
        let Some(found) = find(policy, &env) else { continue };
        let resolver = resolver(SERVICES, ENDPOINTS, Balancing::shared(&env, found));
        let Ok(handle) = resolver.service(&name(4_711)) else { continue };
        let mut local = handle.local();
        group.bench_function(format!("{policy}/held"), |b| b.iter(|| handle.pick().ok()));
        group.bench_function(format!("{policy}/local"), |b| b.iter(|| local.pick().ok()));
        if policy == "round-robin" {
            group.bench_function("peek/held", |b| b.iter(|| handle.peek().ok()));
            group.bench_function("peek/local", |b| {
                b.iter(|| local.peek().map(|endpoint| black_box(&**endpoint).port).ok());
            });
        }
        let names: Vec<String> = (0..SERVICES).map(name).collect();
        let mut turn = 0_usize;
        group.bench_function(format!("{policy}/by-name"), |b| {
            b.iter(|| {
                turn += 1;
                let name = &names[turn.wrapping_mul(7_919) % SERVICES];
                resolver.service(name).and_then(|handle| handle.pick()).ok()
            });
        });
    }
    let (one, directory) = (name(4_711), Directory::new(SERVICES, ENDPOINTS));
    group.bench_function("baseline/one-name", |b| b.iter(|| directory.pick(black_box(&one))));
    let names: Vec<String> = (0..SERVICES).map(name).collect();
    let mut turn = 0_usize;
    group.bench_function("baseline/by-name", |b| {
        b.iter(|| {
            turn += 1;
            directory.pick(&names[turn.wrapping_mul(7_919) % SERVICES])
        });
    });
    group.finish();
}

fn tables(c: &mut Criterion) {
    let mut group = c.benchmark_group("net/maglev");
    let policy = Maglev::new(&Env::manual(1).0);
    for count in [10, 100, 1_000] {
        let all = endpoints(count);
        // The table is made when first asked by key.
        group.bench_function(BenchmarkId::new("ours", count), |b| {
            b.iter(|| policy.build(&all, None).pick(&PickContext::key("tenant")));
        });
        group.bench_function(BenchmarkId::new("baseline", count), |b| {
            b.iter(|| maglev(black_box(count), SLOTS as usize));
        });
    }
    group.finish();
}

fn names(c: &mut Criterion) {
    let mut group = c.benchmark_group("net/dns");
    for count in [100, 1_000, 10_000] {
        let zone = Zone::new(&resolver(count, 3, Balancing::default()));
        let hosts = Hosts::new(count);
        let names: Vec<String> = (0..count).map(|n| format!("{}.svc.cluster.local.", name(n))).collect();
        let packets = questions(count);
        let mut turn = 0_usize;
        let mut next = || {
            turn += 1;
            turn.wrapping_mul(7_919) % count
        };
        group.bench_function(BenchmarkId::new("ours", count), |b| {
            b.iter(|| zone.answer(&names[next()], RecordType::A));
        });
        group.bench_function(BenchmarkId::new("ours-packet", count), |b| {
            b.iter(|| respond(&zone, &packets[next()], false));
        });
        group.bench_function(BenchmarkId::new("baseline", count), |b| {
            b.iter(|| hosts.answer(names[next()].trim_end_matches('.')));
        });
    }
    group.finish();
}

/// What it takes to find a free one of 65,536 addresses.
fn addresses(c: &mut Criterion) {
    let mut group = c.benchmark_group("net/free-address");
    for free in [6_554, 655, 65] {
        let mut taken = Taken::full(1 << 16, free);
        let mut turn = 0_u32;
        group.bench_function(BenchmarkId::new("baseline", free), |b| {
            b.iter(|| {
                turn = turn.wrapping_add(40_503);
                let found = taken.take(1 << 16, turn % (1 << 16));
                if let Some(ip) = found {
                    taken.release(ip);
                }
                found
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
    targets = selectors, terms, relabel, slices, joins, picks, tables, names, addresses
}
criterion_main!(benches);
