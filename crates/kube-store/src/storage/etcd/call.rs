//! Calls: how long they may take, and what may be tried again.

use super::core::Core;
use super::failure::Failure;
use crate::client::Backoff;
use etcd_client::Error;
use futures::future::{Either, select};
use kube_core::env::Env;
use std::pin::pin;
use std::time::Duration;

/// What may be done again when a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// Anything: the call changes nothing, or the same however often it is made.
    Safe,
    /// Only what certainly never reached etcd.
    NotSent,
}

/// What `future` comes to within `time`.
pub(super) async fn within<T>(env: &Env, time: Duration, future: impl Future<Output = T>) -> Option<T> {
    match select(pin!(future), env.sleep(time)).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}

impl Core {
    /// Calls etcd until it answers, at the most as long as the options say.
    pub(super) async fn call<T, F>(
        &self,
        again: Again,
        mut attempt: impl FnMut() -> F + Send,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Error>> + Send,
        T: Send,
    {
        let (env, timeout) = (&self.options.env, self.options.timeout);
        let deadline = env.now() + timeout;
        let mut backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(500)).jitter(0.5);
        let mut rng = None;
        loop {
            let left = deadline.since(env.now());
            // A member that hangs is given half of what is left, so that another one can be asked.
            let patience = if again == Again::Safe { (left / 2).max(timeout / 8) } else { left };
            let failure = match within(env, patience.min(left), attempt()).await {
                Some(Ok(value)) => return Ok(value),
                Some(Err(error)) => Failure::of(&error),
                None => Failure::Lost(format!("no answer within {} ms", patience.as_millis())),
            };
            let may = match again {
                Again::Safe => failure.passes(),
                Again::NotSent => matches!(failure, Failure::NotSent(_)),
            };
            let delay = backoff.next(rng.get_or_insert_with(|| env.rng("etcd/call")));
            if !may || env.now() + delay >= deadline {
                return Err(failure);
            }
            env.sleep(delay).await;
        }
    }
}
