//! What is kept of a history that breaks a rule, for whoever looks into it.

use super::super::server::{program, runtime};
use super::members::{Cluster, MEMBERS};
use etcd_client::{Client, Error, WatchOptions};
use kube_store::conformance::history::History;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::timeout;

/// How long nothing may come until a member has told everything.
const SILENCE: Duration = Duration::from_secs(3);

/// How long a member may take for all of it.
const PATIENCE: Duration = Duration::from_mins(1);

/// Writes down what was recorded, and what each member tells of the changes in `prefix` afterwards: whether something was
/// lost on the way shows in the difference. Tells where.
pub(crate) fn keep(cluster: &Cluster, prefix: &str, seed: u64, history: &History) -> PathBuf {
    let mut text = String::new();
    for call in &history.calls {
        line(&mut text, &format!("{call:?}"));
    }
    for watch in &history.watches {
        let (begin, options, range) = (watch.begin, &watch.options, &watch.range);
        line(&mut text, &format!("watch {begin} {options:?} of {range:?}, refused {:?}", watch.refused));
        for item in &watch.items {
            line(&mut text, &format!("watch {begin}: {item:?}"));
        }
    }
    for member in 0..MEMBERS {
        let told = cluster.ask_for(PATIENCE, member, async |client| changes(client, prefix).await);
        line(&mut text, &format!("member {member}: {}", told.unwrap_or_else(|| "no answer".into())));
    }
    let path = std::env::temp_dir().join(format!("kube-store-history-{}-{seed}.txt", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path
}

fn line(text: &mut String, what: &str) {
    writeln!(text, "{what}").expect("a text takes everything");
}

/// The changes in `prefix` that a member still has.
async fn changes(client: &mut Client, prefix: &str) -> Result<String, Error> {
    let (mut text, mut start, mut again) = (String::new(), 1, true);
    while std::mem::take(&mut again) {
        let options = WatchOptions::new().with_prefix().with_start_revision(start);
        let mut stream = client.watch(prefix, Some(options)).await?;
        while let Ok(response) = timeout(SILENCE, stream.message()).await {
            let Some(response) = response? else { break };
            if response.compact_revision() > start {
                (start, again) = (response.compact_revision(), true);
                break;
            }
            for event in response.events() {
                let kv = event.kv().expect("an event has a key");
                let key = String::from_utf8_lossy(kv.key());
                line(&mut text, &format!("{} {:?} {key:?}", kv.mod_revision(), event.event_type()));
            }
        }
    }
    Ok(format!("from {start} on\n{text}"))
}

#[test]
fn what_each_member_has_is_kept() {
    let Some(program) = program() else { return };
    let cluster = Cluster::start(&program, &runtime());
    let prefix = cluster.prefix();
    let write = async |client: &mut Client| -> Result<(), Error> {
        let before = client.put(format!("{prefix}/before"), "1", None).await?;
        let at = before.header().expect("an answer has a header").revision();
        client.put(format!("{prefix}/after"), "1", None).await?;
        client.delete(format!("{prefix}/before"), None).await?;
        client.compact(at + 1, None).await.map(drop)
    };
    cluster.ask_for(PATIENCE, 0, write).expect("a cluster that is well takes writes");
    let path = keep(&cluster, &prefix, 0, &History::default());
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    for member in 0..MEMBERS {
        assert!(text.contains(&format!("member {member}: from ")), "{text}");
    }
    // The first write was compacted.
    for event in ["Put \"", "Delete \""] {
        assert_eq!(text.matches(event).count(), MEMBERS, "{event}: {text}");
    }
}
