//! Compose a control plane: one builder over all the crates.

pub mod manifest;
pub mod plane;

pub use manifest::{ManifestError, ManifestObject};
pub use plane::{ControlPlane, ControlPlaneBuilder, NotReached, Stopped};
