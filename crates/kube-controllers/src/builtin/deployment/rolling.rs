//! The steps of a rollout: how large each ReplicaSet is to be next.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/deployment` (`rolling.go`, `recreate.go`), `NewRSNewReplicas`.

use super::fenceposts::Target;
use super::sets::{SetSize, Sets};
use kube_store::mutant::{self, Mutant};

/// The size of the new ReplicaSet that the limits allow now.
pub fn new_set_size(target: &Target, sets: &Sets) -> i32 {
    let size = sets.new.as_ref().map_or(0, |set| set.size);
    if target.rolling.is_none() || mutant::is(Mutant::IgnoresSurge) {
        return target.replicas;
    }
    let total = sets.total_size();
    if total >= target.max_total() {
        return size;
    }
    size + (target.max_total() - total).min(target.replicas - size)
}

/// Moves the new ReplicaSet towards the wanted size. Gives whether it did.
pub fn reconcile_new(target: &Target, sets: &mut Sets) -> bool {
    let allowed = new_set_size(target, sets);
    let Some(set) = &mut sets.new else { return false };
    // A set that is too large shrinks at once; growing obeys the surge.
    let size = if set.size >= target.replicas { target.replicas } else { allowed };
    if set.size == size {
        return false;
    }
    set.resize(size, target);
    true
}

/// Takes pods from the old ReplicaSets as far as availability allows: unhealthy ones first, since they would block
/// the rollout. Gives whether it did.
pub fn reconcile_old(target: &Target, sets: &mut Sets) -> bool {
    if !sets.old.iter().any(SetSize::is_active) {
        return false;
    }
    // A set that has not followed the last step yet reports pods that are on their way out: they must not be given
    // away twice. (Kubernetes fails the sync where it reports more than its size, and otherwise trusts it.)
    let behind = |set: &SetSize| {
        (!set.is_observed || set.available > set.size) && !mutant::is(Mutant::TrustsOldCounts)
    };
    if sets.new.iter().any(behind) || sets.old.iter().any(|set| set.is_active() && behind(set)) {
        return false;
    }
    // Pods of the new set that are not available yet could crash: they are not counted on.
    let unavailable = sets.new.as_ref().map_or(0, |set| set.size - set.available);
    let spare = sets.total_size() - (target.replicas - target.max_unavailable()) - unavailable;
    if spare <= 0 {
        return false;
    }
    // Pods that a set of size 0 still reports are on their way out: they are not counted on either.
    let idle: Vec<SetSize> = sets.old.extract_if(.., |set| !set.is_active()).collect();
    let cleaned = cleanup_unhealthy(target, sets, spare);
    let scaled = scale_down_old(target, sets);
    sets.old.extend(idle);
    cleaned + scaled > 0
}

/// Takes up to `limit` pods that are not available from the old ReplicaSets, oldest first. Gives how many.
pub fn cleanup_unhealthy(target: &Target, sets: &mut Sets, limit: i32) -> i32 {
    let mut done = 0;
    for set in sets.active_old() {
        let count = (limit - done).min(set.size - set.available);
        if count > 0 {
            set.resize(set.size - count, target);
            done += count;
        }
    }
    done
}

/// Takes available pods from the old ReplicaSets, oldest first, down to the number that must stay available. Gives
/// how many.
pub fn scale_down_old(target: &Target, sets: &mut Sets) -> i32 {
    let counted =
        if mutant::is(Mutant::CountsPodsOfDeadNodes) { sets.total_size() } else { sets.total_available() };
    let spare = counted - (target.replicas - target.max_unavailable());
    let mut done = 0;
    for set in sets.active_old() {
        let count = (spare - done).min(set.size);
        if count > 0 {
            set.resize(set.size - count, target);
            done += count;
        }
    }
    done
}

/// Takes all pods from the old ReplicaSets (strategy `Recreate`). Gives whether there were any.
pub fn scale_down_all_old(target: &Target, sets: &mut Sets) -> bool {
    let mut any = false;
    for set in sets.active_old() {
        set.resize(0, target);
        any = true;
    }
    any
}
