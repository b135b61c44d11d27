//! The names of a live plane, asked over UDP and TCP.

use crate::dig::{Got, dig, wanted};
use kube_core::kinds::apps::v1::StatefulSet;
use kube_core::kinds::core::v1::Service;
use kube_net::ServiceRanges;
use kube_net::dns::{Zone, server::DnsServer};
use kube_node::SimFleet;
use kube_plane::ControlPlane;
use kube_store::service::Patch;
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;

const NAMES: &str = include_str!("names.yaml");
const LIMIT: Duration = Duration::from_secs(30);

/// A plane whose pods run, and the server of its names.
async fn plane() -> (ControlPlane, SocketAddr, kube_core::env::TaskHandle) {
    let ranges = ["10.96.0.0/16", "fd00:10:96::/108"].map(|range| range.parse().unwrap());
    let plane = ControlPlane::builder()
        .controllers(kube_controllers::builtin())
        .nodes(SimFleet::new(2))
        .service_ranges(ServiceRanges::new(ranges).unwrap())
        .start()
        .await
        .unwrap();
    plane.apply_yaml("names.yaml", NAMES).await.unwrap();
    let ready = |name: &str| plane.resolver().service(name).map_or(0, |service| service.endpoints().len());
    plane.until(LIMIT, |_| ready("web.shop") == 3 && ready("db.shop") == 2).await.unwrap();
    let zone = Zone::new(plane.resolver());
    let server = DnsServer::bind("127.0.0.1:0".parse().unwrap(), zone, plane.env()).await.unwrap();
    let address = server.address();
    let task = plane.env().spawn("dns", server.run());
    (plane, address, task)
}

/// Asks without holding up the server's runtime.
async fn ask(server: SocketAddr, words: &str) -> Got {
    let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    let asked = tokio::task::spawn_blocking(move || {
        dig(server, &words.iter().map(String::as_str).collect::<Vec<_>>())
    });
    asked.await.unwrap()
}

/// Asks over UDP and TCP, which must agree, and compares.
async fn check(server: SocketAddr, question: &str, status: &str, answers: &[&str]) {
    for transport in ["+notcp", "+tcp"] {
        let got = ask(server, &format!("{transport} {question}")).await;
        assert_eq!(got.pair(), wanted(status, answers), "{transport} {question}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dig_is_told_what_the_specification_says() {
    let (plane, server, _task) = plane().await;
    let web = plane.api::<Service>().in_namespace("shop").get("web").await.unwrap().spec.unwrap();
    let ips = web.cluster_ips.unwrap();
    let (a, aaaa) = (format!("A {}", ips[0]), format!("AAAA {}", ips[1]));
    let zone = "shop.svc.cluster.local";
    let name = format!("web.{zone}.");
    check(server, &format!("{name} A"), "NOERROR", &[&a]).await;
    check(server, &format!("{name} AAAA"), "NOERROR", &[&aaaa]).await;
    check(server, "WEB.Shop.svc.cluster.local. A", "NOERROR", &[&a]).await;
    check(server, &format!("_http._tcp.{name} SRV"), "NOERROR", &[&format!("SRV 0 100 80 {name}")]).await;
    check(server, &format!("-x {}", ips[0]), "NOERROR", &[&format!("PTR {name}")]).await;
    check(server, &format!("-x {}", ips[1]), "NOERROR", &[&format!("PTR {name}")]).await;
    check(server, &format!("bucket.{zone}. CNAME"), "NOERROR", &["CNAME storage.example.com."]).await;
    check(server, "dns-version.cluster.local. TXT", "NOERROR", &["TXT \"1.1.0\""]).await;
    // Names that are there without such a record, and names that are not there.
    check(server, &format!("{name} TXT"), "NOERROR", &[]).await;
    check(server, &format!("nobody.{zone}. A"), "NXDOMAIN", &[]).await;
    check(server, &format!("_smtp._tcp.{name} SRV"), "NXDOMAIN", &[]).await;
    check(server, "www.example.com. A", "NXDOMAIN", &[]).await;
    plane.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dig_sees_the_pods_of_a_headless_service_come_and_go() {
    let (plane, server, _task) = plane().await;
    let zone = "db.shop.svc.cluster.local.";
    let addresses = |names: &[&str]| {
        let pods = plane.view().pods();
        let of = |name: &&str| {
            let pod = pods.iter().find(|pod| *pod.meta.name == **name).unwrap();
            format!("A {}", pod.status.pod_ip.clone().unwrap())
        };
        let mut all: Vec<String> = names.iter().map(of).collect();
        all.sort();
        all
    };
    let both = addresses(&["db-0", "db-1"]);
    check(server, &format!("{zone} A"), "NOERROR", &[&both[0], &both[1]]).await;
    check(server, &format!("db-0.{zone} A"), "NOERROR", &[&addresses(&["db-0"])[0]]).await;
    let ports = ["db-0", "db-1"].map(|pod| format!("SRV 0 50 5432 {pod}.{zone}"));
    check(server, &format!("_pg._tcp.{zone} SRV"), "NOERROR", &[&ports[0], &ports[1]]).await;
    let ip = addresses(&["db-1"])[0].trim_start_matches("A ").to_owned();
    check(server, &format!("-x {ip}"), "NOERROR", &[&format!("PTR db-1.{zone}")]).await;

    let one = Patch::Merge(json!({"spec": {"replicas": 1}}));
    plane.api::<StatefulSet>().in_namespace("shop").patch("db", &one).await.unwrap();
    let left = || plane.resolver().service("db.shop").map_or(0, |service| service.endpoints().len());
    plane.until(LIMIT, |_| left() == 1).await.unwrap();
    check(server, &format!("{zone} A"), "NOERROR", &[&addresses(&["db-0"])[0]]).await;
    check(server, &format!("db-1.{zone} A"), "NXDOMAIN", &[]).await;
    plane.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dig_finds_short_names_by_a_search_path() {
    let (plane, server, _task) = plane().await;
    let web = plane.api::<Service>().in_namespace("shop").get("web").await.unwrap().spec.unwrap();
    let a = format!("A {}", web.cluster_ip.unwrap());
    for (short, domain) in [
        ("web", "shop.svc.cluster.local"),
        ("web.shop", "svc.cluster.local"),
        ("web.shop.svc", "cluster.local"),
    ] {
        let got = ask(server, &format!("+search +ndots=5 +domain={domain} {short} A")).await;
        assert_eq!(got.asked, "web.shop.svc.cluster.local.", "{short}");
        assert_eq!(got.pair(), wanted("NOERROR", &[&a]), "{short}");
    }
    // Found nowhere on the path, it is asked for as it is.
    let got = ask(server, "+search +ndots=5 +domain=shop.svc.cluster.local nobody A").await;
    assert_eq!(got.status, "NXDOMAIN");
    plane.shutdown().await.unwrap();
}
