//! Pods that wait for somebody's permission.

use crate::framework::Reasons;
use kube_core::env::Env;
use kube_core::resource::ObjectKey;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot::{Receiver, Sender, channel};

/// The waiting pods. Each plugin of a pod answers for itself; the last grant lets the pod go.
#[derive(Debug, Default)]
pub(super) struct Permits(Mutex<BTreeMap<ObjectKey, Waiting>>);

#[derive(Debug)]
struct Waiting {
    pending: Vec<&'static str>,
    answer: Sender<Option<(&'static str, Reasons)>>,
}

/// What a waiting pod is told: who refused it, if anybody did.
pub(super) type Answer = Receiver<Option<(&'static str, Reasons)>>;

impl Permits {
    pub(super) fn wait(&self, key: &ObjectKey, pending: Vec<&'static str>) -> Answer {
        let (answer, told) = channel();
        self.lock().insert(key.clone(), Waiting { pending, answer });
        told
    }

    /// Whether such a pod waited for this plugin.
    pub(super) fn grant(&self, key: &ObjectKey, plugin: &str) -> bool {
        let mut all = self.lock();
        let Some(waiting) = all.get_mut(key) else { return false };
        let before = waiting.pending.len();
        waiting.pending.retain(|name| *name != plugin);
        let waited = waiting.pending.len() < before;
        if waiting.pending.is_empty()
            && let Some(waiting) = all.remove(key)
        {
            // The pod may have gone meanwhile: nobody is left to be told.
            let _gone = waiting.answer.send(None);
        }
        waited
    }

    /// Whether such a pod waited for this plugin.
    pub(super) fn refuse(&self, key: &ObjectKey, plugin: &str, reasons: Reasons) -> bool {
        let mut all = self.lock();
        let name = all.get(key).and_then(|w| w.pending.iter().copied().find(|name| *name == plugin));
        let (Some(name), Some(waiting)) = (name, name.and_then(|_| all.remove(key))) else { return false };
        let _gone = waiting.answer.send(Some((name, reasons)));
        true
    }

    pub(super) fn forget(&self, key: &ObjectKey) {
        self.lock().remove(key);
    }

    pub(super) fn keys(&self) -> Vec<ObjectKey> {
        self.lock().keys().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<ObjectKey, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer, or a refusal in the name of the first plugin whose time is up.
pub(super) async fn answered(
    env: &Env,
    answer: Answer,
    waits: &[(&'static str, Duration)],
) -> Option<(&'static str, Reasons)> {
    let (plugin, most) = waits.iter().min_by_key(|(_, most)| *most)?;
    let sleep = env.sleep((*most).min(LONGEST));
    match futures::future::select(answer, sleep).await {
        futures::future::Either::Left((Ok(refusal), _)) => refusal,
        _ => Some((*plugin, Reasons::from(crate::framework::Reason::from(TIMED_OUT)))),
    }
}

/// Source: `pkg/scheduler/framework/runtime` (`maxTimeout`).
const LONGEST: Duration = Duration::from_mins(15);
const TIMED_OUT: &str = "timed out waiting for permission";
