//! Replay lines.

use super::replay::{Replay, write_fault};
use crate::faults::{Fault, Moment, What};
use std::time::Duration;

#[test]
fn a_replay_is_the_line_it_prints() {
    for line in [
        "seed=17",
        "seed=17 faults=",
        "seed=17 faults=0,3 reorder=",
        "seed=0 fault=crash-after:deployment-controller:12:2000 reorder=a,b",
    ] {
        assert_eq!(line.parse::<Replay>().unwrap().to_string(), line);
    }
}

#[test]
fn what_is_no_replay_is_named() {
    for (line, reason) in [
        ("seed=x", "\"seed=x\" of KUBE_SIM cannot be read: no number"),
        ("seed=1 colour=red", "\"colour=red\" of KUBE_SIM cannot be read: it is not known"),
        ("fault=flood:a:1:1", "\"fault=flood:a:1:1\" of KUBE_SIM cannot be read: no fault"),
    ] {
        assert_eq!(line.parse::<Replay>().unwrap_err().to_string(), reason);
    }
}

#[test]
fn an_explored_fault_is_written_with_its_place() {
    let fault = Fault {
        what: What::Crash(Moment::AfterWrite(3)),
        on: Some("a".into()),
        from: Duration::ZERO,
        until: Duration::from_secs(2),
        salt: 0,
    };
    assert_eq!(write_fault(&fault).as_deref(), Some("crash-after:a:3:2000"));
}
