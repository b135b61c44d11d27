//! Services, what is behind them and before them, and policies.

use super::Printer;
use super::cells::{NONE, Object, UNSET, first_of};
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn printer(kind: &str) -> Option<Printer> {
    Some(match kind {
        "Endpoints" => endpoints,
        "EndpointSlice" => endpoint_slice,
        "IPAddress" => ip_address,
        "Ingress" => ingress,
        "IngressClass" => ingress_class,
        "NetworkPolicy" => network_policy,
        "Service" => service,
        "ServiceCIDR" => service_cidr,
        _ => return None,
    })
}

/// So many ports, addresses or hosts are shown.
const SHOWN: usize = 3;

/// Source: `printService`.
fn service(object: &Object<'_>) -> Vec<Value> {
    let ports: Vec<String> = object.list("/spec/ports").map(|port| port_text(&port)).collect();
    vec![
        object.name(),
        object.text("/spec/type").into(),
        object.text_or("/spec/clusterIPs/0", NONE).into(),
        external_ip(object).into(),
        if ports.is_empty() { NONE.into() } else { ports.join(",").into() },
        object.age(),
        object.labels("/spec/selector"),
    ]
}

fn port_text(port: &Object<'_>) -> String {
    let (number, node, protocol) = (port.int("/port"), port.int("/nodePort"), port.text("/protocol"));
    if node > 0 { format!("{number}:{node}/{protocol}") } else { format!("{number}/{protocol}") }
}

/// Source: `getServiceExternalIP`.
fn external_ip(service: &Object<'_>) -> String {
    let given = service.texts("/spec/externalIPs");
    match service.text("/spec/type") {
        "ClusterIP" | "NodePort" if given.is_empty() => NONE.to_owned(),
        "ClusterIP" | "NodePort" => given.join(","),
        "LoadBalancer" => {
            let mut all = balancer(service);
            all.extend(given);
            if all.is_empty() { "<pending>".to_owned() } else { all.join(",") }
        }
        "ExternalName" => service.text("/spec/externalName").to_owned(),
        _ => "<unknown>".to_owned(),
    }
}

/// Addresses or names at which a load balancer is reached, in order.
///
/// Source: `loadBalancerStatusStringer`.
fn balancer<'a>(object: &Object<'a>) -> Vec<&'a str> {
    let entries = object.list("/status/loadBalancer/ingress");
    let places: BTreeSet<&str> = entries.map(|entry| entry.text_or("/ip", entry.text("/hostname"))).collect();
    places.into_iter().filter(|place| !place.is_empty()).collect()
}

/// Source: `printIngress`.
fn ingress(object: &Object<'_>) -> Vec<Value> {
    vec![
        object.name(),
        object.value("/spec/ingressClassName").and_then(Value::as_str).unwrap_or(NONE).into(),
        hosts(object).into(),
        balancer(object).join(",").into(),
        if object.count("/spec/tls") > 0 { "80, 443" } else { "80" }.into(),
        object.age(),
    ]
}

/// Source: `formatHosts`.
fn hosts(ingress: &Object<'_>) -> String {
    let (mut hosts, mut more) = (Vec::new(), false);
    for rule in ingress.list("/spec/rules") {
        more |= hosts.len() == SHOWN;
        let host = rule.text("/host");
        if !more && !host.is_empty() {
            hosts.push(host);
        }
    }
    match (hosts.join(","), more) {
        (none, _) if none.is_empty() => "*".to_owned(),
        // Rules without a host count as well.
        (shown, true) => format!("{shown} + {} more...", ingress.count("/spec/rules") - SHOWN),
        (shown, false) => shown,
    }
}

/// Source: `printIngressClass`.
fn ingress_class(object: &Object<'_>) -> Vec<Value> {
    let parameters = object.part("/spec/parameters");
    let dot = if parameters.has("/apiGroup") { "." } else { "" };
    let shown = if object.has("/spec/parameters") {
        let (kind, group, name) =
            (parameters.text("/kind"), parameters.text("/apiGroup"), parameters.text("/name"));
        format!("{kind}{dot}{group}/{name}")
    } else {
        NONE.to_owned()
    };
    vec![object.name(), object.text("/spec/controller").into(), shown.into(), object.age()]
}

/// Source: `printEndpoints`.
fn endpoints(object: &Object<'_>) -> Vec<Value> {
    let mut all = Vec::new();
    for subset in object.list("/subsets") {
        let ips = || subset.list("/addresses").map(|address| address.text("/ip"));
        if subset.count("/ports") == 0 {
            all.extend(ips().map(str::to_owned));
        }
        for port in subset.list("/ports") {
            let number = port.int("/port");
            all.extend(ips().map(|ip| {
                if ip.contains(':') { format!("[{ip}]:{number}") } else { format!("{ip}:{number}") }
            }));
        }
    }
    let none = object.count("/subsets") == 0;
    let shown = if none { NONE.to_owned() } else { first_of(&all, SHOWN, ",") };
    vec![object.name(), shown.into(), object.age()]
}

/// Source: `printEndpointSlice`.
fn endpoint_slice(object: &Object<'_>) -> Vec<Value> {
    let port = |port: Object<'_>| match (port.shown("/port"), port.value("/name")) {
        (Some(number), _) => number,
        (None, Some(name)) => name.as_str().unwrap_or_default().to_owned(),
        (None, None) => "*".to_owned(),
    };
    let ports: Vec<String> = object.list("/ports").map(port).collect();
    let addresses = object.list("/endpoints").flat_map(|endpoint| endpoint.texts("/addresses"));
    let addresses: Vec<String> = addresses.map(str::to_owned).collect();
    let [ports, addresses] = [ports, addresses].map(|all| {
        let shown = first_of(&all, SHOWN, ",");
        if shown.is_empty() { UNSET.to_owned() } else { shown }
    });
    vec![object.name(), object.text("/addressType").into(), ports.into(), addresses.into(), object.age()]
}

/// Source: `printNetworkPolicy`.
fn network_policy(object: &Object<'_>) -> Vec<Value> {
    vec![object.name(), object.selector("/spec/podSelector"), object.age()]
}

/// Source: `printServiceCIDR`.
fn service_cidr(object: &Object<'_>) -> Vec<Value> {
    vec![object.name(), object.texts("/spec/cidrs").join(",").into(), object.age()]
}

/// Source: `printIPAddress`.
fn ip_address(object: &Object<'_>) -> Vec<Value> {
    let parent = object.part("/spec/parentRef");
    let mut shown = NONE.to_owned();
    if object.has("/spec/parentRef") {
        let (resource, group) = (parent.text("/resource"), parent.text("/group"));
        let dot = if group.is_empty() { "" } else { "." };
        shown = format!("{resource}{dot}{group}").to_lowercase();
        for part in [parent.text("/namespace"), parent.text("/name")].into_iter().filter(|p| !p.is_empty()) {
            shown = format!("{shown}/{part}");
        }
    }
    vec![object.name(), shown.into(), object.age()]
}
