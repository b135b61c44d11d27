//! Revisions: the annotations that number a Deployment's ReplicaSets.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/deployment/util` (`SetNewReplicaSetAnnotations`).

use std::collections::BTreeMap;

use super::sets::{DESIRED_REPLICAS, MAX_REPLICAS};

/// Annotation: the revision of the template.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
/// Annotation: revisions that the same template had before.
pub const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";

/// Longest value of [`REVISION_HISTORY`] in bytes.
const HISTORY_BYTES: usize = 2000;

/// Annotations that belong to the Deployment or to the ReplicaSet alone.
const NOT_COPIED: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    REVISION_HISTORY,
    DESIRED_REPLICAS,
    MAX_REPLICAS,
    "deprecated.deployment.rollback.to",
];

/// Annotations of an object.
pub(super) type Annotations = BTreeMap<String, String>;

/// The revision in `annotations`; 0 where there is none.
pub fn revision_of(annotations: Option<&Annotations>) -> i64 {
    annotations.and_then(|map| map.get(REVISION)).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The annotations that the new ReplicaSet, which has `present`, is to have as revision `revision` of the Deployment
/// with `wanted`.
pub fn annotations_of_new_set(present: &Annotations, wanted: &Annotations, revision: i64) -> Annotations {
    let copied = wanted.iter().filter(|(key, _)| !NOT_COPIED.contains(&key.as_str()));
    let mut result = present.clone();
    result.extend(copied.map(|(key, value)| (key.clone(), value.clone())));
    let before = present.get(REVISION);
    let number =
        before.map_or(Some(0), |text| if text.is_empty() { Some(0) } else { text.parse::<i64>().ok() });
    // A revision that is no number is somebody else's: it is left alone.
    if number.is_some_and(|number| number < revision) {
        result.insert(REVISION.to_owned(), revision.to_string());
        if let Some(before) = before {
            remember(&mut result, before);
        }
    }
    result
}

/// Adds a revision to the history; the oldest go when it gets too long.
fn remember(annotations: &mut Annotations, revision: &str) {
    let history = annotations.entry(REVISION_HISTORY.to_owned()).or_default();
    let mut kept = history.as_str();
    let length = |kept: &str| kept.len() + revision.len() + 1;
    while !kept.is_empty() && length(kept) > HISTORY_BYTES {
        kept = kept.split_once(',').map_or("", |(_, rest)| rest);
    }
    *history = if kept.is_empty() { revision.to_owned() } else { format!("{kept},{revision}") };
}
