//! Large clusters, in small.

use kube_examples::scale;
use kube_examples::screen::Screen;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn every_pod_of_a_deployment_runs_in_the_end() {
    let rate = scale::pods(&mut Screen::plain(std::io::sink()), 60, 10).await.unwrap();
    assert!(rate > 0.0);
}

#[test]
fn nodes_whose_leases_are_virtual_idle_for_an_hour() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let took = scale::idle(&mut Screen::plain(std::io::sink()), 20, Duration::from_hours(1));
    assert!(took < Duration::from_mins(10), "{took:?}");
}
