//! How long a scheduler that starts takes to know a cluster, and what that takes in memory.
//!
//! ```text
//! cargo run --release -p kube-sched --example cold_start -- [NODES [PODS]]
//! ```
//!
//! Makes so many nodes and pods on them (100,000 and 1,000,000 where nothing is said) as a store holds them, in JSON; then
//! decodes them as informers do, builds the snapshot from them, forks it, and decides one pod. Making the JSON is not
//! counted. Decoding is done twice over: what one thread takes, and what two take, each of which decodes every other batch.

use kube_core::env::Env;
use kube_core::resource::ResourceVersion;
use kube_core::view::{DecodeError, NodeView, PodView, RawObject, View};
use kube_sched::{Decision, Engine, Profile, Snapshot};
use serde_json::json;
use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let nodes = numbers.next().transpose()?.unwrap_or(100_000);
    let pods = numbers.next().transpose()?.unwrap_or(nodes * 10);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let env = kube_store::rt::env_on(runtime.handle().clone());
    let mut out = std::io::stdout();

    let before = resident()?;
    let (node_views, of_nodes) = decode::<NodeView>(&env, nodes, node)?;
    let (pod_views, of_pods) = decode::<PodView>(&env, pods, |index| pod(index, nodes))?;
    let decoded = resident()?;
    let [one, two] = [of_nodes.one + of_pods.one, of_nodes.two + of_pods.two].map(|time| time.as_secs_f64());
    let memory = megabytes(decoded, before);
    writeln!(
        out,
        "{nodes} nodes, {pods} pods: decoded in {one:.2} s by one thread, in {two:.2} s by two; {memory} MB"
    )?;

    let (cluster, time) = timed(&env, || {
        let mut cluster = Snapshot::new();
        for node in &node_views {
            cluster.upsert_node(node);
        }
        for pod in &pod_views {
            cluster.upsert_pod(pod);
        }
        cluster
    });
    let (built, state) = (time.as_secs_f64(), megabytes(resident()?, decoded));
    writeln!(out, "state built in {built:.2} s, {state} MB more")?;
    writeln!(out, "in all {:.2} s with one thread, {:.2} s with two", one + built, two + built)?;

    let (fork, time) = timed(&env, || cluster.clone());
    writeln!(out, "forked in {:.0} us", time.as_secs_f64() * 1e6)?;
    let engine = Engine::new(&Profile::default())?;
    let wanted = Arc::new(read::<PodView>(&pod(pods, usize::MAX))?);
    let (decision, time) = timed(&env, || engine.schedule(&fork, &wanted));
    let Decision::Place { node, .. } = decision else { return Err("every node has room".into()) };
    writeln!(out, "the first decision, all nodes scored, takes {:.1} ms: {node}", time.as_secs_f64() * 1e3)?;
    Ok(())
}

fn timed<T>(env: &Env, what: impl FnOnce() -> T) -> (T, Duration) {
    let begin = env.now();
    let made = what();
    (made, env.now().since(begin))
}

/// What decoding took, by one thread and by two.
#[derive(Default)]
struct Decoding {
    one: Duration,
    two: Duration,
}

/// Decodes so many objects, a pair of batches at a time: their JSON is made before the clock runs.
fn decode<V: View>(
    env: &Env,
    count: usize,
    make: impl Fn(usize) -> Vec<u8>,
) -> Result<(Vec<Arc<V>>, Decoding), Failure> {
    let (mut views, mut took) = (Vec::with_capacity(count), Decoding::default());
    for start in (0..count).step_by(2 * BATCH) {
        let batch = |from: usize| (from.min(count)..(from + BATCH).min(count)).map(&make).collect::<Vec<_>>();
        let (first, second) = (batch(start), batch(start + BATCH));
        let (alone, time) = timed(env, || Ok::<_, DecodeError>((all::<V>(&first)?, all::<V>(&second)?)));
        took.one += time;
        drop(alone?);
        let (both, time) = timed(env, || {
            std::thread::scope(|scope| {
                let other = scope.spawn(|| all::<V>(&second));
                (all::<V>(&first), other.join())
            })
        });
        took.two += time;
        views.extend(both.0?);
        views.extend(both.1.map_err(|_| "the other thread panicked")??);
    }
    Ok((views, took))
}

fn all<V: View>(objects: &[Vec<u8>]) -> Result<Vec<Arc<V>>, DecodeError> {
    objects.iter().map(|bytes| read(bytes).map(Arc::new)).collect()
}

/// As an informer does: metadata first, then the view.
fn read<V: View>(bytes: &[u8]) -> Result<V, DecodeError> {
    V::decode(&RawObject::new(bytes.to_vec().into(), ResourceVersion::default())?)
}

/// Nodes in ten zones, each with an image and the labels that clouds set.
fn node(index: usize) -> Vec<u8> {
    let name = format!("node-{index:06}");
    let node = json!({
        "metadata": {"name": name, "labels": {
            "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
            "topology.kubernetes.io/zone": format!("zone-{}", index % 10),
            "node.kubernetes.io/instance-type": format!("size-{}", index % 4),
        }},
        "status": {
            "allocatable": {"cpu": "32", "memory": "128Gi", "ephemeral-storage": "100Gi", "pods": "110"},
            "images": [{"names": [format!("app:{}", index % 50)], "sizeBytes": 200_000_000}],
        },
    });
    node.to_string().into_bytes()
}

/// Pods of 1,000 workloads in 20 namespaces, by namespace and name as a list has them, one after the other on the nodes;
/// without a node behind the last one.
fn pod(index: usize, nodes: usize) -> Vec<u8> {
    let requests = json!({"cpu": "250m", "memory": "512Mi"});
    let container =
        json!({"name": "app", "image": format!("app:{}", index % 50), "resources": {"requests": requests}});
    let mut spec = json!({"containers": [container]});
    if nodes != usize::MAX {
        spec["nodeName"] = format!("node-{:06}", index % nodes).into();
    }
    let pod = json!({
        "metadata": {
            "name": format!("pod-{index:07}"), "namespace": format!("team-{:04}", index / 50_000),
            "uid": format!("uid-{index}"), "labels": {"app": format!("app-{}", index % 50), "version": "1"},
        },
        "spec": spec,
        "status": {"phase": "Running"},
    });
    pod.to_string().into_bytes()
}

/// Bytes of memory that the process holds.
fn resident() -> Result<u64, Failure> {
    let pages = std::fs::read_to_string("/proc/self/statm")?;
    let pages = pages.split_whitespace().nth(1).ok_or("no resident pages")?.parse::<u64>()?;
    Ok(pages * 4096)
}

fn megabytes(after: u64, before: u64) -> u64 {
    after.saturating_sub(before) / 1_000_000
}

/// Objects decoded at a time.
const BATCH: usize = 10_000;
