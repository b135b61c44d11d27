//! Makes happen what is to happen at a moment: crashes, pauses, compactions; and starts again what crashed.

use super::World;
use super::link::Crash;
use crate::faults::{Fault, Moment, What};
use futures::future::{Either, select};
use kube_core::env::Mono;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// How soon a server that ended is started again.
const RESTART: Duration = Duration::from_secs(1);

impl World {
    /// Starts the tasks that do so.
    pub(super) fn supervise(self: &Arc<Self>) {
        let world = self.clone();
        self.env.spawn("supervisor", async move { world.restart_forever().await });
        if self.machine.is_on_disk() {
            let world = self.clone();
            self.env.spawn("server", async move { world.serve_forever().await });
        }
        for (number, fault) in &self.plan.faults {
            let (world, number, fault) = (self.clone(), *number, fault.clone());
            if matches!(
                fault.what,
                What::Crash(Moment::Time)
                    | What::Pause
                    | What::Compaction
                    | What::Flap(_)
                    | What::ZoneDown
                    | What::PowerCut
            ) {
                self.env.spawn(&format!("fault {number}"), async move { world.strike(number, &fault).await });
            }
        }
    }

    async fn restart_forever(self: Arc<Self>) {
        loop {
            let news = self.crashes.news.notified();
            for Crash { name, life, down } in self.crashes.take() {
                let Some(index) = self.find(&name) else { continue };
                if let Some(member) = self.members.get(index) {
                    member.bury(life);
                }
                let world = self.clone();
                self.env.spawn("restart", async move {
                    world.env.sleep(down).await;
                    let dead = world.members.get(index).is_some_and(|member| member.process.died_last(life));
                    if dead && let Err(error) = world.begin(index) {
                        world.observer.violate("components", format!("{name} does not start again: {error}"));
                    }
                });
            }
            news.await;
        }
    }

    /// Starts the server anew whenever the store of its present life has failed.
    async fn serve_forever(self: Arc<Self>) {
        loop {
            // Before looking, so that no life is missed.
            let mut another = pin!(self.machine.another());
            let plane = self.machine.plane();
            if let Either::Right(_) = select(pin!(plane.failed()), another.as_mut()).await {
                continue;
            }
            if plane.is_up() {
                self.machine.stop();
                self.env.sleep(RESTART).await;
                self.bring_up().await;
            } else {
                // It lost its power meanwhile, and gets it back.
                another.await;
            }
        }
    }

    /// Starts the server, as often as it takes.
    async fn bring_up(&self) {
        while !self.start_machine() {
            self.env.sleep(RESTART).await;
        }
    }

    /// Starts the server, unless it is up. A disk that fails at the moment may be better later on.
    pub(super) fn start_machine(&self) -> bool {
        match self.machine.start() {
            Ok(()) => true,
            Err(_) if self.weather.is_hard_on_disks() => false,
            Err(error) => {
                self.observer.violate("journal", format!("the store does not open again: {error}"));
                true
            }
        }
    }

    async fn strike(&self, number: usize, fault: &Fault) {
        self.env.sleep_until(Mono::default() + fault.from).await;
        self.weather.struck(number);
        match fault.what {
            What::Crash(Moment::Time) | What::ZoneDown => {
                for member in self.hit_by(fault) {
                    self.crashes.kill(&member.process, fault.length());
                }
            }
            What::Pause => {
                self.hit_by(fault).for_each(|member| member.process.pause());
                self.env.sleep_until(Mono::default() + fault.until).await;
                self.hit_by(fault).for_each(|member| member.process.resume());
            }
            What::Flap(period) => {
                while fault.is_open(self.env.now()) && !period.is_zero() {
                    for member in self.hit_by(fault) {
                        self.crashes.kill(&member.process, period);
                    }
                    self.env.sleep(period * 2).await;
                }
            }
            What::Compaction => {
                let store = self.machine.plane().store;
                // A store that cannot compact at the moment is none of the faults.
                if let Ok(head) = store.current().await {
                    drop(store.compact(head).await);
                }
            }
            What::PowerCut => {
                self.machine.lose_power(fault.salt).await;
                for member in self.members.iter().filter(|member| member.role.zone.is_none()) {
                    self.crashes.kill(&member.process, fault.length());
                }
                self.env.sleep(fault.length()).await;
                self.bring_up().await;
            }
            _ => {}
        }
    }

    fn hit_by<'a>(&'a self, fault: &'a Fault) -> impl Iterator<Item = &'a super::Member> {
        self.members.iter().filter(move |member| match fault.what {
            What::ZoneDown => member.role.zone.is_some() && member.role.zone == fault.on,
            _ => fault.hits(&member.role.name),
        })
    }
}
