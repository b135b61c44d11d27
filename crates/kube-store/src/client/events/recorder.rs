//! The caller's side: a bounded queue.

use super::aggregate::Sighting;
use super::writer::{Writer, write_all};
use super::{EventTarget, EventType};
use crate::service::ObjectService;
use jiff::Timestamp;
use kube_core::env::Env;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc::{Sender, channel};

/// Records events of one component. Cheap to clone.
///
/// Events are for people: under pressure some are dropped, and counted. The task that writes ends when the last
/// clone is dropped or the store closes.
#[derive(Clone)]
pub struct Recorder {
    env: Env,
    component: Arc<str>,
    queue: Sender<Seen>,
    dropped: Arc<AtomicU64>,
}

/// An event on its way, with the time it was seen.
pub(super) type Seen = (Sighting, Timestamp);

/// Events that may wait to be written.
const QUEUE: usize = 1024;

/// Bytes of a note that are stored.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`NoteLengthLimit`).
const NOTE: usize = 1024;

impl Recorder {
    /// Records events that `component` sees, through `service`.
    pub fn new(service: Arc<dyn ObjectService>, component: &str) -> Self {
        let (queue, seen) = channel(QUEUE);
        let dropped = Arc::new(AtomicU64::new(0));
        let env = service.env().clone();
        let component: Arc<str> = component.into();
        let name = format!("events/{component}");
        let writer = Writer::new(service, component.clone(), dropped.clone());
        // The task ends with the queue, so nobody has to hold its handle.
        let _task = env.spawn(&name, write_all(writer, seen));
        Self { env, component, queue, dropped }
    }

    /// Records that something happened to `target`. `reason` is one word in upper camel case, `note` a sentence
    /// (cut to 1,024 bytes).
    pub fn record(&self, target: &EventTarget, kind: EventType, reason: &str, note: &str) {
        let note = note.get(..note.floor_char_boundary(NOTE)).unwrap_or(note);
        let sighting = Sighting {
            target: target.clone(),
            kind,
            reason: reason.to_owned(),
            note: note.to_owned(),
            combined: false,
        };
        if self.queue.try_send((sighting, self.env.wall())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many events were dropped: the queue was full, there were too many about one object (25, and one more every
    /// five minutes), or the store refused them.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("component", &self.component)
            .field("dropped", &self.dropped())
            .finish_non_exhaustive()
    }
}
