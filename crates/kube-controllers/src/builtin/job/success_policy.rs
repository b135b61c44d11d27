//! When an indexed Job has succeeded before all its indexes have.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/job` (`success_policy.go`).

use super::indexes::Intervals;
use kube_core::kinds::batch::v1::SuccessPolicy;

/// The message of the first rule that the succeeded indexes meet.
pub fn met(policy: Option<&SuccessPolicy>, completions: i32, succeeded: &Intervals) -> Option<String> {
    let rules = policy.iter().flat_map(|policy| policy.rules.iter().enumerate());
    let mut met = rules.filter(|(_, rule)| {
        let wanted = rule.succeeded_indexes.as_deref().map(|text| Intervals::parse(text, completions));
        match (wanted, rule.succeeded_count) {
            (Some(wanted), count) => {
                let (common, all) = (wanted.common(succeeded), wanted.total());
                // All of them are enough, however many are asked for; a rule that names none is never met.
                all > 0 && (common >= all || count.is_some_and(|count| common >= count))
            }
            (None, Some(count)) => succeeded.total() >= count,
            (None, None) => false,
        }
    });
    met.next().filter(|_| succeeded.total() > 0).map(|(at, _)| format!("Matched rules at index {at}"))
}
