//! Compose a control plane: one builder over all the crates.
//!
//! ```
//! use kube_node::SimFleet;
//! use kube_plane::ControlPlane;
//! use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let plane = ControlPlane::builder()
//!     .controllers(kube_controllers::builtin())
//!     .nodes(SimFleet::new(3).cpu("4").memory("16Gi"))
//!     .start()
//!     .await?;
//! plane.apply_yaml("pod.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: \
//!                               [{name: c, image: example.org/c:1}]}}").await?;
//! plane.until(Duration::from_secs(10), |view| view.pod("default/web").is_some_and(|p| p.is_ready())).await?;
//! plane.shutdown().await.map_err(|stopped| format!("{stopped:?}"))?;
//! # Ok(()) }
//! ```

pub mod drain;
pub mod manifest;
pub mod plane;

pub use manifest::{ManifestError, ManifestObject};
pub use plane::{ControlPlane, ControlPlaneBuilder, NotReached, Stopped};
