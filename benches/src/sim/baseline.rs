//! What one writes first: a queue of ready tasks, an ordered map of timers, no seed, no trace, no names.
//!
//! It is the textbook executor, and a fair one: constant time per wake, no scan of all tasks. It does less than ours: the
//! order is always the same, a task is never aborted, and nothing is recorded.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Default)]
struct State {
    now: Duration,
    ready: VecDeque<usize>,
    timers: BTreeMap<(Duration, u64), Waker>,
    next: u64,
}

type Shared = Arc<Mutex<State>>;

fn with<T>(shared: &Shared, change: impl FnOnce(&mut State) -> T) -> T {
    change(&mut shared.lock().unwrap_or_else(PoisonError::into_inner))
}

struct TaskWaker {
    index: usize,
    shared: Shared,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        with(&self.shared, |state| state.ready.push_back(self.index));
    }
}

struct Sleep {
    shared: Shared,
    deadline: Duration,
    set: bool,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let (deadline, set) = (self.deadline, self.set);
        let done = with(&self.shared, |state| {
            if state.now >= deadline {
                return true;
            }
            if !set {
                let number = state.next;
                state.next += 1;
                state.timers.insert((deadline, number), cx.waker().clone());
            }
            false
        });
        self.set = true;
        if done { Poll::Ready(()) } else { Poll::Pending }
    }
}

async fn sleeper(shared: Shared, number: u64, sleeps: u64) {
    for round in 0..sleeps {
        let length = Duration::from_micros(1 + (number * 7919 + round * 104_729) % 1000);
        let deadline = with(&shared, |state| state.now) + length;
        Box::pin(Sleep { shared: shared.clone(), deadline, set: false }).await;
    }
}

/// The same tasks as [`executor`](super::executor); gives the steps.
pub fn executor(sleeps: u64) -> u64 {
    let shared = Shared::default();
    let mut tasks: Vec<Option<(Task, Waker)>> = Vec::new();
    for number in 0..super::TASKS {
        let index = tasks.len();
        let waker = Waker::from(Arc::new(TaskWaker { index, shared: shared.clone() }));
        tasks.push(Some((Box::pin(sleeper(shared.clone(), number, sleeps)), waker)));
        with(&shared, |state| state.ready.push_back(index));
    }
    let mut steps = 0;
    loop {
        while let Some(index) = with(&shared, |state| state.ready.pop_front()) {
            steps += 1;
            let Some(place) = tasks.get_mut(index) else { continue };
            let Some((task, waker)) = place else { continue };
            if task.as_mut().poll(&mut Context::from_waker(waker)).is_ready() {
                *place = None;
            }
        }
        let due = with(&shared, |state| {
            let ((at, _), _) = state.timers.first_key_value()?;
            let at = *at;
            state.now = at;
            let later = state.timers.split_off(&(at, u64::MAX));
            Some(std::mem::replace(&mut state.timers, later))
        });
        let Some(due) = due else { return steps };
        due.into_values().for_each(Waker::wake);
    }
}
