//! Known bugs, one line each, by which checkers are checked: a checker that misses them sees nothing.
//!
//! A component asks [`is`] where the bug would be. Without the feature `mutants` the answer is a constant "no", which
//! the compiler drops; with it the answer is "no" until a test selects a mutant for its own thread. The feature is for
//! tests of checkers alone: kube-sim's tests enable it.

/// A known bug. Each stands for a kind of mistake that real controllers have made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Mutant {
    /// A controller acts before its caches show what it wrote.
    ActsOnOldCaches,
    /// A controller takes a lost race for the end of its work.
    IgnoresConflicts,
    /// A controller starts before its caches are complete.
    StartsUnsynced,
    /// A controller forgets to look again when time has passed.
    NeverLooksAgain,
    /// A ReplicaSet counts pods that are going.
    CountsTerminating,
    /// A node deletes a pod by its name, whoever has that name now.
    DeletesByName,
    /// A pod that has a node may be bound to another.
    BindsTwice,
    /// A watch that reconnects begins one revision too late.
    SkipsOnReconnect,
    /// A status changes with every look at it.
    StatusBumpsItself,
    /// Endpoints of a pod stay when it is gone.
    KeepsEndpoints,
    /// A ReplicaSet that shrinks gives up its ready pods first.
    GivesUpReadyPods,
    /// A node that comes back starts its pods once more.
    StartsTwice,
    /// The garbage collector believes that what it has not seen is not there.
    TrustsItsCache,
    /// A rollout creates all new pods at once.
    IgnoresSurge,
    /// A rollout trusts counts of a ReplicaSet that has not followed yet.
    TrustsOldCounts,
    /// The scheduler forgets a pod between deciding and binding.
    ForgetsAssumed,
    /// A change during a reconcile does not lead to another one.
    LosesBusyKeys,
    /// A cache that lists anew keeps what is gone.
    KeepsGoneObjects,
    /// A node does not repeat a report that failed.
    DropsFailedReports,
    /// Nobody asks whether a scheduler knew of the pods that others have bound to the node.
    BindsBlindly,
    /// The store acknowledges what its disk may still lose.
    AcknowledgesEarly,
    /// A Job that is taken up again forgets the pods that were noted and not counted yet.
    LosesJobCounts,
    /// A Job lets its pods go before it has noted that they ended.
    ReleasesBeforeCounting,
    /// Broken pods use up what a StatefulSet may replace at a time (kubernetes#137409).
    CountsBrokenAsSpent,
    /// A StatefulSet does not say that its update waits for ever (kubernetes#67250).
    HidesStuckRollout,
    /// An owner that is not in its dependent's namespace counts as gone everywhere (kubernetes#65200).
    BuriesStrangers,
    /// A CronJob by the day runs again when clocks go back (kubernetes#121594).
    RunsAgainWhenClocksGoBack,
    /// A rollout counts on pods that a failed node has taken away.
    CountsPodsOfDeadNodes,
    /// Resizing in the middle of a rollout loses what rounding leaves over.
    LeaksOnResize,
    /// A DaemonSet that is taken up again does not know pods that no node has yet.
    ForgetsUnboundDaemons,
    /// Whoever watches over nodes takes them for dead when it starts anew, by their leases of before.
    TrustsOldLeases,
    /// The status of a disruption budget is written over evictions that came between.
    WritesOverEvictions,
    /// A namespace goes as soon as its content was asked to.
    FinalisesTooSoon,
    /// A ReplicaSet replaces pods that nodes reject as fast as it can.
    LoopsOnRejectedPods,
    /// What a deposed leader writes is stored.
    IgnoresFences,
    /// A candidate reads from its wall clock whether a lease has run out.
    ExpiresByTheWall,
    /// A leader that could not renew for too long goes on as if it had.
    RenewsAfterDeadline,
    /// A leader that stops keeps its lease.
    ForgetsRelease,
    /// The controllers of a shard write without its fence, also when it is lost.
    WorksUnfenced,
    /// An instance works on with a shard that it has lost, and not with what it wins again.
    KeepsLostShards,
    /// An instance gives a shard up in the middle of its work there.
    HandsOverBusyKeys,
    /// An instance that died counts as one that lives.
    WaitsForTheDead,
    /// An instance that is away for a moment counts as one that died, and its lease is deleted.
    BuriesTheAbsent,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 43] = [
        Self::ActsOnOldCaches,
        Self::IgnoresConflicts,
        Self::StartsUnsynced,
        Self::NeverLooksAgain,
        Self::CountsTerminating,
        Self::DeletesByName,
        Self::BindsTwice,
        Self::SkipsOnReconnect,
        Self::StatusBumpsItself,
        Self::KeepsEndpoints,
        Self::GivesUpReadyPods,
        Self::StartsTwice,
        Self::TrustsItsCache,
        Self::IgnoresSurge,
        Self::TrustsOldCounts,
        Self::ForgetsAssumed,
        Self::LosesBusyKeys,
        Self::KeepsGoneObjects,
        Self::DropsFailedReports,
        Self::BindsBlindly,
        Self::AcknowledgesEarly,
        Self::LosesJobCounts,
        Self::ReleasesBeforeCounting,
        Self::CountsBrokenAsSpent,
        Self::HidesStuckRollout,
        Self::BuriesStrangers,
        Self::RunsAgainWhenClocksGoBack,
        Self::CountsPodsOfDeadNodes,
        Self::LeaksOnResize,
        Self::ForgetsUnboundDaemons,
        Self::TrustsOldLeases,
        Self::WritesOverEvictions,
        Self::FinalisesTooSoon,
        Self::LoopsOnRejectedPods,
        Self::IgnoresFences,
        Self::ExpiresByTheWall,
        Self::RenewsAfterDeadline,
        Self::ForgetsRelease,
        Self::WorksUnfenced,
        Self::KeepsLostShards,
        Self::HandsOverBusyKeys,
        Self::WaitsForTheDead,
        Self::BuriesTheAbsent,
    ];
}

/// Whether the running thread has this bug.
#[cfg(not(feature = "mutants"))]
#[inline]
pub const fn is(_mutant: Mutant) -> bool {
    false
}

/// Whether the running thread has this bug.
#[cfg(feature = "mutants")]
#[inline]
pub fn is(mutant: Mutant) -> bool {
    selected::is(mutant)
}

/// Gives the running thread this bug until the guard is dropped.
#[cfg(feature = "mutants")]
pub use selected::{Selected, select};

#[cfg(feature = "mutants")]
mod selected {
    use super::Mutant;
    use std::cell::Cell;

    thread_local! {
        static SELECTED: Cell<Option<Mutant>> = const { Cell::new(None) };
    }

    /// As long as it lives its thread has the bug.
    #[derive(Debug)]
    pub struct Selected(Option<Mutant>);

    /// Gives the running thread this bug until the guard is dropped.
    #[must_use]
    pub fn select(mutant: Mutant) -> Selected {
        Selected(SELECTED.replace(Some(mutant)))
    }

    impl Drop for Selected {
        fn drop(&mut self) {
            SELECTED.set(self.0);
        }
    }

    pub(super) fn is(mutant: Mutant) -> bool {
        SELECTED.get() == Some(mutant)
    }
}
