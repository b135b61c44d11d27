//! Chains of causes.

use super::{History, REMEMBERED, WriteRecord};
use crate::runtime::cause::{Cause, Causes};
use kube_core::kinds::apps::v1::{Deployment, ReplicaSet};
use kube_core::kinds::core::v1::Pod;
use kube_core::resource::{KindInfo, ObjectKey, Resource};
use kube_store::storage::Revision;
use std::sync::Arc;

fn changed(kind: &KindInfo, revision: u64) -> Cause {
    Cause::Changed {
        kind: Arc::new(kind.clone()),
        key: ObjectKey::new("default", "web"),
        revision: Revision::new(revision),
    }
}

fn wrote(controller: &str, kind: &KindInfo, revision: u64, cause: Cause) -> WriteRecord {
    WriteRecord {
        controller: controller.into(),
        reconciled: ObjectKey::new("default", "web"),
        causes: Arc::new(Causes::of(cause)),
        kind: kind.kind.as_ref().into(),
        key: ObjectKey::new("default", "web"),
        revision: Revision::new(revision),
    }
}

#[test]
fn a_chain_goes_back_to_what_no_controller_wrote() {
    let history = History::default();
    let (deployment, set, pod) = (Deployment::kind_info(), ReplicaSet::kind_info(), Pod::kind_info());
    history.add(wrote("deployment-controller", set, 5, changed(deployment, 4)));
    history.add(wrote("replicaset-controller", pod, 6, changed(set, 5)));
    let why = history.why(pod, &ObjectKey::new("default", "web")).expect("it was written");
    assert_eq!(
        why.to_string(),
        "Pod default/web at 6: written by replicaset-controller for default/web\n  \
         because ReplicaSet default/web changed at 5\n    \
         ReplicaSet default/web at 5: written by deployment-controller for default/web\n      \
         because Deployment default/web changed at 4"
    );
    assert_eq!(history.why(deployment, &ObjectKey::new("default", "web")), None, "a user wrote it");
}

#[test]
fn old_writes_are_forgotten_and_circles_end() {
    let history = History::default();
    let set = ReplicaSet::kind_info();
    history.add(wrote("old", Pod::kind_info(), 1, Cause::Requeued));
    for revision in 2..=(REMEMBERED as u64 + 1) {
        history.add(wrote("loop", set, revision, changed(set, revision)));
    }
    assert_eq!(history.why(Pod::kind_info(), &ObjectKey::new("default", "web")), None);
    let why = history.why(set, &ObjectKey::new("default", "web")).expect("it was written");
    assert!(why.to_string().lines().count() < 100);
}

#[test]
fn a_web_of_causes_is_told_in_part() {
    let history = History::default();
    let set = ReplicaSet::kind_info();
    for revision in 2..60 {
        let mut record = wrote("web", set, revision, changed(set, revision - 1));
        let mut causes = Causes::of(changed(set, revision - 1));
        causes.merge(Causes::of(changed(set, revision.saturating_sub(2))));
        record.causes = Arc::new(causes);
        history.add(record);
    }
    let why = history.why(set, &ObjectKey::new("default", "web")).expect("it was written");
    assert!(why.to_string().lines().count() < 150);
}
