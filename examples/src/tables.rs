//! Tables like those of `kubectl get`.

use kube_core::kinds::apps::v1::Deployment;
use kube_core::kinds::core::v1::Service;
use kube_core::resource::ResourceExt;
use kube_core::view::PodView;
use kube_plane::ControlPlane;
use kube_store::service::ListQuery;
use std::error::Error;

/// Rows under headings, each column as wide as its widest cell.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(String::len);
        cells.chain(headings.get(column).map(|h| h.len())).max().unwrap_or(0)
    };
    let line = |cells: &[&str]| {
        let padded: Vec<String> =
            cells.iter().enumerate().map(|(i, cell)| format!("{cell:<w$}", w = width(i))).collect();
        padded.join("   ").trim_end().to_owned()
    };
    let mut lines = vec![line(headings)];
    lines.extend(rows.iter().map(|row| line(&row.iter().map(String::as_str).collect::<Vec<_>>())));
    lines.join("\n")
}

/// What `kubectl get pods` calls the pod's state.
pub fn pod_status(pod: &PodView) -> String {
    if pod.is_terminating() { "Terminating".to_owned() } else { pod.status.phase.to_string() }
}

/// All pods.
pub fn pods(plane: &ControlPlane) -> String {
    let rows: Vec<Vec<String>> = plane
        .view()
        .pods()
        .iter()
        .map(|pod| {
            let containers = pod.spec.containers.len();
            let ready = if pod.is_ready() { containers } else { 0 };
            vec![
                pod.meta.namespace.to_string(),
                pod.meta.name.to_string(),
                format!("{ready}/{containers}"),
                pod_status(pod),
                pod.status.pod_ip.as_deref().unwrap_or("<none>").to_owned(),
                pod.node_name().map_or("<none>", |name| name).to_owned(),
            ]
        })
        .collect();
    table(&["NAMESPACE", "NAME", "READY", "STATUS", "IP", "NODE"], &rows)
}

/// All Deployments.
///
/// # Errors
/// What the store answers.
pub async fn deployments(plane: &ControlPlane) -> Result<String, Box<dyn Error + Send + Sync>> {
    let list = plane.api::<Deployment>().list(&ListQuery::all()).await?;
    let rows: Vec<Vec<String>> = list
        .items
        .iter()
        .map(|deployment| {
            let status = deployment.status.clone().unwrap_or_default();
            let wanted = deployment.spec.as_ref().and_then(|s| s.replicas).unwrap_or(1);
            vec![
                deployment.namespace().to_owned(),
                deployment.name().to_owned(),
                format!("{}/{wanted}", status.ready_replicas.unwrap_or(0)),
                status.updated_replicas.unwrap_or(0).to_string(),
                status.available_replicas.unwrap_or(0).to_string(),
            ]
        })
        .collect();
    Ok(table(&["NAMESPACE", "NAME", "READY", "UP-TO-DATE", "AVAILABLE"], &rows))
}

/// All Services.
///
/// # Errors
/// What the store answers.
pub async fn services(plane: &ControlPlane) -> Result<String, Box<dyn Error + Send + Sync>> {
    let list = plane.api::<Service>().list(&ListQuery::all()).await?;
    let rows: Vec<Vec<String>> = list
        .items
        .iter()
        .map(|service| {
            let spec = service.spec.clone().unwrap_or_default();
            let ports: Vec<String> = spec
                .ports
                .unwrap_or_default()
                .iter()
                .map(|port| {
                    let protocol = port.protocol.as_deref().unwrap_or("TCP");
                    match port.node_port {
                        Some(node_port) => format!("{}:{node_port}/{protocol}", port.port),
                        None => format!("{}/{protocol}", port.port),
                    }
                })
                .collect();
            vec![
                service.namespace().to_owned(),
                service.name().to_owned(),
                spec.type_.unwrap_or_default(),
                spec.cluster_ip.unwrap_or_else(|| "<none>".to_owned()),
                spec.external_name.unwrap_or_else(|| "<none>".to_owned()),
                if ports.is_empty() { "<none>".to_owned() } else { ports.join(",") },
            ]
        })
        .collect();
    Ok(table(&["NAMESPACE", "NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-NAME", "PORT(S)"], &rows))
}
