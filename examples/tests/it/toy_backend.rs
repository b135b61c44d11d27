//! An outsider's engine passes the suite, and the suite looks at it.

use kube_examples::toy_backend::{judge, traffic};

#[tokio::test]
async fn the_toy_keeps_the_contract() {
    let report = judge().await;
    assert!(report.failures.is_empty(), "{report}");
    assert!(report.passed.len() > 100, "{report}");
    let history = traffic(1).await.unwrap();
    assert!(history.writes > 100 && history.deliveries > 100, "{history:?}");
}
