//! The HTTP face of a control plane, for `curl`, `kubectl` and remote clients.
//!
//! [`ApiServer`] serves an [`ObjectService`](kube_store::service::ObjectService) over HTTP: discovery, the verbs on
//! objects and their status, watches as streams of JSON lines. It is the only crate that knows an HTTP server;
//! whoever leaves it out pays nothing.
//!
//! ```no_run
//! use kube_api::ApiServer;
//! use kube_store::client::Running;
//! use kube_store::{objects::Objects, rt, storage::MemoryStorage};
//! use std::sync::Arc;
//!
//! # async fn serve() -> std::io::Result<()> {
//! let env = rt::env();
//! let objects = Objects::new(Arc::new(MemoryStorage::new()), env.clone());
//! let server = ApiServer::bind("127.0.0.1:8080", objects).await?;
//! println!("http://{}/api/v1/namespaces/default/pods", server.address());
//! let running = Running::start(&env, Box::new(server));
//! # Ok(()) }
//! ```

pub mod discovery;
pub mod path;
mod query;
mod server;

pub use server::{ApiServer, router};
