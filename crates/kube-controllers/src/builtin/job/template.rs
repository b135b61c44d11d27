//! The pods of a Job.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/job` (`manageJob`), `pkg/registry/batch/job` (`generateSelector`).

use super::plan::NewPod;
use super::pods::{COMPLETION_INDEX, FAILURE_COUNT, IGNORED_FAILURE_COUNT, TRACKING};
use kube_core::kinds::batch::v1::Job;
use kube_core::kinds::core::v1::{Container, EnvVar, EnvVarSource, ObjectFieldSelector, Pod, PodSpec};
use kube_core::kinds::meta::v1::ObjectMeta;
use kube_core::resource::{ResourceExt, owner_reference};
use std::collections::BTreeMap;

/// Variable with the pod's index.
const INDEX_VARIABLE: &str = "JOB_COMPLETION_INDEX";

/// Longest prefix of generated names that leaves room for what is generated.
const PREFIX_BYTES: usize = 58;

/// A pod of `job`.
pub fn pod_of(job: &Job, new: NewPod) -> Pod {
    let template = job.spec.as_ref().map(|spec| spec.template.clone()).unwrap_or_default();
    let meta = template.metadata.unwrap_or_default();
    let mut labels = meta.labels.unwrap_or_default();
    for (key, value) in own_labels(job) {
        labels.entry(key).or_insert(value);
    }
    let mut annotations = meta.annotations.unwrap_or_default();
    let mut finalizers = meta.finalizers.unwrap_or_default();
    if !finalizers.iter().any(|finalizer| finalizer == TRACKING) {
        finalizers.push(TRACKING.to_owned());
    }
    let mut spec = template.spec.unwrap_or_default();
    let mut prefix = format!("{}-", job.name());
    if let Some(index) = new.index {
        labels.insert(COMPLETION_INDEX.to_owned(), index.to_string());
        annotations.insert(COMPLETION_INDEX.to_owned(), index.to_string());
        count_failures(&mut annotations, new);
        spec.hostname = Some(format!("{}-{index}", job.name()));
        add_variable(&mut spec);
        let end = format!("-{index}-");
        let room = PREFIX_BYTES.saturating_sub(end.len());
        prefix = format!("{}{end}", job.name().get(..room).unwrap_or_else(|| job.name()));
    }
    Pod {
        metadata: ObjectMeta {
            generate_name: Some(prefix),
            namespace: job.metadata.namespace.clone(),
            labels: Some(labels),
            annotations: Some(annotations).filter(|annotations| !annotations.is_empty()),
            finalizers: Some(finalizers),
            owner_references: Some(vec![owner_reference(job)]),
            ..ObjectMeta::default()
        },
        spec: Some(spec),
        status: None,
    }
}

/// What the pods of a Job are told apart by, for Jobs whose template does not say it yet.
fn own_labels(job: &Job) -> [(String, String); 4] {
    let (uid, name) = (job.uid().as_str().to_owned(), job.name().to_owned());
    [
        ("batch.kubernetes.io/controller-uid", uid.clone()),
        ("batch.kubernetes.io/job-name", name.clone()),
        ("controller-uid", uid),
        ("job-name", name),
    ]
    .map(|(key, value)| (key.to_owned(), value))
}

fn count_failures(annotations: &mut BTreeMap<String, String>, new: NewPod) {
    if let Some(failures) = new.failures {
        annotations.insert(FAILURE_COUNT.to_owned(), failures.to_string());
        if new.ignored_failures > 0 {
            annotations.insert(IGNORED_FAILURE_COUNT.to_owned(), new.ignored_failures.to_string());
        }
    }
}

/// Gives every container the variable, unless it has one of that name.
fn add_variable(spec: &mut PodSpec) {
    let all = spec.init_containers.iter_mut().flatten().chain(&mut spec.containers);
    all.for_each(|container: &mut Container| {
        let variables = container.env.get_or_insert_default();
        if variables.iter().any(|variable| variable.name == INDEX_VARIABLE) {
            return;
        }
        variables.push(EnvVar {
            name: INDEX_VARIABLE.to_owned(),
            value_from: Some(EnvVarSource {
                field_ref: Some(ObjectFieldSelector {
                    field_path: format!("metadata.labels['{COMPLETION_INDEX}']"),
                    ..ObjectFieldSelector::default()
                }),
                ..EnvVarSource::default()
            }),
            ..EnvVar::default()
        });
    });
}
