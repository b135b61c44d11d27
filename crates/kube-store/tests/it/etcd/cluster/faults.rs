//! What goes wrong, decided by a seed.

use super::members::{Cluster, ELECTION, MEMBERS};
use super::proxy::Line;
use kube_core::env::Rng;
use std::time::Duration;

/// Something that goes wrong, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The leader is killed, and started again.
    KillLeader(Duration),
    /// A member is killed, and started again.
    Kill(usize, Duration),
    /// All are killed at once, and started again.
    KillAll(Duration),
    /// The leader stops, and goes on.
    StopLeader(Duration),
    /// A member stops, and goes on.
    Stop(usize, Duration),
    /// The line to a member is bad.
    Line(usize, Line, Duration),
    /// The lines to all members are bad.
    Lines(Line, Duration),
    /// The quota is used up.
    Fill,
}

/// As many faults, of every kind, the same for the same seed. Every 20th is the quota.
pub(crate) fn plan(seed: u64, count: usize) -> Vec<Fault> {
    let mut rng = Rng::forked(seed, "faults");
    (0..count).map(|at| if at % 20 == 10 { Fault::Fill } else { fault(&mut rng) }).collect()
}

fn fault(rng: &mut Rng) -> Fault {
    let millis = Duration::from_millis;
    let member = rng.below(MEMBERS);
    // Some are over before anybody notices, some take longer than any call may.
    let short = rng.between(millis(50), millis(600));
    let long = rng.between(millis(300), millis(2500));
    match rng.below(20) {
        0..4 => Fault::KillLeader(short),
        4..6 => Fault::Kill(member, short),
        6 => Fault::KillAll(short),
        7..10 => Fault::StopLeader(long),
        10..12 => Fault::Stop(member, long),
        12..17 => Fault::Line(member, line(rng), long),
        _ => Fault::Lines(line(rng), long),
    }
}

fn line(rng: &mut Rng) -> Line {
    match rng.below(8) {
        0..3 => Line::Cut,
        3 => Line::Held,
        4 => Line::Slow(rng.between(Duration::from_millis(5), Duration::from_millis(300))),
        _ => Line::Deaf,
    }
}

impl Cluster {
    /// Lets it happen, and ends it. What fills the quota is the store's to do.
    pub(crate) fn suffer(&mut self, fault: Fault) {
        match fault {
            Fault::KillLeader(time) => {
                let leader = self.leader().unwrap_or(0);
                self.outage(&[leader], time);
            }
            Fault::Kill(member, time) => self.outage(&[member], time),
            Fault::KillAll(time) => self.outage(&[0, 1, 2], time),
            Fault::StopLeader(time) => self.stop(None, time),
            Fault::Stop(member, time) => self.stop(Some(member), time),
            Fault::Line(member, line, time) => self.bad(&[member], line, time),
            Fault::Lines(line, time) => self.bad(&[0, 1, 2], line, time),
            Fault::Fill => {}
        }
    }

    fn outage(&mut self, members: &[usize], time: Duration) {
        for member in members {
            self.kill(*member);
        }
        self.sleep(time);
        for member in members {
            self.revive(*member);
        }
    }

    /// Stops a member, or the leader.
    fn stop(&mut self, member: Option<usize>, time: Duration) {
        let leader = self.leader();
        let member = member.or(leader).unwrap_or(0);
        self.signal(member, "STOP");
        self.sleep(time);
        if leader.is_none_or(|leader| leader == member) && time >= ELECTION {
            self.resumed.push(self.env.now());
        }
        self.signal(member, "CONT");
    }

    fn bad(&self, members: &[usize], line: Line, time: Duration) {
        for member in members {
            self.line(*member, line);
        }
        self.sleep(time);
        for member in members {
            self.line(*member, Line::Good);
        }
    }
}

#[test]
fn a_seed_repeats_its_faults_and_has_all_kinds() {
    let faults = plan(7, 400);
    assert_eq!(faults, plan(7, 400));
    assert_ne!(faults, plan(8, 400));
    let kinds: std::collections::BTreeSet<String> = faults
        .iter()
        .map(|fault| match fault {
            Fault::Line(_, Line::Slow(_), _) => "slow".to_owned(),
            Fault::Line(_, line, _) => format!("{line:?}"),
            fault => format!("{fault:?}").split('(').next().unwrap().to_owned(),
        })
        .collect();
    assert_eq!(kinds.len(), 11, "{kinds:?}");
}
