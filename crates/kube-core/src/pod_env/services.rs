//! Variables that tell of services, as Docker's links once did.

use crate::kinds::core::v1::Service;
use std::collections::BTreeMap;

/// The variables of these services in order; those without a cluster IP have none.
///
/// Source: `envvars.FromServices`.
///
/// ```
/// use kube_core::kinds::core::v1::Service;
/// use kube_core::pod_env::service_variables;
/// use serde_json::{from_value, json};
///
/// let db: Service = from_value(json!({
///     "metadata": {"name": "my-db"}, "spec": {"clusterIP": "10.96.0.9", "ports": [{"port": 5432}]},
/// }))?;
/// let variables = service_variables([&db]);
/// assert!(variables.contains(&("MY_DB_SERVICE_HOST".to_owned(), "10.96.0.9".to_owned())));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn service_variables<'a>(services: impl IntoIterator<Item = &'a Service>) -> Vec<(String, String)> {
    services.into_iter().flat_map(of_service).collect()
}

/// The services that a pod of `namespace` is told of, by name: `kubernetes` of the default namespace and, where
/// `links` are enabled, those of its own.
///
/// Source: `getServiceEnvVarMap`.
pub fn services_of_pod<'a>(
    all: impl IntoIterator<Item = &'a Service>,
    namespace: &str,
    links: bool,
) -> Vec<&'a Service> {
    let mut by_name: BTreeMap<&str, &Service> = BTreeMap::new();
    for service in all.into_iter().filter(|service| cluster_ip(service).is_some()) {
        let name = service.metadata.name.as_deref().unwrap_or_default();
        let of = service.metadata.namespace.as_deref().unwrap_or_default();
        if of == namespace && links {
            by_name.insert(name, service);
        } else if of == "default" && name == "kubernetes" {
            by_name.entry(name).or_insert(service);
        }
    }
    by_name.into_values().collect()
}

fn cluster_ip(service: &Service) -> Option<&str> {
    service.spec.as_ref()?.cluster_ip.as_deref().filter(|ip| !matches!(*ip, "" | "None"))
}

fn of_service(service: &Service) -> Vec<(String, String)> {
    let ports = service.spec.as_ref().and_then(|spec| spec.ports.as_deref()).unwrap_or_default();
    let (Some(ip), Some(first)) = (cluster_ip(service), ports.first()) else { return Vec::new() };
    let name = variable(service.metadata.name.as_deref().unwrap_or_default());
    let mut variables = vec![
        (format!("{name}_SERVICE_HOST"), ip.to_owned()),
        (format!("{name}_SERVICE_PORT"), first.port.to_string()),
    ];
    for port in ports {
        let named = port.name.as_deref().filter(|port| !port.is_empty());
        let named = named.map(|port_name| format!("{name}_SERVICE_PORT_{}", variable(port_name)));
        variables.extend(named.map(|variable| (variable, port.port.to_string())));
    }
    for (index, port) in ports.iter().enumerate() {
        let protocol = port.protocol.as_deref().filter(|protocol| !protocol.is_empty()).unwrap_or("TCP");
        let (number, lower) = (port.port, protocol.to_lowercase());
        let host = if ip.contains(':') { format!("[{ip}]:{number}") } else { format!("{ip}:{number}") };
        let url = format!("{lower}://{host}");
        if index == 0 {
            variables.push((format!("{name}_PORT"), url.clone()));
        }
        let prefix = format!("{name}_PORT_{number}_{}", protocol.to_uppercase());
        variables.extend([
            (format!("{prefix}_PROTO"), lower),
            (format!("{prefix}_PORT"), number.to_string()),
            (format!("{prefix}_ADDR"), ip.to_owned()),
        ]);
        let at = variables.len() - 3;
        variables.insert(at, (prefix, url));
    }
    variables
}

/// Source: `makeEnvVariableName`.
fn variable(name: &str) -> String {
    name.replace('-', "_").to_uppercase()
}
