//! Makes happen what is to happen at a moment: crashes, pauses, compactions; and starts again what crashed.

use super::World;
use super::link::Crash;
use crate::faults::{Fault, Moment, What};
use kube_core::env::Mono;
use std::sync::Arc;

impl World {
    /// Starts the tasks that do so.
    pub(super) fn supervise(self: &Arc<Self>) {
        let world = self.clone();
        self.env.spawn("supervisor", async move { world.restart_forever().await });
        for (number, fault) in &self.plan.faults {
            let (world, fault) = (self.clone(), fault.clone());
            if matches!(
                fault.what,
                What::Crash(Moment::Time) | What::Pause | What::Compaction | What::Flap(_) | What::ZoneDown
            ) {
                self.env.spawn(&format!("fault {number}"), async move { world.strike(&fault).await });
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

    async fn strike(&self, fault: &Fault) {
        self.env.sleep_until(Mono::default() + fault.from).await;
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
                // A store that cannot compact at the moment is none of the faults.
                if let Ok(head) = self.store.current().await {
                    drop(self.store.compact(head).await);
                }
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
