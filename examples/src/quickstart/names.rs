//! Services by name and by address.

use super::{Failure, LIMIT};
use crate::screen::Screen;
use kube_core::kinds::core::v1::Service;
use kube_net::resolve::Resolution;
use kube_plane::ControlPlane;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Ready pods behind `hello-svc`: three of the Deployment, and the bare pod with the same label.
const BEHIND: usize = 4;

const PORT: u16 = 8000;
const NODE_PORT: u16 = 31234;

/// Resolves the deck's services in every way; returns the target of the external one.
pub(super) async fn resolve(screen: &mut Screen, plane: &ControlPlane) -> Result<String, Failure> {
    let resolver = plane.resolver();
    plane
        .until(LIMIT, |_| resolver.service("hello-svc").is_ok_and(|s| s.endpoints().len() == BEHIND))
        .await?;
    let services = plane.api::<Service>().in_namespace("default");
    let ip: IpAddr = services
        .get("hello-svc")
        .await?
        .spec
        .and_then(|spec| spec.cluster_ip)
        .ok_or("hello-svc has no cluster IP")?
        .parse()?;
    for name in ["hello-svc", "hello-svc.default", "hello-svc.default.svc.cluster.local"] {
        let endpoint = resolver.service(name)?.peek()?;
        screen.line(format_args!("  {name:<38} -> {}", endpoint.socket()));
    }
    let by_address = resolver.by_cluster_ip(ip, PORT)?;
    screen.line(format_args!("  {:<38} -> {}", format!("{ip}:{PORT}"), by_address.peek()?.socket()));
    let by_node_port = resolver.by_node_port(NODE_PORT)?;
    let what = format!("any node:{NODE_PORT} (hello-svc-nodeport)");
    screen.line(format_args!("  {what:<38} -> {}", by_node_port.peek()?.socket()));

    let mut picks: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..BEHIND * 3 {
        let picked = resolver.service("hello-svc")?.pick()?;
        *picks.entry(picked.address().to_string()).or_default() += 1;
    }
    let fair = picks.len() == BEHIND && picks.values().all(|&n| n == 3);
    screen.line(format_args!(
        "  {} picks went round robin over {} endpoints{}",
        BEHIND * 3,
        picks.len(),
        if fair { ", 3 each" } else { "" }
    ));
    let Resolution::Cname(target) = resolver.resolve("sourced-bucket.prod")? else {
        return Err("sourced-bucket is not an external name".into());
    };
    screen.line(format_args!("  sourced-bucket.prod                    -> CNAME {target}"));
    Ok(target.to_string())
}
