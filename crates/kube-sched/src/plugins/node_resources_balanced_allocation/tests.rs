//! The balance of one node.

use super::balance;

#[test]
fn even_use_is_best() {
    assert_eq!(balance([0.5, 0.5].into_iter()), 100);
    assert_eq!(balance([1.0, 0.0].into_iter()), 50);
    assert_eq!(balance([0.2, 0.6].into_iter()), 80);
    assert_eq!(balance([0.9].into_iter()), 100);
    assert_eq!(balance([0.0, 0.5, 1.0].into_iter()), 59);
}
