//! One pod of the fleet, and what moves it.

use crate::machine::admission::{Amounts, HostPort};
use crate::machine::{Command, Effect, NodePod, Note, Now, PodMachine};
use crate::runtime::{PodRuntime, SimRuntime, converse};
use crate::stages::StagedPod;
use kube_core::env::Mono;
use kube_core::resource::ResourceVersion;
use kube_core::view::Meta;
use std::net::IpAddr;
use std::sync::Arc;

/// What moves a pod.
#[derive(Debug)]
pub(super) enum Engine {
    /// The kubelet's machine over simulated containers.
    Simulated(Box<(PodMachine, SimRuntime)>),
    /// The kubelet's machine over containers of somebody else.
    Other(Box<PodMachine>, Box<dyn PodRuntime>),
    /// Stages.
    Staged(Box<StagedPod>),
}

/// What a pod takes of its node.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) address: Option<IpAddr>,
    pub(super) amounts: Amounts,
    pub(super) ports: Box<[HostPort]>,
}

/// One pod on a node of the fleet.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) engine: Engine,
    pub(super) node: usize,
    pub(super) held: Held,
    /// The newest version that was seen or written.
    pub(super) version: ResourceVersion,
    /// Writes of one pod go one after the other: two under way could arrive in the wrong order.
    pub(super) writing: bool,
    /// Not written before that: the last write failed.
    pub(super) not_before: Mono,
}

impl Engine {
    pub(super) fn simulated(machine: PodMachine, runtime: SimRuntime) -> Self {
        Self::Simulated(Box::new((machine, runtime)))
    }

    fn parts(&mut self) -> Option<(&mut PodMachine, &mut dyn PodRuntime)> {
        match self {
            Self::Simulated(both) => {
                let (machine, runtime) = &mut **both;
                Some((machine, runtime))
            }
            Self::Other(machine, runtime) => Some((machine, &mut **runtime)),
            Self::Staged(_) => None,
        }
    }

    /// Takes notice of what is wanted and of what others wrote.
    pub(super) fn observe(
        &mut self,
        pod: &NodePod,
        echo: bool,
        now: Now,
        note: &mut dyn FnMut(&Arc<Meta>, Note),
    ) {
        if let Self::Staged(staged) = self {
            return staged.observe(pod, now);
        }
        let Some((machine, runtime)) = self.parts() else { return };
        let mut commands = Vec::new();
        machine.observe(pod, echo, now, &mut commands);
        converse(machine, runtime, commands, now, note);
    }

    /// Moves on to `now`.
    pub(super) fn advance(&mut self, now: Now, note: &mut dyn FnMut(&Arc<Meta>, Note)) {
        let Some((machine, runtime)) = self.parts() else { return };
        let mut commands: Vec<Command> = Vec::new();
        machine.tick(now, &mut commands);
        converse(machine, runtime, commands, now, note);
    }

    /// What is to be written by `now`.
    pub(super) fn news(&mut self, now: Now) -> Option<Effect> {
        match self {
            Self::Simulated(both) => both.0.news(),
            Self::Other(machine, _) => machine.news(),
            Self::Staged(staged) => staged.news(now),
        }
    }

    /// The last write did not get through.
    pub(super) fn repeat(&mut self) {
        match self {
            Self::Simulated(both) => both.0.repeat(),
            Self::Other(machine, _) => machine.repeat(),
            Self::Staged(staged) => staged.repeat(),
        }
    }

    /// When it wants to be moved on; news that wait to be fetched are not counted.
    pub(super) fn deadline(&self) -> Option<Mono> {
        let (machine, runtime) = match self {
            Self::Simulated(both) => (both.0.deadline(), both.1.deadline()),
            Self::Other(machine, runtime) => (machine.deadline(), runtime.deadline()),
            Self::Staged(staged) => (staged.deadline(), None),
        };
        [machine, runtime].into_iter().flatten().min()
    }

    /// What was told besides, of pods that go through stages.
    pub(super) fn take_notes(&mut self) -> Vec<Note> {
        match self {
            Self::Staged(staged) => staged.take_notes(),
            Self::Simulated(_) | Self::Other(..) => Vec::new(),
        }
    }

    pub(super) fn has_news(&self) -> bool {
        match self {
            Self::Simulated(both) => both.0.has_news(),
            Self::Other(machine, _) => machine.has_news(),
            Self::Staged(_) => false,
        }
    }

    /// Whether the containers are gone for good, so that what the pod took of the node is free again.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Simulated(both) => both.0.is_over(),
            Self::Other(machine, _) => machine.is_over(),
            Self::Staged(staged) => staged.is_over(),
        }
    }
}
