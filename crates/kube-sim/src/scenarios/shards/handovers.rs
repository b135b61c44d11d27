//! Work ends before it is handed over.

use super::{BY, NAME, SHARDS, entry, holder};
use crate::oracle::{Commit, Oracle, State, Verdict};
use kube_controllers::runtime::shards::Shard;
use kube_core::env::Mono;
use kube_core::kinds::coordination::v1::Lease;
use kube_core::kinds::core::v1::ConfigMap;
use kube_core::resource::ResourceExt;
use kube_store::objects::Keys;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Whoever gives a shard up, and has not lost it, is at work on none of its keys.
#[derive(Debug, Default)]
pub(super) struct Handovers {
    /// Who is at work in which namespace, by shard.
    at_work: BTreeMap<(u32, String), Arc<str>>,
    /// When the lease of each shard was last written.
    written: BTreeMap<u32, Mono>,
}

/// For so long after its lease was written nobody can have lost a shard: a renewal counts for ten seconds by a clock of
/// one and a half times the true speed, from when it was sent, which is three seconds before at the most.
const SURE: Duration = Duration::from_millis(3600);

impl Handovers {
    fn lease(&mut self, before: &Lease, after: &Lease, at: Mono) -> Verdict {
        let number = |name: &str| name.strip_prefix(NAME)?.strip_prefix('-')?.parse().ok();
        let Some(shard) = number(after.name()) else { return Ok(()) };
        let passed = self.written.insert(shard, at).map(|last| at.since(last));
        let gives_up = !holder(before).is_empty() && holder(after).is_empty();
        let busy = self.at_work.range((shard, String::new())..(shard + 1, String::new())).next();
        match busy {
            Some(((_, namespace), who)) if gives_up && passed.is_some_and(|passed| passed < SURE) => {
                Err(format!("shard {shard} is given up while {who} is at work in {namespace}"))
            }
            _ => Ok(()),
        }
    }
}

impl Oracle for Handovers {
    fn name(&self) -> &'static str {
        "handovers"
    }

    fn lives(&mut self, component: &str, _up: bool, _at: Mono) {
        self.at_work.retain(|_, who| **who != *component);
    }

    fn after(&mut self, commit: &Commit, _state: &State) -> Verdict {
        for change in &commit.changes {
            // What the one before left there is nobody's.
            let won = |shard: u32| change.key == Keys::fence(&format!("{NAME}-{shard}"));
            self.at_work.retain(|(shard, _), _| !won(*shard));
            if let Some((Some(before), Some(after))) = change.of::<Lease>() {
                self.lease(&before, &after, commit.at)?;
            }
            let Some((before, Some(map))) = change.of::<ConfigMap>() else { continue };
            let by = entry(&map, BY);
            if before.as_ref().and_then(|before| entry(before, BY)) == by {
                continue;
            }
            let namespace = map.namespace();
            let key = (Shard::of_namespace(namespace, SHARDS).number(), namespace.to_owned());
            match by {
                Some(_) => self.at_work.insert(key, commit.author.clone()),
                None => self.at_work.remove(&key),
            };
        }
        Ok(())
    }
}
