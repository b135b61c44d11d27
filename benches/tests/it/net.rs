//! From a name to an endpoint.

use kube_benches::net::baseline::{Directory, Hosts, Taken, maglev, rebuild};
use kube_benches::net::{
    Addresses, Load, Replicas, Way, ask, name, propagate, questions, replica, resolver, serve, serve_hosts,
};
use kube_net::balance::Balancing;
use kube_net::dns::{Data, RecordType, Zone};
use std::collections::BTreeSet;
use std::time::Duration;

#[test]
fn both_directories_give_the_same_endpoints_in_turn() {
    let (ours, theirs) = (resolver(20, 3, Balancing::default()), Directory::new(20, 3));
    for n in 0..20 {
        let handle = ours.service(&name(n)).unwrap();
        let mut local = handle.local();
        for _ in 0..2 {
            let wanted = theirs.pick(&name(n)).unwrap().address();
            assert_eq!(handle.pick().unwrap().address(), wanted);
            let next = theirs.pick(&name(n)).unwrap().address();
            assert_eq!(local.peek().unwrap().socket(), next);
            assert_eq!(local.pick().unwrap().address(), next);
        }
    }
    assert!(theirs.pick("nobody.team-00").is_none() && ours.service("nobody.team-00").is_err());
}

#[test]
fn both_ways_publish_the_same_addresses() {
    let mut replicas = Replicas::new(250);
    let rebuilt = rebuild(&replicas.service.spec.clone().unwrap(), &replicas.pods);
    let planned = replicas.plan_anew().create;
    let addresses = |slices: &[kube_core::kinds::discovery::v1::EndpointSlice]| -> BTreeSet<Vec<String>> {
        slices
            .iter()
            .flat_map(|slice| slice.endpoints.iter().flatten())
            .map(|e| e.addresses.clone())
            .collect()
    };
    assert_eq!((planned.len(), rebuilt.len()), (3, 3));
    assert_eq!(addresses(&planned), addresses(&rebuilt));
    assert!(replicas.plan().is_empty());
    replicas.pods[120] = replica(120, false);
    let change = replicas.plan_change(120).unwrap();
    assert_eq!(change.update.len(), 1);
    assert_eq!(change.update, replicas.plan().update);
}

#[test]
fn both_name_servers_know_the_same_addresses() {
    let (zone, hosts) = (Zone::new(&resolver(30, 1, Balancing::default())), Hosts::new(30));
    for n in 0..30 {
        let host = format!("{}.SVC.cluster.local", name(n));
        let answer = zone.answer(&host, RecordType::A);
        assert!(matches!(answer.answers[0].data, Data::A(ip) if Some(ip) == hosts.answer(&host)));
    }
    let table = maglev(7, 1_009);
    assert!((0..7).all(|n| table.iter().filter(|has| **has == n).count().abs_diff(144) <= 1));
    let mut taken = Taken::full(1_000, 10);
    let found: BTreeSet<u32> = (0..10).filter_map(|n| taken.take(1_000, n * 77)).collect();
    assert!(found.len() == 10 && taken.take(1_000, 0).is_none());
    taken.release(*found.first().unwrap());
    assert_eq!(taken.take(1_000, 999), found.first().copied());
}

#[tokio::test]
async fn questions_are_answered_over_udp() {
    let env = kube_store::rt::env();
    let zone = Zone::new(&resolver(50, 1, Balancing::default()));
    for (server, task) in [serve(zone, &env).await.unwrap(), serve_hosts(Hosts::new(50), &env).await.unwrap()]
    {
        assert_eq!(ask(server, &env, &questions(50), 7, 120).await.unwrap(), (120, 120));
        task.abort();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_becomes_ready_is_seen() {
    let env = kube_store::rt::env();
    let load = Load { events: 140, pause: Duration::from_millis(1) };
    for way in [Way::Ours, Way::Baseline] {
        assert_eq!(propagate(&env, way, 60, load).await.unwrap().count(), 20, "{way:?}");
    }
}

#[tokio::test]
async fn a_full_range_gives_what_is_left_and_no_more() {
    let env = kube_store::rt::env();
    let world = Addresses::new(&env, 8, 4).await.unwrap();
    let mut ips = BTreeSet::new();
    let mut names = Vec::new();
    while let Ok(ip) = world.take(&format!("s{}", names.len())).await {
        names.push(format!("s{}", names.len()));
        assert!(ips.insert(ip), "{ip} is taken twice");
    }
    assert!((4..=5).contains(&ips.len()), "{ips:?}");
    world.release(&names[1]).await.unwrap();
    assert!(ips.contains(&world.take("again").await.unwrap()));
}
