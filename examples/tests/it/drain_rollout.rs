//! Pods that wait lose nothing.

use kube_examples::drain_rollout::{Plan, run};
use kube_examples::screen::Screen;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_loses_nothing_and_not_waiting_does() {
    let env = kube_store::rt::env();
    let plan = Plan { clients: 16, updates: 1 };
    let [with, without] = run(&env, plan, &mut Screen::plain(std::io::sink())).await.unwrap();
    assert_eq!((with.failed, with.replaced), (0, 10));
    assert!(without.failed > 0 && without.replaced == 10);
    assert!(with.sent > 100, "{} requests are no load", with.sent);
}
