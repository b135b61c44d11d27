//! The examples of the scheduler run, and show what they promise.

use kube_examples::screen::Screen;
use kube_examples::{custom_plugin, why_pending};

#[tokio::test]
async fn a_plugin_of_ones_own_reads_its_resource() {
    let node = custom_plugin::run(&mut Screen::plain(std::io::sink())).await.unwrap();
    assert_eq!(node, "near");
}

#[test]
fn a_pending_pod_is_explained() {
    let line = why_pending::run(&mut Screen::plain(std::io::sink())).unwrap();
    let start = "0/5 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, \
                 3 Insufficient cpu. preemption: ";
    assert!(line.starts_with(start), "{line}");
}
