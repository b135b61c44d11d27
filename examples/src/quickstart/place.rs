//! Where the objects of a plane are.

use super::Failure;
use kube_plane::ControlPlaneBuilder;

/// Where a plane keeps its objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// In this process.
    #[default]
    Memory,
    /// In etcd, whose members are at these addresses. Every plane begins empty, under a prefix of its own.
    ///
    /// It takes the feature `etcd`.
    Etcd(Vec<String>),
}

impl Place {
    /// Lets the plane keep its objects there.
    pub(super) async fn of(&self, plane: ControlPlaneBuilder) -> Result<ControlPlaneBuilder, Failure> {
        match self {
            Self::Memory => Ok(plane),
            Self::Etcd(endpoints) => in_etcd(endpoints, plane).await,
        }
    }
}

#[cfg(feature = "etcd")]
async fn in_etcd(endpoints: &[String], plane: ControlPlaneBuilder) -> Result<ControlPlaneBuilder, Failure> {
    use kube_store::storage::etcd::{EtcdOptions, EtcdStorage};
    let env = kube_store::rt::env();
    let prefix = format!("quickstart-{}/", env.uid());
    let options = EtcdOptions { prefix, ..EtcdOptions::with_env(env) };
    Ok(plane.storage(EtcdStorage::connect(endpoints.iter().cloned(), options).await?))
}

#[cfg(not(feature = "etcd"))]
#[expect(clippy::unused_async, reason = "with the feature it connects")]
async fn in_etcd(_: &[String], _: ControlPlaneBuilder) -> Result<ControlPlaneBuilder, Failure> {
    Err("this was built without the feature `etcd`".into())
}
