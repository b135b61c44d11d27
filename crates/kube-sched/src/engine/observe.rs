//! Watching an attempt from outside: what ran, how it ended, how long it took. Nothing that is decided depends on it.

use kube_core::env::Mono;
use std::time::Duration;

/// Is told what ran, and says what time it is.
pub(crate) trait Observer: Sync {
    fn now(&self) -> Mono;

    fn ran(&self, ran: &Ran);
}

/// A plugin at a point, or (`None`) all plugins of the point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ran {
    pub(crate) point: &'static str,
    pub(crate) plugin: Option<&'static str>,
    /// As Kubernetes names its codes.
    pub(crate) status: &'static str,
    pub(crate) took: Duration,
}

/// Takes the time of the plugins of one point, one after the other.
pub(crate) struct Laps<'o> {
    observer: Option<&'o dyn Observer>,
    point: &'static str,
    last: Mono,
    total: Duration,
}

impl<'o> Laps<'o> {
    /// Begins the first lap.
    pub(crate) fn begin(observer: Option<&'o dyn Observer>, point: &'static str) -> Self {
        let last = observer.map(Observer::now).unwrap_or_default();
        Self { observer, point, last, total: Duration::ZERO }
    }

    /// Begins a lap after a pause.
    pub(crate) fn resume(&mut self) {
        self.last = self.observer.map(Observer::now).unwrap_or_default();
    }

    /// The lap of `plugin` is over, and the next one begins.
    pub(crate) fn lap(&mut self, plugin: &'static str, status: &'static str) {
        let Some(observer) = self.observer else { return };
        let now = observer.now();
        let took = now.since(self.last);
        self.last = now;
        self.total += took;
        observer.ran(&Ran { point: self.point, plugin: Some(plugin), status, took });
    }

    /// All plugins have run.
    pub(crate) fn end(self, status: &'static str) {
        if let Some(observer) = self.observer {
            observer.ran(&Ran { point: self.point, plugin: None, status, took: self.total });
        }
    }
}

pub(crate) const SUCCESS: &str = "Success";
pub(crate) const UNSCHEDULABLE: &str = "Unschedulable";
pub(crate) const UNRESOLVABLE: &str = "UnschedulableAndUnresolvable";
pub(crate) const ERROR: &str = "Error";
pub(crate) const SKIP: &str = "Skip";
pub(crate) const WAIT: &str = "Wait";
