//! The fewest available pods that were ever seen.

use kube_core::selector::Selector;
use kube_core::view::PodView;
use kube_store::informer::Informers;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug, Default)]
struct Seen {
    available: BTreeSet<String>,
    fewest: Option<usize>,
}

/// Counts the available pods of a selector at every change, and remembers the fewest.
#[derive(Clone, Debug)]
pub struct LowWater(Arc<Mutex<Seen>>);

impl LowWater {
    /// Watches the pods that `pods` selects and that have an owner, from the next [`LowWater::start`] on.
    pub fn of(informers: &Informers, pods: Selector) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let noting = seen.clone();
        informers.informer::<PodView>().on_change(move |change| {
            let counts = |pod: &PodView| {
                pods.matches(&pod.meta.labels)
                    && pod.meta.controller().is_some()
                    && pod.is_ready()
                    && !pod.is_terminating()
            };
            let mut seen = noting.lock().unwrap_or_else(PoisonError::into_inner);
            let key = change.key.to_string();
            if change.new.as_deref().is_some_and(counts) {
                seen.available.insert(key);
            } else {
                seen.available.remove(&key);
            }
            let now = seen.available.len();
            seen.fewest = seen.fewest.map(|fewest| fewest.min(now));
        });
        Self(seen)
    }

    /// Forgets what was seen before.
    pub fn start(&self) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.fewest = Some(seen.available.len());
    }

    /// The fewest available pods since [`LowWater::start`].
    pub fn fewest(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fewest.unwrap_or(0)
    }
}
