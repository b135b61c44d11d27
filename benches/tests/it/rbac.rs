//! Deciding who may do what.

use kube_benches::rbac::{baseline::Scan, cluster, policy, questions};

#[test]
fn the_index_decides_as_a_scan_does() {
    let cluster = cluster(2_000);
    let (policy, scan) = (policy(&cluster), Scan::new(&cluster.roles, &cluster.bindings));
    let mut allowed = 0;
    for question in questions(2_000, 2_000) {
        let asked = question.attributes();
        let ours = policy.authorize(&asked).map(|grant| grant.name());
        assert_eq!(ours, scan.authorize(&asked), "{question:?}");
        allowed += usize::from(ours.is_some());
    }
    assert!(
        (200..1_800).contains(&allowed),
        "{allowed} of 2000 are allowed: the questions must tell something"
    );
}
