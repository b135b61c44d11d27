//! Resizing in the middle of a rollout: every ReplicaSet gets its share.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/deployment` (`scale`, `isScalingEvent`), `GetReplicaSetProportion`.

use super::fenceposts::Target;
use super::sets::{SetSize, Sets, by_creation, by_size_newer, by_size_older, sum};
use kube_store::mutant::{self, Mutant};

/// Whether the wanted number changed since a ReplicaSet with pods was last scaled.
pub fn is_scaling(target: &Target, sets: &Sets) -> bool {
    sets.all().filter(|set| set.is_active()).any(|set| set.desired.is_some_and(|n| n != target.replicas))
}

/// Brings the ReplicaSets to the wanted number in all, keeping their proportions.
pub fn scale(target: &Target, sets: &mut Sets) {
    match single(sets) {
        Single::None => return,
        Single::One(set) => {
            if set.size != target.replicas {
                set.resize(target.replicas, target);
            }
            return;
        }
        Single::Several => {}
    }
    if sets.new.as_ref().is_some_and(|set| is_saturated(target, set)) {
        sets.active_old().for_each(|set| set.resize(0, target));
    } else if target.rolling.is_some() {
        scale_proportionally(target, sets);
    }
}

enum Single<'a> {
    None,
    One(&'a mut SetSize),
    Several,
}

/// The only ReplicaSet with pods; where none has any, the new one, or else the newest.
fn single(sets: &mut Sets) -> Single<'_> {
    match sets.all().filter(|set| set.is_active()).count() {
        0 => match (&mut sets.new, &mut sets.old) {
            (Some(new), _) => Single::One(new),
            (None, old) => old.iter_mut().max_by(|a, b| by_creation(a, b)).map_or(Single::None, Single::One),
        },
        1 => sets.all_mut().find(|set| set.is_active()).map_or(Single::None, Single::One),
        _ => Single::Several,
    }
}

/// Whether the rollout has arrived.
fn is_saturated(target: &Target, set: &SetSize) -> bool {
    [Some(set.size), set.desired, Some(set.available)].iter().all(|n| *n == Some(target.replicas))
}

fn scale_proportionally(target: &Target, sets: &mut Sets) {
    let mut active: Vec<&mut SetSize> = sets.all_mut().filter(|set| set.is_active()).collect();
    let allowed = if target.replicas > 0 { target.max_total() } else { 0 };
    let to_add = allowed.saturating_sub(sum(active.iter().map(|set| set.size)));
    match to_add {
        1.. => active.sort_by(|a, b| by_size_newer(a, b)),
        0 => {}
        _ => active.sort_by(|a, b| by_size_older(a, b)),
    }
    let mut added = 0;
    let mut sizes = Vec::with_capacity(active.len());
    for set in &active {
        let share = proportion(target, set, to_add, added);
        added += share;
        sizes.push(set.size + share);
    }
    // What rounding left over goes to the largest.
    if let Some(first) = sizes.first_mut().filter(|_| to_add != 0 && !mutant::is(Mutant::LeaksOnResize)) {
        *first = (*first + to_add - added).max(0);
    }
    for (set, size) in active.into_iter().zip(sizes) {
        set.resize(size, target);
    }
}

/// The part of `to_add` that falls to `set`, of which `added` was given out.
fn proportion(target: &Target, set: &SetSize, to_add: i32, added: i32) -> i32 {
    let left = to_add - added;
    if set.size == 0 || left == 0 {
        return 0;
    }
    let share = fraction(target, set);
    if to_add > 0 { share.min(left) } else { share.max(left) }
}

fn fraction(target: &Target, set: &SetSize) -> i32 {
    if target.replicas == 0 {
        return -set.size;
    }
    // Without the annotation, which somebody removed: the Deployment's size as last observed.
    let before = set.max.filter(|max| *max != 0).unwrap_or(target.observed);
    if before == 0 {
        return 0;
    }
    let exact = f64::from(set.size) * f64::from(target.max_total()) / f64::from(before);
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, which is what is wanted")]
    let rounded = exact.round() as i32;
    rounded.saturating_sub(set.size)
}
