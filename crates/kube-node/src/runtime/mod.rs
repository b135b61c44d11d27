//! What carries out the commands of machines: [`PodRuntime`], and the simulated one.

mod simulated;
#[cfg(test)]
mod tests;

pub use simulated::SimRuntime;

use crate::machine::{Answer, Command, LifeSpec, Note, Now, PodMachine};
use kube_core::env::Mono;
use kube_core::view::Meta;
use std::fmt;
use std::sync::Arc;

/// Where the containers of one pod run.
///
/// A runtime is told what to do ([`PodRuntime::execute`]) and asked for what came of it ([`PodRuntime::poll`]); it never
/// waits. Every command but a note is answered, once or, as a start, several times.
pub trait PodRuntime: fmt::Debug + Send {
    /// Begins what `command` says.
    fn execute(&mut self, spec: &LifeSpec, command: Command, now: Mono);

    /// The next answer that has come by `now`, in the order in which they came.
    fn poll(&mut self, now: Mono) -> Option<Answer>;

    /// When the next answer comes; `None` when that is not known, or there is none to come.
    fn deadline(&self) -> Option<Mono>;

    /// Containers that run already, before the first command: the node's agent was started again.
    fn adopt(&mut self, spec: &LifeSpec, running: &[usize], now: Mono);
}

/// Lets a machine and its runtime talk until nothing is left to say at `now`, beginning with what the machine has said
/// already. Notes are handed to `note`.
pub fn converse(
    machine: &mut PodMachine,
    runtime: &mut dyn PodRuntime,
    mut commands: Vec<Command>,
    now: Now,
    note: &mut dyn FnMut(&Arc<Meta>, Note),
) {
    let spec = machine.spec().clone();
    loop {
        for command in commands.drain(..) {
            match command {
                Command::Note(told) => note(machine.meta(), told),
                command => runtime.execute(&spec, command, now.mono),
            }
        }
        let Some(answer) = runtime.poll(now.mono) else { return };
        machine.answer(answer, now, &mut commands);
    }
}
