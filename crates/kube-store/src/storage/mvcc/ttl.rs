//! When times to live end.

use super::journal::Journal;
use super::queue::{Answer, Request};
use super::{Core, mixed_up};
use crate::storage::{Key, StorageError, StorageResult, TtlId, TtlInfo, TtlOp};
use futures::future::select;
use kube_core::env::{Env, Mono};
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::Notify;

/// Deadlines of all times to live, kept apart from the state, which knows no clock.
#[derive(Debug)]
pub(super) struct Expiry {
    env: Env,
    schedule: Mutex<Schedule>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Schedule {
    deadlines: BTreeMap<TtlId, Mono>,
    spawned: bool,
}

/// How long to wait before a full queue is tried again.
const RETRY: Duration = Duration::from_millis(10);

impl Expiry {
    /// Deadlines by the clock of `env`.
    pub(super) fn new(env: Env) -> Arc<Self> {
        Arc::new(Self { env, schedule: Mutex::default(), changed: Notify::new() })
    }

    /// Lets the task look again: at a new deadline, or at a store that is gone.
    pub(super) fn wake(&self) {
        self.changed.notify_one();
    }

    fn set(&self, id: TtlId, length: Duration) {
        let deadline = self.env.now() + length;
        self.schedule().deadlines.insert(id, deadline);
        self.wake();
    }

    fn forget(&self, id: TtlId) {
        self.schedule().deadlines.remove(&id);
    }

    fn remaining(&self, id: TtlId) -> Duration {
        let deadline = self.schedule().deadlines.get(&id).copied();
        deadline.map_or(Duration::ZERO, |deadline| deadline.since(self.env.now()))
    }

    /// The first to end: by deadline, and by name among equals.
    fn first(&self) -> Option<(Mono, TtlId)> {
        self.schedule().deadlines.iter().map(|(id, deadline)| (*deadline, *id)).min()
    }

    /// Whether the task is still to be spawned; it is from now on.
    fn claim(&self) -> bool {
        !std::mem::replace(&mut self.schedule().spawned, true)
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        // Every section is one operation of the map.
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does one operation.
pub(super) async fn run<J: Journal>(core: &Arc<Core<J>>, op: TtlOp) -> StorageResult<TtlInfo> {
    core.open()?;
    let Some(expiry) = &core.expiry else {
        return Err(StorageError::Invalid {
            reason: "this store has no clock: open it with an environment (`MemoryStorage::with_env`)".into(),
        });
    };
    match op {
        TtlOp::Grant(Duration::ZERO) => {
            Err(StorageError::Invalid { reason: "a time to live needs a length".into() })
        }
        TtlOp::Grant(length) => {
            let Answer::Granted(id) = core.submit(Request::Grant(length)).await? else {
                return Err(mixed_up());
            };
            start(core, expiry, id, length);
            Ok(TtlInfo { id, granted: length, remaining: length, keys: Vec::new() })
        }
        TtlOp::KeepAlive(id) => {
            let (granted, keys) = known(core, id)?;
            // Ended, though its keys are not deleted yet.
            if expiry.remaining(id).is_zero() {
                return Err(StorageError::NotFound { what: format!("time to live {}", id.0) });
            }
            expiry.set(id, granted);
            Ok(TtlInfo { id, granted, remaining: granted, keys })
        }
        TtlOp::Revoke(id) => {
            let Answer::Revoked(keys, granted) = core.submit(Request::Revoke(id)).await? else {
                return Err(mixed_up());
            };
            expiry.forget(id);
            Ok(TtlInfo { id, granted, remaining: Duration::ZERO, keys })
        }
        TtlOp::Inspect(id) => {
            let (granted, keys) = known(core, id)?;
            Ok(TtlInfo { id, granted, remaining: expiry.remaining(id), keys })
        }
    }
}

/// Starts every recovered lease anew, with its full length.
pub(super) fn restart<J: Journal>(core: &Arc<Core<J>>) {
    let Some(expiry) = &core.expiry else { return };
    for (id, lease) in core.shared.published.load().leases() {
        start(core, expiry, id, lease.granted);
    }
}

fn start<J: Journal>(core: &Arc<Core<J>>, expiry: &Arc<Expiry>, id: TtlId, length: Duration) {
    expiry.set(id, length);
    if expiry.claim() {
        expiry.env.spawn("store/ttl", expire(Arc::downgrade(core), expiry.clone()));
    }
}

fn known<J: Journal>(core: &Core<J>, id: TtlId) -> StorageResult<(Duration, Vec<Key>)> {
    let state = core.shared.published.load();
    let lease = state.lease(id)?;
    Ok((lease.granted, lease.keys.iter().cloned().collect()))
}

/// Ends every time to live at its deadline, until the store is closed or gone.
async fn expire<J: Journal>(core: Weak<Core<J>>, expiry: Arc<Expiry>) {
    loop {
        if core.upgrade().is_none_or(|core| core.shared.is_closed()) {
            return;
        }
        match expiry.first() {
            None => expiry.changed.notified().await,
            Some((deadline, _)) if deadline > expiry.env.now() => {
                select(expiry.env.sleep_until(deadline), pin!(expiry.changed.notified())).await;
            }
            Some((_, id)) => {
                let Some(core) = core.upgrade() else { return };
                let ended = core.submit(Request::Revoke(id)).await;
                drop(core);
                match ended {
                    Ok(_) | Err(StorageError::NotFound { .. }) => expiry.forget(id),
                    Err(StorageError::Busy { .. }) => expiry.env.sleep(RETRY).await,
                    Err(_) => return,
                }
            }
        }
    }
}
