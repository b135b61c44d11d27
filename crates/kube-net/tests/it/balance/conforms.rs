//! Every policy of the registry keeps the contract, and the suite sees who does not.

use kube_core::env::Env;
use kube_net::balance::{Balancer, Before, PickContext, Picker, all, find};
use kube_net::conformance;
use kube_net::resolve::Endpoint;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn every_policy_conforms() {
    for policy in all(&Env::manual(0).0) {
        conformance::balancer(|env| find(policy.name(), env).unwrap());
    }
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    PastTheEnd,
    LeavesOneOut,
    PeekMovesOn,
    AlwaysThere,
}

#[derive(Debug)]
struct Faulty(Fault);

#[derive(Debug)]
struct Turn {
    fault: Fault,
    len: usize,
    next: AtomicUsize,
}

impl Balancer for Faulty {
    fn name(&self) -> &'static str {
        "faulty"
    }

    fn build(&self, endpoints: &[Arc<Endpoint>], _: Option<Before<'_>>) -> Arc<dyn Picker> {
        Arc::new(Turn { fault: self.0, len: endpoints.len(), next: AtomicUsize::new(0) })
    }
}

impl Turn {
    fn of(&self, turn: usize) -> Option<usize> {
        match self.fault {
            Fault::AlwaysThere => Some(turn.checked_rem(self.len).unwrap_or(0)),
            Fault::PastTheEnd => turn.checked_rem(self.len + 1).filter(|_| self.len != 0),
            Fault::LeavesOneOut => turn.checked_rem(self.len.max(2) - 1).filter(|_| self.len != 0),
            Fault::PeekMovesOn => turn.checked_rem(self.len),
        }
    }
}

impl Picker for Turn {
    fn pick(&self, _: &PickContext<'_>) -> Option<usize> {
        self.of(self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn peek(&self, _: &PickContext<'_>) -> Option<usize> {
        let step = usize::from(matches!(self.fault, Fault::PeekMovesOn));
        self.of(self.next.fetch_add(step, Ordering::Relaxed))
    }
}

#[test]
fn the_suite_sees_known_faults() {
    for (fault, told) in [
        (Fault::AlwaysThere, "nothing"),
        (Fault::PastTheEnd, "each of 1 endpoints"),
        (Fault::LeavesOneOut, "each of 2 endpoints"),
        (Fault::PeekMovesOn, "peek"),
    ] {
        let run = || conformance::balancer(|_| Arc::new(Faulty(fault)));
        let caught = catch_unwind(AssertUnwindSafe(run)).expect_err("a fault is seen");
        let message = caught.downcast_ref::<String>().unwrap();
        assert!(message.contains(told), "{fault:?}: {message}");
    }
}
