//! Lists of conditions: finding one, and setting one so that `lastTransitionTime` tells when its status changed.
//!
//! Works on every condition type through [`Condition`]; kinds of others implement it to join.
//!
//! ```
//! use kube_core::condition;
//! use kube_core::kinds::core::v1::PodCondition;
//! use kube_core::kinds::meta::v1::Time;
//!
//! let at = |seconds| Ok::<_, jiff::Error>(Time(jiff::Timestamp::from_second(seconds)?));
//! let ready = |status: &str| PodCondition {
//!     type_: "Ready".to_owned(), status: status.to_owned(), ..PodCondition::default()
//! };
//! let mut conditions = Vec::new();
//! assert!(condition::set(&mut conditions, ready("True"), &at(1)?));
//! assert!(!condition::set(&mut conditions, ready("True"), &at(2)?), "nothing has changed");
//! assert_eq!(conditions[0].last_transition_time, Some(at(1)?));
//! assert!(condition::is_true(&conditions, "Ready"));
//! # Ok::<(), jiff::Error>(())
//! ```

mod kinds;
#[cfg(test)]
mod tests;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// The status of a condition that holds.
pub const TRUE: &str = "True";
/// The status of a condition that does not hold.
pub const FALSE: &str = "False";
/// The status of a condition of which it is not known whether it holds.
pub const UNKNOWN: &str = "Unknown";

/// One entry of `status.conditions`.
pub trait Condition: PartialEq {
    /// What the condition is about: `Ready`, `Available`, …; one entry per type stands in a list.
    fn type_(&self) -> &str;

    /// Whether it holds: [`TRUE`], [`FALSE`] or [`UNKNOWN`].
    fn status(&self) -> &str;

    /// Why, in one word for programs; empty if not said.
    fn reason(&self) -> &str;

    /// Why, for people; empty if not said.
    fn message(&self) -> &str;

    /// When the status last changed.
    fn last_transition_time(&self) -> Option<&Time>;

    /// Says when the status last changed.
    fn set_last_transition_time(&mut self, time: Option<Time>);
}

/// The condition of type `type_`.
///
/// Source: `FindStatusCondition` of `k8s.io/apimachinery/pkg/api/meta`.
pub fn find<'a, C: Condition>(conditions: &'a [C], type_: &str) -> Option<&'a C> {
    conditions.iter().find(|condition| condition.type_() == type_)
}

/// Whether the condition of type `type_` stands in the list with the status `status`.
///
/// Source: `IsStatusConditionPresentAndEqual` of `k8s.io/apimachinery/pkg/api/meta`.
pub fn is_status<C: Condition>(conditions: &[C], type_: &str, status: &str) -> bool {
    find(conditions, type_).is_some_and(|condition| condition.status() == status)
}

/// Whether the condition of type `type_` is known to hold.
///
/// Source: `IsStatusConditionTrue` of `k8s.io/apimachinery/pkg/api/meta`.
pub fn is_true<C: Condition>(conditions: &[C], type_: &str) -> bool {
    is_status(conditions, type_, TRUE)
}

/// Whether the condition of type `type_` is known not to hold; false if it does not stand in the list.
///
/// Source: `IsStatusConditionFalse` of `k8s.io/apimachinery/pkg/api/meta`.
pub fn is_false<C: Condition>(conditions: &[C], type_: &str) -> bool {
    is_status(conditions, type_, FALSE)
}

/// Puts `new` in the place of the condition of its type, or at the end. Gives whether the list has changed.
///
/// The last transition of `new` is overwritten: with the old one's if the status is the same, else with `now`.
/// All other fields, also times of probes and heartbeats, are those of `new`.
///
/// Source: `SetStatusCondition` of `k8s.io/apimachinery/pkg/api/meta`, `UpdatePodCondition` of
/// `k8s.io/kubernetes/pkg/api/v1/pod`.
pub fn set<C: Condition>(conditions: &mut Vec<C>, mut new: C, now: &Time) -> bool {
    let Some(old) = conditions.iter_mut().find(|old| old.type_() == new.type_()) else {
        new.set_last_transition_time(Some(now.clone()));
        conditions.push(new);
        return true;
    };
    let unchanged = old.status() == new.status();
    let time = if unchanged { old.last_transition_time() } else { Some(now) };
    new.set_last_transition_time(time.cloned());
    if *old == new {
        return false;
    }
    *old = new;
    true
}

/// Takes the condition of type `type_` out of the list. Gives whether it stood there.
///
/// Source: `RemoveStatusCondition` of `k8s.io/apimachinery/pkg/api/meta`.
pub fn remove<C: Condition>(conditions: &mut Vec<C>, type_: &str) -> bool {
    let before = conditions.len();
    conditions.retain(|condition| condition.type_() != type_);
    conditions.len() != before
}
