//! How a pod resolves names.

use super::resolv_conf::{parse, set_option};
use crate::kinds::core::v1::{Pod, PodDNSConfig};

/// A resolver's configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DnsConfig {
    /// Addresses of name servers, at most three.
    pub nameservers: Vec<String>,
    /// Domains to look in, at most 32.
    pub searches: Vec<String>,
    /// Options: `ndots:5`.
    pub options: Vec<String>,
}

/// The name service of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterDns {
    /// Addresses of its servers; none where there is no such service.
    pub servers: Vec<String>,
    /// Its domain, as `cluster.local`; may be empty.
    pub domain: String,
}

const MAX_NAMESERVERS: usize = 3;
const MAX_SEARCHES: usize = 32;
const MAX_SEARCH_LENGTH: usize = 253;
const MAX_SEARCHES_LENGTH: usize = 2048;

/// The configuration of a pod on a node whose `resolv.conf` has the text `host`.
///
/// Source: `GetPodDNS`.
///
/// ```
/// use kube_core::kinds::core::v1::Pod;
/// use kube_core::pod_env::{ClusterDns, pod_dns};
/// use serde_json::{from_value, json};
///
/// let pod: Pod = from_value(json!({"metadata": {"name": "web", "namespace": "shop"}}))?;
/// let cluster = ClusterDns { servers: vec!["10.96.0.10".to_owned()], domain: "cluster.local".to_owned() };
/// let config = pod_dns(&pod, &cluster, "nameserver 9.9.9.9\nsearch example.com\n");
/// assert_eq!(config.nameservers, ["10.96.0.10"]);
/// let searches = ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local", "example.com"];
/// assert_eq!(config.searches, searches);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn pod_dns(pod: &Pod, cluster: &ClusterDns, host: &str) -> DnsConfig {
    let spec = pod.spec.as_ref();
    let on_host = spec.is_some_and(|spec| spec.host_network == Some(true));
    let mut config = parse(host);
    match spec.and_then(|spec| spec.dns_policy.as_deref()) {
        Some("None") => config = DnsConfig::default(),
        Some("Default") => {}
        Some("ClusterFirst") if on_host => {}
        _ if cluster.servers.is_empty() => {}
        _ => {
            let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
            config.nameservers.clone_from(&cluster.servers);
            config.searches = cluster_searches(namespace, &cluster.domain, config.searches);
            config.options = vec!["ndots:5".to_owned()];
        }
    }
    if let Some(own) = spec.and_then(|spec| spec.dns_config.as_ref()) {
        add(&mut config, own);
    }
    limit(&mut config);
    config
}

/// Source: `generateSearchesForDNSClusterFirst`.
fn cluster_searches(namespace: &str, domain: &str, host: Vec<String>) -> Vec<String> {
    if domain.is_empty() {
        return host;
    }
    let own = [format!("{namespace}.svc.{domain}"), format!("svc.{domain}"), domain.to_owned()];
    once_each(own.into_iter().chain(host))
}

/// Source: `appendDNSConfig`.
fn add(config: &mut DnsConfig, own: &PodDNSConfig) {
    let list = |values: &Option<Vec<String>>| values.clone().unwrap_or_default();
    config.nameservers = once_each(config.nameservers.drain(..).chain(list(&own.nameservers)));
    config.searches = once_each(config.searches.drain(..).chain(list(&own.searches)));
    for option in own.options.iter().flatten() {
        let name = option.name.as_deref().unwrap_or_default();
        let option = match option.value.as_deref().filter(|value| !value.is_empty()) {
            Some(value) => format!("{name}:{value}"),
            None => name.to_owned(),
        };
        set_option(&mut config.options, option);
    }
}

fn once_each(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

/// Leaves out what resolvers would not read.
///
/// Source: `formDNSConfigFitsLimits`.
fn limit(config: &mut DnsConfig) {
    config.nameservers.truncate(MAX_NAMESERVERS);
    config.searches.truncate(MAX_SEARCHES);
    config.searches.retain(|search| search.len() <= MAX_SEARCH_LENGTH);
    let mut length = 0;
    let fitting = config.searches.iter().take_while(|search| {
        length += search.len() + 1;
        length - 1 <= MAX_SEARCHES_LENGTH
    });
    let fitting = fitting.count();
    config.searches.truncate(fitting);
}
