//! Simulated containers.

use super::{PodRuntime, SimRuntime};
use crate::behavior::Script;
use crate::machine::{Answer, Command, ContainerSpec, LifeSpec};
use kube_core::env::Mono;
use std::time::Duration;

fn at(seconds: u64) -> Mono {
    Mono::default() + Duration::from_secs(seconds)
}

fn one_container() -> LifeSpec {
    let mut spec = LifeSpec::default();
    spec.containers.push(ContainerSpec::default());
    spec
}

#[test]
fn who_is_told_to_stop_twice_ends_once_and_sooner() {
    let spec = one_container();
    let script = Script { stop: Duration::from_mins(1), ..Script::default() };
    let mut runtime = SimRuntime::new(script, None, &spec);
    runtime.execute(&spec, Command::Stop { container: 0, grace: Duration::from_secs(30) }, at(0));
    runtime.execute(&spec, Command::Stop { container: 0, grace: Duration::from_secs(5) }, at(1));
    assert_eq!(runtime.poll(at(5)), None);
    let Some(Answer::Exited { exit, .. }) = runtime.poll(at(6)) else { panic!("{runtime:?}") };
    assert_eq!(exit.code, 137);
    assert_eq!(runtime.poll(at(100)), None);
}

#[test]
fn readiness_without_a_probe_turns_on_and_off_by_itself() {
    let spec = one_container();
    let script = Script::default().toggles(Duration::from_secs(3), Duration::from_secs(2));
    let mut runtime = SimRuntime::new(script, None, &spec);
    runtime.execute(&spec, Command::Start { container: 0, attempt: 0 }, at(0));
    let mut turns = Vec::new();
    for second in 0..12 {
        while let Some(answer) = runtime.poll(at(second)) {
            if let Answer::Readiness { ready, .. } = answer {
                turns.push((second, ready));
            }
        }
    }
    assert_eq!(turns, [(0, true), (3, false), (5, true), (8, false), (10, true)]);
}
