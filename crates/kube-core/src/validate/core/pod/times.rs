//! The times in a pod's status, as they are written: in whole seconds.

use crate::kinds::core::v1::{ContainerState, ContainerStatus, PodStatus};
use crate::kinds::meta::v1::Time;
use jiff::Timestamp;

/// A copy of a status, with its times as reading its JSON would give them.
pub(super) fn in_whole_seconds(status: &PodStatus) -> PodStatus {
    let mut status = status.clone();
    cut(&mut status.start_time);
    for condition in status.conditions.iter_mut().flatten() {
        cut(&mut condition.last_probe_time);
        cut(&mut condition.last_transition_time);
    }
    let lists = [
        &mut status.container_statuses,
        &mut status.init_container_statuses,
        &mut status.ephemeral_container_statuses,
    ];
    lists.into_iter().flatten().flatten().for_each(cut_container);
    status
}

fn cut_container(container: &mut ContainerStatus) {
    for state in [&mut container.state, &mut container.last_state].into_iter().flatten() {
        let ContainerState { running, terminated, waiting: _ } = state;
        if let Some(running) = running {
            cut(&mut running.started_at);
        }
        if let Some(terminated) = terminated {
            cut(&mut terminated.started_at);
            cut(&mut terminated.finished_at);
        }
    }
}

/// Leaves out what is less than a second, as the calendar counts: also before 1970 this is an earlier time.
fn cut(time: &mut Option<Time>) {
    let Some(Time(time)) = time else { return };
    if time.subsec_nanosecond() != 0 {
        let second = time.as_second() - i64::from(time.subsec_nanosecond() < 0);
        *time = Timestamp::from_second(second).unwrap_or(Timestamp::MIN);
    }
}
