//! Pods leave a node that is not ready or cannot be reached after five minutes, unless they say otherwise.
//!
//! Source: `k8s.io/kubernetes/plugin/pkg/admission/defaulttolerationseconds`.

use super::Admission;
use crate::objects::{Candidate, Contribution, Operation, Stored};
use crate::service::Subresource;
use async_trait::async_trait;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{Pod, Toleration};

/// The plugin.
#[derive(Clone, Copy, Debug)]
pub struct DefaultTolerationSeconds {
    /// Seconds that pods stay on a node that is not ready.
    pub not_ready: i64,
    /// Seconds that pods stay on a node that cannot be reached.
    pub unreachable: i64,
}

impl Default for DefaultTolerationSeconds {
    fn default() -> Self {
        Self { not_ready: 300, unreachable: 300 }
    }
}

const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

#[async_trait]
impl Admission for DefaultTolerationSeconds {
    fn name(&self) -> &'static str {
        "DefaultTolerationSeconds"
    }

    fn leaves_nothing_out(&self) -> bool {
        true
    }

    fn handles(&self, cx: &Contribution<'_>) -> bool {
        cx.is("", "Pod", Subresource::Main) && cx.operation() != Operation::Delete
    }

    async fn mutate(
        &self,
        _cx: &Contribution<'_>,
        _old: Option<&Stored>,
        object: &mut Candidate,
    ) -> Result<(), ApiError> {
        let Some(spec) = object.typed_mut::<Pod>().and_then(|pod| pod.spec.as_mut()) else { return Ok(()) };
        for (key, seconds) in [(NOT_READY, self.not_ready), (UNREACHABLE, self.unreachable)] {
            if !spec.tolerations.iter().flatten().any(|toleration| covers(toleration, key)) {
                spec.tolerations.get_or_insert_default().push(Toleration {
                    key: Some(key.to_owned()),
                    operator: Some("Exists".to_owned()),
                    effect: Some("NoExecute".to_owned()),
                    toleration_seconds: Some(seconds),
                    ..Toleration::default()
                });
            }
        }
        Ok(())
    }
}

fn covers(toleration: &Toleration, key: &str) -> bool {
    let is = |text: Option<&String>, wanted: &str| text.is_none_or(|text| text.is_empty() || text == wanted);
    is(toleration.key.as_ref(), key) && is(toleration.effect.as_ref(), "NoExecute")
}
