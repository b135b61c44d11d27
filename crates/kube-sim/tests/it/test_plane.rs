//! A plane in two lines, and time that passes when it is told to.

use kube_core::kinds::apps::v1::Deployment;
use kube_core::kinds::core::v1::Pod;
use kube_sim::scenarios::WEB;
use kube_sim::{TestPlane, Units};

#[test]
fn a_deployment_is_there_after_two_lines() {
    let mut plane = TestPlane::new();
    plane.apply(WEB);
    plane.settle();
    assert_eq!(plane.view().ready("default/web"), 10);

    plane.scale::<Deployment>("default/web", 2);
    plane.settle();
    assert_eq!(plane.list::<Pod>().len(), 2);

    plane.delete::<Deployment>("default/web");
    plane.settle();
    assert!(plane.list::<Pod>().is_empty());
    assert!(plane.find::<Deployment>("default/web").is_none());
}

#[test]
fn what_takes_time_takes_exactly_as_long() {
    let mut plane = TestPlane::new();
    plane.apply(WEB);
    plane.edit::<Deployment>("default/web", |web| {
        web.spec.as_mut().expect("a spec").min_ready_seconds = Some(300);
    });
    plane.settle();
    let available = |plane: &mut TestPlane| {
        let status = plane.get::<Deployment>("default/web").status.expect("a status");
        status.available_replicas.unwrap_or(0)
    };
    let before = plane.now();
    assert_eq!(available(&mut plane), 0, "ready pods count only after five minutes");
    plane.advance(4.minutes());
    assert_eq!(available(&mut plane), 0);
    plane.advance(70.seconds());
    assert_eq!(available(&mut plane), 10);
    assert_eq!(plane.now().since(before), 4.minutes() + 70.seconds());
}

#[test]
#[should_panic(expected = "metadata.name: Invalid value")]
fn what_is_refused_is_a_failure() {
    TestPlane::new().apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: Not_A_Name}}");
}
