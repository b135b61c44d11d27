//! Telling of what happens to pods, as events.

use crate::fleet::Told;
use crate::machine::NodePod;
use kube_core::view::KindView;
use kube_store::client::events::{EventTarget, EventType, Recorder};
use kube_store::service::ObjectService;
use std::fmt;
use std::sync::Arc;

/// Writes what the fleet tells of.
pub(super) struct Teller(Recorder);

impl Teller {
    pub(super) fn new(service: Arc<dyn ObjectService>) -> Self {
        Self(Recorder::new(service, "kubelet"))
    }

    pub(super) fn tell(&self, told: &[Told]) {
        for told in told {
            let target = EventTarget::with_meta(NodePod::kind(), &told.meta);
            let kind = if told.note.warning { EventType::Warning } else { EventType::Normal };
            self.0.record(&target, kind, &told.note.reason, &told.note.message);
        }
    }
}

impl fmt::Debug for Teller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Teller")
    }
}
