//! The quickstart runs, and shows what it promises.

use kube_examples::quickstart::{Place, journey, own_manifests};
use kube_examples::screen::Screen;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// What an example wrote.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests")
}

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_quickstart_tells_its_journey() {
    let paper = Paper::default();
    let picture = scratch("owners.dot");
    let found =
        journey(&mut Screen::plain(paper.clone()), &Place::Memory, &folder(), &picture).await.unwrap();
    let text = paper.text();

    let expected = ["PersistentVolume", "PersistentVolumeClaim", "ServiceAccount"];
    assert!(found.without_controller.iter().eq(expected), "{:?}", found.without_controller);
    assert_eq!(found.low_water, 2, "a rolling update of 2 replicas may take none away");
    assert_eq!(found.cname, "sourced-bucket.s3.us-west-2.amazonaws.com");
    assert_eq!(found.evicted, "queue-1");
    assert!(found.why.contains("Insufficient cpu"), "{}", found.why);
    assert!(found.why.contains("didn't match Pod's node affinity/selector"), "{}", found.why);
    for expected in [
        "deployment my-application ready: 3/3",
        "scaled to 10",
        "scaled to 2",
        "landed elsewhere",
        "2/2     2",
        "it is tainted, and its pods count as not ready",
        "queue-1 is terminating and not replaced: it may still run",
        "and so is queue-1",
    ] {
        assert!(text.contains(expected), "{expected:?} is missing in:\n{text}");
    }
    let dot = std::fs::read_to_string(picture).unwrap();
    assert!(dot.starts_with("digraph") && dot.contains("Deployment\\ndefault/my-application"), "{dot}");
}

async fn run_own(name: &str, manifest: &str) -> (Result<(), String>, String) {
    let file = scratch(name);
    std::fs::write(&file, manifest).unwrap();
    let paper = Paper::default();
    let result = own_manifests(&mut Screen::plain(paper.clone()), &Place::Memory, &[file]).await;
    (result.map_err(|error| error.to_string()), paper.text())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn manifests_of_ones_own_run() {
    let manifest = std::fs::read_to_string(folder().join("05-deployment.yaml")).unwrap();
    let (result, text) = run_own("own.yaml", &manifest).await;
    result.unwrap();
    assert!(text.contains("pods ready: 3/3"), "{text}");
    assert!(text.contains("my-application   3/3     3            3"), "the table is up to date: {text}");
    assert!(text.contains("Deployment default/my-application stored"), "{text}");
}

/// A file that has nothing to run does not wait for pods; a second file that is bad leaves nothing of the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_without_pods_end_at_once_and_several_files_are_one() {
    let (result, text) = run_own("map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n").await;
    result.unwrap();
    assert!(text.contains("ConfigMap default/a stored") && !text.contains("pods ready"), "{text}");
    let bad = scratch("replicas.yaml");
    let deployment = std::fs::read_to_string(folder().join("05-deployment.yaml")).unwrap();
    std::fs::write(&bad, deployment.replace("replicas: 3", "replicas: three")).unwrap();
    let paper = Paper::default();
    let files = [folder().join("01-pod.yaml"), bad];
    let error = own_manifests(&mut Screen::plain(paper.clone()), &Place::Memory, &files)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("replicas.yaml, document 1 (apps/v1 Deployment default/my-application)"),
        "{error}"
    );
    assert!(error.contains("\n  spec.replicas: "), "{error}");
    assert!(!paper.text().contains("stored"), "{}", paper.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_document_is_named_and_nothing_is_stored() {
    let good = std::fs::read_to_string(folder().join("01-pod.yaml")).unwrap();
    let bad = std::fs::read_to_string(folder().join("05-deployment.yaml")).unwrap();
    let bad = bad.replace("      labels:\n        app: my-application", "      labels:\n        app: other");
    let (result, text) = run_own("bad.yaml", &format!("{good}---\n{bad}")).await;
    let error = result.unwrap_err();
    assert!(error.contains("bad.yaml, document 2 (apps/v1 Deployment"), "{error}");
    assert!(error.contains("spec.template.metadata.labels: Invalid value"), "{error}");
    assert!(error.ends_with("nothing was stored"), "{error}");
    assert!(!text.contains("stored"), "{text}");
}
