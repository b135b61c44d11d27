//! Both sides of the bench answer alike.

use kube_benches::objects::{Ours, baseline::Naive, pod, status};

#[test]
fn both_find_the_pods_of_a_label_and_accept_the_same_writes() {
    let all = || (0..40).map(|n| pod(n, &format!("app-{}", n % 4)));
    let (ours, naive) = (Ours::with(all()), Naive::with(all()));
    assert_eq!(ours.list("app-3").map(|(count, _)| count), Some(10));
    assert_eq!(naive.list("app-3"), 10);
    let mut object = pod(3, "app-3");
    object["status"] = status(1);
    assert!(ours.update_status("app-3-000003", object.clone()).is_some());
    assert!(naive.update_status("app-3-000003", object).is_some());
    let mut wrong = pod(41, "web");
    wrong["spec"]["containers"] = 7.into();
    assert_eq!((ours.create(wrong.clone()), naive.create(wrong)), (None, None));
}

#[test]
fn the_pod_has_about_four_kilobytes() {
    let bytes = Ours::default().create(pod(1, "web")).expect("accepted by every plugin");
    assert!((3_900..6_000).contains(&bytes), "{bytes}");
}
