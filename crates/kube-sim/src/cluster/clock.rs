//! A clock that is off.

use crate::faults::{Plan, What};
use jiff::{SignedDuration, Timestamp};
use kube_core::env::{BoxFuture, Clock, Env, Mono};
use std::time::Duration;

/// The clock of one component: true time, but for windows in which it gains or loses.
#[derive(Clone, Debug)]
pub(crate) struct SkewedClock {
    base: Env,
    windows: Vec<Window>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    from: u64,
    until: u64,
    wall_ms: i64,
    gain_ppm: i64,
}

impl SkewedClock {
    /// The clock of `process` under `plan`; `base` has the true time.
    pub(crate) fn new(base: Env, plan: &Plan, process: &str) -> Self {
        let mut windows: Vec<Window> = Vec::new();
        for (_, fault) in &plan.faults {
            if let What::Skew { wall_ms, gain_ppm } = fault.what
                && fault.hits(process)
            {
                let nanos = |at: Duration| u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
                windows.push(Window {
                    from: nanos(fault.from),
                    until: nanos(fault.until),
                    wall_ms,
                    gain_ppm,
                });
            }
        }
        // One after the other: of two at a time the first counts.
        windows.sort_by_key(|window| window.from);
        let mut end = 0;
        windows.retain(|window| {
            let free = window.from >= end;
            end = if free { window.until } else { end };
            free
        });
        Self { base, windows }
    }

    fn window_at(&self, now: u64) -> Option<&Window> {
        self.windows.iter().find(|window| window.from <= now && now < window.until)
    }

    /// What the clock shows at the true time `now`.
    fn local(&self, now: u64) -> u64 {
        let gained: i128 = self
            .windows
            .iter()
            .map(|window| {
                let inside = now.min(window.until).saturating_sub(window.from);
                i128::from(inside) * i128::from(window.gain_ppm) / 1_000_000
            })
            .sum();
        u64::try_from(i128::from(now) + gained).unwrap_or(0)
    }

    /// The true time from `now` until the clock shows `remaining` more, or until its rate changes.
    fn step(&self, now: u64, remaining: u64) -> Duration {
        let next =
            self.windows.iter().flat_map(|window| [window.from, window.until]).filter(|at| *at > now).min();
        let gain = self.window_at(now).map_or(0, |window| window.gain_ppm);
        let rate = u128::try_from(1_000_000 + gain).unwrap_or(1).max(1);
        let exact = (u128::from(remaining) * 1_000_000).div_ceil(rate).max(1);
        let exact = u64::try_from(exact).unwrap_or(u64::MAX);
        Duration::from_nanos(next.map_or(exact, |next| exact.min(next - now)))
    }
}

impl Clock for SkewedClock {
    fn now(&self) -> Mono {
        Mono::from_nanos(self.local(self.base.now().nanos()))
    }

    fn wall(&self) -> Timestamp {
        let now = self.base.now().nanos();
        let drift = i128::from(self.local(now)) - i128::from(now);
        let drift = SignedDuration::from_nanos(i64::try_from(drift).unwrap_or(0));
        let offset = SignedDuration::from_millis(self.window_at(now).map_or(0, |window| window.wall_ms));
        self.base.wall().saturating_add(drift + offset).unwrap_or(Timestamp::MAX)
    }

    fn sleep_until(&self, deadline: Mono) -> BoxFuture<'static, ()> {
        if self.windows.is_empty() {
            return self.base.sleep_until(deadline);
        }
        let clock = self.clone();
        Box::pin(async move {
            loop {
                let now = clock.base.now().nanos();
                let remaining = deadline.nanos().saturating_sub(clock.local(now));
                if remaining == 0 {
                    return;
                }
                clock.base.sleep(clock.step(now, remaining)).await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, Plan, SkewedClock, What};
    use crate::executor::Executor;
    use crate::faults::Fault;
    use kube_core::env::Mono;
    use std::time::Duration;

    #[test]
    fn a_fast_clock_sleeps_short_and_never_goes_back() {
        let fault = Fault {
            what: What::Skew { wall_ms: 5_000, gain_ppm: 500_000 },
            on: Some("a".into()),
            from: Duration::from_secs(10),
            until: Duration::from_secs(20),
            salt: 0,
        };
        let mut executor = Executor::new(1);
        let env = executor.env();
        let clock = SkewedClock::new(env.clone(), &Plan::of(vec![fault]), "a");
        let (inside, true_wall) = (clock.clone(), env.wall());
        executor
            .run("main", async move {
                inside.sleep_until(Mono::default() + Duration::from_secs(16)).await;
                assert_eq!(inside.wall().duration_since(true_wall).as_secs(), 16 + 5);
                inside.sleep_until(Mono::default() + Duration::from_secs(26)).await;
            })
            .unwrap();
        // 10 s at the true rate, 10 s that count for 15, and one more second.
        assert_eq!(env.now(), Mono::default() + Duration::from_secs(21));
        assert_eq!(clock.now(), Mono::default() + Duration::from_secs(26));
    }
}
