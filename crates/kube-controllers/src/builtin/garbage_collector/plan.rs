//! What becomes of an object whose owners go, or that is going itself. Pure.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/garbagecollector` (`attemptToDeleteItem`).

use kube_core::resource::{KindInfo, ObjectKey, Uid};
use kube_store::service::Propagation;
use std::sync::Arc;

/// Finalizer: the object goes after its dependents.
pub const FOREGROUND: &str = "foregroundDeletion";
/// Finalizer: the object goes after its dependents have been given up.
pub const ORPHAN: &str = "orphan";

/// What there is.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// Whether the object's deletion has begun.
    pub terminating: bool,
    /// Its finalizers.
    pub finalizers: &'a [Arc<str>],
    /// Its owners and what is known of them.
    pub owners: &'a [(Uid, Owner)],
    /// The objects that name it as an owner.
    pub dependents: &'a [Dependent],
}

/// What is known of an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// It is there.
    Present,
    /// It is there, and going as soon as its dependents are gone.
    Waiting,
    /// It is not there.
    Absent,
    /// It cannot be told: its kind is not served, or the reference cannot be right.
    Unknown,
}

/// An object that names the one in question as an owner.
#[derive(Clone, Debug)]
pub struct Dependent {
    /// Its kind.
    pub kind: Arc<KindInfo>,
    /// Its key.
    pub key: ObjectKey,
    /// Its uid.
    pub uid: Uid,
    /// Whether the owner's foreground deletion waits for it.
    pub blocking: bool,
    /// Whether it is going as soon as its own dependents are gone.
    pub waiting: bool,
}

/// What to do, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Look at another object.
    LookAt(Uid),
    /// Take the reference to this object out of a dependent, the one at this position in [`View::dependents`].
    GiveUp(usize),
    /// Take out a finalizer.
    RemoveFinalizer(&'static str),
    /// Take out the references to these owners.
    Strip(Vec<Uid>),
    /// Let the owners go without this object: they form a circle with it.
    Unblock,
    /// Delete it.
    Delete(Propagation),
}

/// Plans the next step.
pub fn plan(view: &View<'_>) -> Vec<Op> {
    let has = |name: &str| view.finalizers.iter().any(|finalizer| &**finalizer == name);
    if view.terminating {
        return match (has(FOREGROUND), has(ORPHAN)) {
            (true, _) => wait_for_dependents(view),
            (false, true) => {
                let given_up = (0..view.dependents.len()).map(Op::GiveUp);
                given_up.chain([Op::RemoveFinalizer(ORPHAN)]).collect()
            }
            (false, false) => Vec::new(),
        };
    }
    let of = |wanted: Owner| view.owners.iter().filter(move |(_, owner)| *owner == wanted);
    if view.owners.is_empty() || of(Owner::Unknown).next().is_some() {
        return Vec::new();
    }
    if of(Owner::Present).next().is_some() {
        let loose: Vec<Uid> =
            of(Owner::Absent).chain(of(Owner::Waiting)).map(|(uid, _)| uid.clone()).collect();
        return if loose.is_empty() { Vec::new() } else { vec![Op::Strip(loose)] };
    }
    if of(Owner::Waiting).next().is_some() && !view.dependents.is_empty() {
        // A dependent that waits itself may wait for this object: somebody has to go first.
        let circle = view.dependents.iter().any(|dependent| dependent.waiting);
        let unblock = circle.then_some(Op::Unblock);
        return unblock.into_iter().chain([Op::Delete(Propagation::Foreground)]).collect();
    }
    // Whoever deletes has no wishes of its own: those that the object carries are kept.
    vec![Op::Delete(match (has(ORPHAN), has(FOREGROUND)) {
        (true, _) => Propagation::Orphan,
        (false, true) => Propagation::Foreground,
        (false, false) => Propagation::Background,
    })]
}

fn wait_for_dependents(view: &View<'_>) -> Vec<Op> {
    let blocking: Vec<Op> =
        view.dependents.iter().filter(|d| d.blocking).map(|d| Op::LookAt(d.uid.clone())).collect();
    if blocking.is_empty() { vec![Op::RemoveFinalizer(FOREGROUND)] } else { blocking }
}
