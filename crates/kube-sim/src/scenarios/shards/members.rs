//! Who takes part is known, and who does not leaves nothing.

use super::{CONSTANT, NAME, QUITS, SHARDS, holder, instance_of};
use crate::oracle::{Commit, Oracle, State, Verdict};
use kube_controllers::runtime::shards::assign;
use kube_core::env::Mono;
use kube_core::kinds::coordination::v1::Lease;
use kube_core::resource::{ObjectKey, ResourceExt};
use std::collections::BTreeMap;
use std::time::Duration;

/// Nobody's sign of life is deleted by another unless it is old by any clock. At rest each shard is held by whom it is
/// assigned to, of who lives, and there is no sign of life of anybody else.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// When each was last written.
    written: BTreeMap<String, Mono>,
}

/// How old a sign of life is at the least that is deleted: four times fifteen seconds by a clock of one and a half times
/// the true speed.
const OLD: Duration = Duration::from_secs(40);

/// How old that of one who lives is at the most when nothing ails it.
const YOUNG: Duration = Duration::from_secs(15);

fn member_of(lease: &Lease) -> Option<&str> {
    lease.name().strip_prefix(NAME)?.strip_prefix("-member-")
}

impl Oracle for Members {
    fn name(&self) -> &'static str {
        "members"
    }

    fn after(&mut self, commit: &Commit, _state: &State) -> Verdict {
        for change in &commit.changes {
            let Some((before, after)) = change.of::<Lease>() else { continue };
            let Some(lease) = after.as_ref().or(before.as_ref()) else { continue };
            let Some(member) = member_of(lease) else { continue };
            if after.is_some() {
                self.written.insert(member.to_owned(), commit.at);
                continue;
            }
            let silent = self.written.remove(member).map(|last| commit.at.since(last)).unwrap_or_default();
            if instance_of(member) != &*commit.author && silent < OLD {
                let author = &commit.author;
                return Err(format!("{author} deletes the lease of {member}, written {silent:?} before"));
            }
        }
        Ok(())
    }

    fn at_rest(&mut self, state: &State) -> Verdict {
        let leases = state.all::<Lease>();
        let members = leases.iter().filter_map(|lease| member_of(lease));
        let lives =
            |member: &&str| self.written.get(*member).is_some_and(|last| state.now().since(*last) <= YOUNG);
        let (live, gone): (Vec<&str>, Vec<&str>) = members.partition(lives);
        let instances: Vec<&str> = live.iter().copied().map(instance_of).collect();
        if instances.len() != 2 || !instances.contains(&CONSTANT) || instances.contains(&QUITS) {
            return Err(format!("{live:?} live, and not everybody but {QUITS}"));
        }
        for (shard, member) in assign(live, SHARDS).into_iter().enumerate() {
            let lease = state.get::<Lease>(&ObjectKey::new("kube-system", format!("{NAME}-{shard}")));
            let holder = lease.map(|lease| holder(&lease)).unwrap_or_default();
            if Some(&*holder) != member {
                return Err(format!("{holder:?} holds shard {shard}, which is {member:?}'s"));
            }
        }
        match gone.first() {
            Some(member) => Err(format!("the lease of {member}, who is gone, is left")),
            None => Ok(()),
        }
    }
}
