//! The Kubernetes DNS specification (schema 1.1.0) as a pure function over the resolver's snapshot.
//!
//! [`Zone::answer`] takes a name and a type and gives records: no socket, no packet, no waiting. [`SearchPath`] is what a
//! pod's resolver makes of a short name. The feature `dns-server` adds a server on UDP and TCP.
//!
//! ```
//! use kube_core::kinds::core::v1::Service;
//! use kube_net::dns::{Code, RecordType, Zone};
//! use kube_net::{EndpointTable, ServiceResolver};
//! use serde_json::json;
//!
//! let web: Service = serde_json::from_value(json!({
//!     "metadata": {"name": "web", "namespace": "prod"},
//!     "spec": {"clusterIP": "10.96.0.10", "ports": [{"name": "http", "port": 80}]},
//! }))?;
//! let zone = Zone::new(&ServiceResolver::from(EndpointTable::from_slices(&[web], &[])));
//! let answer = zone.answer("_http._tcp.web.prod.svc.cluster.local.", RecordType::Srv);
//! assert_eq!(answer.code, Code::NoError);
//! assert_eq!(
//!     answer.to_string(),
//!     "NOERROR\n\
//!      _http._tcp.web.prod.svc.cluster.local. 5 IN SRV 0 100 80 web.prod.svc.cluster.local.\n\
//!      additional: web.prod.svc.cluster.local. 5 IN A 10.96.0.10\n",
//! );
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! # What the specification leaves open
//! - An endpoint without a host name is known by its address with dashes: `10-0-0-1`, `fd00--1`.
//! - SRV records have priority 0 and share a weight of 100. At the bare name of a Service, SRV lists every named port.
//! - A name that only stands above others (`svc`, a namespace with Services, `_tcp` of a Service) exists without data.
//! - Names that are nothing here, also those outside the cluster's domain, do not exist (NXDOMAIN); see
//!   [`Zone::refuse_others`].
//! - There are no records of pods by address (`10-0-0-1.prod.pod`): the schema dropped them in 1.1.0.
//!
//! Source: `kubernetes/dns`, `docs/specification.md`; numbers as the plugin `kubernetes` of `CoreDNS` has them.

mod answer;
mod forward;
mod labels;
mod record;
mod reverse;
mod search;
#[cfg(feature = "dns-server")]
pub mod server;
mod zone;

#[cfg(test)]
mod tests;

pub use answer::{Answer, Code};
pub use record::{Data, Record, RecordType, UnknownType};
pub use search::SearchPath;
pub use zone::Zone;
