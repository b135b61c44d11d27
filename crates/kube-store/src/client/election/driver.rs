//! The task that stands for an election.

use super::config::{ElectionConfig, ElectionError};
use super::elector::{Action, Elector, Input};
use super::record::Record;
use crate::api::{Api, Event, EventStream};
use crate::client::{StopToken, Stopper, stop_pair};
use crate::objects::{Keys, Objects};
use crate::service::{Fence, WatchQuery};
use crate::storage::{Compare, Revision, Txn, TxnOutcome};
use futures::StreamExt;
use futures::future::{Either, select};
use kube_core::env::{Env, Mono, TaskHandle};
use kube_core::error::{ApiError, Reason};
use kube_core::kinds::coordination::v1::Lease;
use kube_core::resource::{ObjectKey, Resource};
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// One that stands for an election, and goes on to renew what it won.
///
/// Dropping it ends the task and lets the lease run out; [`Election::release`] gives it up at once.
pub struct Election {
    env: Env,
    shared: Arc<Shared>,
    stopper: Stopper,
    task: TaskHandle,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Clone, Default)]
struct State {
    /// What was won, and until when it is without another renewal.
    won: Option<(Fence, Mono)>,
    holder: Option<String>,
    ended: bool,
}

impl Election {
    /// Stands for the election from now on.
    ///
    /// # Errors
    /// [`ElectionError`] for parameters that leave no room for one another.
    pub fn start(env: &Env, objects: Arc<Objects>, config: ElectionConfig) -> Result<Self, ElectionError> {
        config.check()?;
        let shared = Arc::new(Shared::default());
        let (stopper, stop) = stop_pair();
        let driver = Driver {
            leases: Api::namespaced(objects.clone(), &config.namespace),
            objects,
            env: env.clone(),
            name: config.name.as_str().into(),
            config: config.clone(),
            elector: Elector::new(config),
            lease: None,
            watch: None,
            stop,
            shared: shared.clone(),
        };
        let task = env.spawn("election", driver.run());
        Ok(Self { env: env.clone(), shared, stopper, task })
    }

    /// The fence while the election is won: give it to [`Api::fenced`]. Also a process that stood still knows by its
    /// clock that it is won no more, before it could find out.
    pub fn fence(&self) -> Option<Fence> {
        let now = self.env.now();
        self.shared.get().won.filter(|(_, until)| now < *until).map(|(fence, _)| fence)
    }

    /// Who is known to lead.
    pub fn holder(&self) -> Option<String> {
        self.shared.get().holder
    }

    /// Waits until the election is won.
    pub async fn won(&self) -> Fence {
        loop {
            let changed = self.shared.changed.notified();
            if let Some(fence) = self.fence() {
                return fence;
            }
            changed.await;
        }
    }

    /// Waits until the election that `fence` stands for is lost: whoever leads must stop then. What is still on its
    /// way is refused.
    pub async fn lost(&self, fence: &Fence) {
        loop {
            let changed = self.shared.changed.notified();
            if self.fence().as_ref() != Some(fence) {
                return;
            }
            changed.await;
        }
    }

    /// Gives up what was won, if anything, and ends. Others see it at once.
    pub async fn release(self) {
        self.stopper.stop();
        loop {
            let changed = self.shared.changed.notified();
            if self.shared.get().ended {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for Election {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Election {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Election").field("fence", &self.fence()).finish_non_exhaustive()
    }
}

impl Shared {
    fn get(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        self.changed.notify_waiters();
    }
}

struct Driver {
    leases: Api<Lease>,
    objects: Arc<Objects>,
    env: Env,
    name: Arc<str>,
    config: ElectionConfig,
    elector: Elector,
    /// The last lease that was read or written.
    lease: Option<Lease>,
    watch: Option<EventStream<Lease>>,
    stop: StopToken,
    shared: Arc<Shared>,
}

impl Driver {
    async fn run(mut self) {
        let mut rng = self.env.rng(&format!("election/{}/{}", self.name, self.config.identity));
        let mut input = Input::Due;
        loop {
            let action = self.elector.step(self.env.now(), self.env.wall(), input, &mut rng);
            self.tell();
            input = match action {
                Action::Stopped => break,
                Action::Sleep(until) => self.sleep(until).await,
                call => self.call(call).await,
            };
        }
        self.shared.set(State { ended: true, ..State::default() });
    }

    /// Publishes who leads now.
    fn tell(&self) {
        let won = self.elector.tenure();
        let won = won.map(|(revision, until)| (Fence { name: self.name.clone(), revision }, until));
        let holder = self.elector.holder().map(str::to_owned);
        self.shared.set(State { won, holder, ended: false });
    }

    /// Reads or writes, as long as there is time.
    async fn call(&mut self, action: Action) -> Input {
        let deadline = self.env.sleep_until(self.elector.deadline(self.env.now()));
        let done = {
            let call = pin!(self.answer(action));
            match select(call, deadline).await {
                Either::Left((input, _)) => Some(input),
                Either::Right(_) => None,
            }
        };
        done.unwrap_or(Input::Failed)
    }

    async fn answer(&mut self, action: Action) -> Input {
        match action {
            Action::Read => self.read().await,
            Action::Write { record, over } => self.write(&record, over).await,
            Action::Fence { over } => self.fence(over).await,
            Action::Sleep(_) | Action::Stopped => Input::Due,
        }
    }

    async fn read(&mut self) -> Input {
        match self.leases.find(&self.name).await {
            Ok(lease) => {
                self.lease = lease;
                Input::Seen(self.lease.as_ref().and_then(|lease| Some((record(lease), version(lease)?))))
            }
            Err(error) => self.failed("read", &error),
        }
    }

    async fn write(&mut self, record: &Record, over: Option<Revision>) -> Input {
        let mut lease = match over {
            Some(_) => self.lease.clone().unwrap_or_default(),
            None => Lease::default(),
        };
        lease.metadata.name = Some(self.name.to_string());
        lease.metadata.resource_version = over.map(|at| at.to_string());
        record.write(lease.spec.get_or_insert_default());
        let written = match over {
            Some(_) => self.leases.update(&lease).await,
            None => self.leases.create(&lease).await,
        };
        match written {
            Ok(lease) => {
                let version = version(&lease);
                self.lease = Some(lease);
                version.map_or(Input::Failed, Input::Written)
            }
            Err(error)
                if matches!(error.reason, Reason::Conflict | Reason::AlreadyExists | Reason::NotFound) =>
            {
                Input::Refused
            }
            Err(error) => self.failed("written", &error),
        }
    }

    /// Nobody can have won since: the transaction holds only while the lease is the one that we wrote.
    async fn fence(&mut self, over: Revision) -> Input {
        let key = ObjectKey::new(self.config.namespace.as_str(), self.name.clone());
        let key = self.objects.keys().object(Lease::kind_info(), &key);
        let txn = Txn::put(Keys::fence(&self.name), self.config.identity.clone()).quiet();
        match self.objects.storage().txn(txn.when(Compare::Unchanged { key, revision: over })).await {
            Ok(TxnOutcome::Committed { revision, .. }) => Input::Written(revision),
            Ok(TxnOutcome::Failed { .. }) => Input::Refused,
            Err(error) => {
                tracing::warn!(election = %self.name, %error, "the fence of an election was not written");
                Input::Failed
            }
        }
    }

    fn failed(&self, what: &str, error: &ApiError) -> Input {
        tracing::warn!(election = %self.name, %error, "the lease of an election was not {what}");
        Input::Failed
    }

    /// Waits; a follower also for the lease to be given up.
    async fn sleep(&mut self, until: Mono) -> Input {
        if self.stop.is_stopped() {
            return Input::Stop;
        }
        let timer = self.env.sleep_until(until);
        let stop = self.stop.clone();
        if !self.elector.follows() {
            self.watch = None;
            return match select(pin!(stop.stopped()), timer).await {
                Either::Left(_) => Input::Stop,
                Either::Right(_) => Input::Due,
            };
        }
        let free = pin!(self.freed());
        match select(pin!(stop.stopped()), select(timer, free)).await {
            Either::Left(_) => Input::Stop,
            Either::Right(_) => Input::Due,
        }
    }

    /// Resolves when somebody gives the lease up, and notes when it is renewed; never where that cannot be watched.
    async fn freed(&mut self) {
        if self.watch.is_none() {
            self.watch = self.leases.watch(&WatchQuery::all()).await.ok();
        }
        let (name, read) = (self.name.clone(), self.lease.as_ref().and_then(version));
        while let Some(stream) = &mut self.watch {
            match stream.next().await {
                Some(Ok(Event::Added(lease) | Event::Modified(lease))) if is_free(&lease, &name, read) => {
                    return;
                }
                Some(Ok(Event::Added(lease) | Event::Modified(lease))) if is_named(&lease, &name) => {
                    if let Some(version) = version(&lease) {
                        self.elector.notice(&record(&lease), version, self.env.now());
                    }
                }
                Some(Ok(Event::Deleted(lease))) if is_named(&lease, &name) => return,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => self.watch = None,
            }
        }
        std::future::pending::<()>().await;
    }
}

/// Whether `lease` is that of the election, held by nobody, and news to whoever `read` that version.
fn is_free(lease: &Lease, name: &str, read: Option<Revision>) -> bool {
    let holder = lease.spec.as_ref().and_then(|spec| spec.holder_identity.as_deref());
    is_named(lease, name) && holder.is_none_or(str::is_empty) && version(lease) != read
}

fn is_named(lease: &Lease, name: &str) -> bool {
    lease.metadata.name.as_deref() == Some(name)
}

fn record(lease: &Lease) -> Record {
    lease.spec.as_ref().map_or_else(|| Record::of(&<_>::default()), Record::of)
}

fn version(lease: &Lease) -> Option<Revision> {
    lease.metadata.resource_version.as_deref()?.parse().ok().map(Revision::new)
}
