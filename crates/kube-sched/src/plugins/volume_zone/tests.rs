//! Labels that name several zones.

use super::{current, set_of};

#[test]
fn a_label_names_one_zone_or_several() {
    let zones = |label| set_of(label).map(|set| set.into_iter().collect::<Vec<_>>());
    assert_eq!(zones("a").unwrap(), ["a"]);
    assert_eq!(zones("a__b").unwrap(), ["a", "b"]);
    assert_eq!(zones("a__"), None);
    assert_eq!(current("failure-domain.beta.kubernetes.io/zone"), "topology.kubernetes.io/zone");
}
