//! The kinds of the group `policy`.

mod pod_disruption_budget;
