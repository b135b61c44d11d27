//! The task that writes events.

use super::aggregate::{Aggregator, Series};
use super::recorder::Seen;
use crate::client::Backoff;
use crate::service::{ObjectService, Patch, Subresource, WriteOptions};
use jiff::Timestamp;
use kube_core::error::{ApiError, Retry};
use kube_core::kinds::core::v1::Event;
use kube_core::resource::{ObjectKey, Resource};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::Receiver;

/// Series remembered. Source: `k8s.io/client-go/tools/record` (`maxLruCacheEntries`).
const SERIES: usize = 4096;

/// Events aggregated before they are written.
const BATCH: usize = 256;

/// Attempts per event. Source: `k8s.io/client-go/tools/record` (`maxTriesPerEvent`).
const ATTEMPTS: usize = 12;

/// Writes events of one component.
pub(super) struct Writer {
    service: Arc<dyn ObjectService>,
    component: Arc<str>,
    aggregator: Aggregator,
    dropped: Arc<AtomicU64>,
}

/// Writes what is seen until nobody can see any more, or the store closes.
pub(super) async fn write_all(mut writer: Writer, mut seen: Receiver<Seen>) {
    while let Some(first) = seen.recv().await {
        writer.see(first);
        for _ in 1..BATCH {
            let Ok(next) = seen.try_recv() else { break };
            writer.see(next);
        }
        for series in writer.aggregator.take_unwritten() {
            if writer.write(series).await.is_err_and(|error| error.is_closed()) {
                return;
            }
        }
    }
}

impl Writer {
    pub(super) fn new(service: Arc<dyn ObjectService>, component: Arc<str>, dropped: Arc<AtomicU64>) -> Self {
        Self { service, component, aggregator: Aggregator::new(SERIES), dropped }
    }

    fn see(&mut self, (sighting, at): Seen) {
        if !self.aggregator.see(sighting, at) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn write(&mut self, series: Series) -> Result<(), ApiError> {
        let sighting = series.sighting.clone();
        let written = self.attempts(series).await;
        match &written {
            Ok(()) => self.aggregator.stored(&sighting),
            Err(error) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(target = %sighting.target.name, reason = %sighting.reason, %error, "an event is dropped");
            }
        }
        written
    }

    async fn attempts(&mut self, mut series: Series) -> Result<(), ApiError> {
        let env = self.service.env().clone();
        let mut rng = env.rng(&format!("events/{}", self.component));
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10)).jitter(1.0);
        let mut attempt = 1;
        loop {
            let Err(error) = self.attempt(&series).await else { return Ok(()) };
            let gone = series.stored && error.is_not_found();
            let taken = !series.stored && error.is_already_exists();
            let told = match error.retry() {
                _ if gone || taken => {
                    let now = env.wall();
                    series = self.aggregator.renamed(&series.sighting, now).ok_or_else(|| error.clone())?;
                    Duration::ZERO
                }
                Retry::After(told) => backoff.next(&mut rng).max(told),
                Retry::Now => backoff.next(&mut rng),
                Retry::Never => return Err(error),
            };
            attempt += 1;
            if attempt > ATTEMPTS {
                return Err(error);
            }
            env.sleep(told).await;
        }
    }

    async fn attempt(&self, series: &Series) -> Result<(), ApiError> {
        let kind = Event::kind_info();
        let options = WriteOptions { field_manager: Some(self.component.clone()), ..WriteOptions::default() };
        let namespace = namespace(series);
        if !series.stored {
            let object = self.object(series);
            return self.service.create(kind, namespace, object, &options).await.map(drop);
        }
        let key = ObjectKey::new(namespace, series.name.as_str());
        let mut change = json!({
            "count": series.count, "lastTimestamp": seconds(series.last),
        });
        if series.sighting.combined {
            change["message"] = series.note.as_str().into();
        }
        self.service.patch(kind, &key, Subresource::Main, &Patch::Merge(change), &options).await.map(drop)
    }

    fn object(&self, series: &Series) -> Value {
        let sighting = &series.sighting;
        let target = &sighting.target;
        json!({
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": { "name": series.name, "namespace": namespace(series) },
            "involvedObject": {
                "apiVersion": target.api_version,
                "kind": target.kind,
                "namespace": target.namespace,
                "name": target.name,
                "uid": target.uid,
            },
            "type": sighting.kind.to_string(),
            "reason": sighting.reason,
            "message": series.note,
            "count": series.count,
            "firstTimestamp": seconds(series.first),
            "lastTimestamp": seconds(series.last),
            "source": { "component": &*self.component },
            "reportingComponent": &*self.component,
            "reportingInstance": "",
        })
    }
}

/// Events of cluster-scoped objects live in `default`.
fn namespace(series: &Series) -> &str {
    match series.sighting.target.namespace.as_str() {
        "" => "default",
        namespace => namespace,
    }
}

/// A time as events store it.
fn seconds(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second()).unwrap_or(time).to_string()
}
