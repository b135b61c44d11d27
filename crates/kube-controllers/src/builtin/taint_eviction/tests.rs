//! How long pods bear taints.

use super::plan::{Stay, stay};
use kube_core::taint::{Effect, Taint, Toleration, TolerationOperator};
use std::time::Duration;

fn taint(key: &str) -> Taint {
    Taint::new(key, "", Effect::NoExecute)
}

fn bears(key: &str, seconds: Option<i64>) -> Toleration {
    Toleration {
        key: key.into(),
        operator: TolerationOperator::Exists,
        toleration_seconds: seconds,
        ..Toleration::default()
    }
}

#[test]
fn the_shortest_of_what_bears_each_taint_counts() {
    let at_once = Stay::For(Duration::ZERO);
    let seconds = |seconds| Stay::For(Duration::from_secs(seconds));
    assert_eq!(stay(&[], &[]), Stay::Forever);
    assert_eq!(stay(&[Taint::new("a", "", Effect::NoSchedule)], &[]), Stay::Forever);
    assert_eq!(stay(&[taint("a")], &[]), at_once);
    assert_eq!(stay(&[taint("a")], &[bears("a", None)]), Stay::Forever);
    assert_eq!(stay(&[taint("a")], &[bears("a", Some(300))]), seconds(300));
    assert_eq!(stay(&[taint("a")], &[bears("a", Some(-1))]), at_once);
    let both = [bears("a", Some(300)), bears("b", Some(20))];
    assert_eq!(stay(&[taint("a"), taint("b")], &both), seconds(20));
    assert_eq!(stay(&[taint("a"), taint("c")], &both), at_once, "nothing bears c");
    assert_eq!(stay(&[taint("a")], &[bears("a", Some(7)), bears("a", None)]), seconds(7), "the first counts");
}
