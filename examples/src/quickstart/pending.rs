//! A pod that no node can take, and why.

use super::{Failure, LIMIT};
use crate::screen::Screen;
use kube_plane::ControlPlane;

const TOO_BIG: &str = r"
apiVersion: v1
kind: Pod
metadata:
  name: too-big
spec:
  nodeSelector:
    topology.kubernetes.io/zone: a
  containers:
    - name: simulation
      image: example.org/simulation
      resources:
        requests:
          cpu: 64
          memory: 8Gi
";

pub(super) async fn too_big(screen: &mut Screen, plane: &ControlPlane) -> Result<String, Failure> {
    plane.apply_yaml("too-big.yaml", TOO_BIG).await?;
    plane
        .until(LIMIT, |view| {
            view.pod("default/too-big").is_some_and(|pod| {
                pod.condition("PodScheduled").is_some_and(|c| c.reason.as_deref() == Some("Unschedulable"))
            })
        })
        .await?;
    let why = plane.why_pending("default/too-big").ok_or("the scheduler does not say why")?.to_string();
    screen.line(format_args!("  {why}"));
    Ok(why)
}
