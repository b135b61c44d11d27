//! What a machine asks of the runtime, and what the runtime answers.

use kube_core::env::Mono;
use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

/// Which probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProbeKind {
    /// Has it started?
    Startup,
    /// Is it still alive?
    Liveness,
    /// Can it serve?
    Readiness,
}

impl ProbeKind {
    /// All, in the order in which they are looked at.
    pub const ALL: [Self; 3] = [Self::Startup, Self::Liveness, Self::Readiness];

    /// As messages call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Liveness => "liveness",
            Self::Readiness => "readiness",
        }
    }
}

/// What the runtime has to do. Containers are numbered as in [`LifeSpec::container`](super::LifeSpec::container).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Prepare volumes and network. To be answered by [`Answer::SandboxReady`] or [`Answer::SandboxFailed`].
    PrepareSandbox,
    /// Make sure that the image is there. To be answered by [`Answer::Pulled`] or [`Answer::PullFailed`].
    Pull {
        /// Of which container.
        container: usize,
    },
    /// Create and start the container. To be answered by [`Answer::Started`] or [`Answer::StartFailed`], and by
    /// [`Answer::Exited`] when it ends.
    Start {
        /// Which container.
        container: usize,
        /// How often it was started before.
        attempt: i32,
    },
    /// Call the hook. To be answered by [`Answer::PostStartDone`].
    PostStart {
        /// Of which container.
        container: usize,
    },
    /// Probe once. To be answered by [`Answer::Probed`]; an answer that does not come in time is a failure.
    Probe {
        /// Which container.
        container: usize,
        /// How.
        probe: ProbeKind,
    },
    /// Call the hook. To be answered by [`Answer::PreStopDone`]; it is not waited for longer than the grace lasts.
    PreStop {
        /// Of which container.
        container: usize,
    },
    /// Tell the container to stop, and kill it after `grace`. A second one with less grace hastens the first. To be
    /// answered by [`Answer::Exited`].
    Stop {
        /// Which container.
        container: usize,
        /// Time until it is killed.
        grace: Duration,
    },
    /// Take down volumes and network. To be answered by [`Answer::SandboxRemoved`].
    RemoveSandbox,
    /// Something to tell of as an `Event`; no answer.
    Note(Note),
}

/// What the runtime answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// Volumes and network are there.
    SandboxReady {
        /// The pod's addresses, one per family.
        ips: Vec<IpAddr>,
    },
    /// They could not be prepared; it is tried again later.
    SandboxFailed {
        /// Why.
        message: String,
    },
    /// The image is there.
    Pulled {
        /// Of which container.
        container: usize,
    },
    /// The image cannot be had now.
    PullFailed {
        /// Of which container.
        container: usize,
        /// Kind of failure.
        failure: PullFailure,
        /// Why.
        message: String,
    },
    /// The container runs.
    Started {
        /// Which container.
        container: usize,
    },
    /// The container could not be started.
    StartFailed {
        /// Which container.
        container: usize,
        /// Kind of failure.
        failure: StartFailure,
        /// Why.
        message: String,
    },
    /// The hook has returned.
    PostStartDone {
        /// Of which container.
        container: usize,
        /// Why it failed, if it did.
        failed: Option<String>,
    },
    /// The container has ended.
    Exited {
        /// Which container.
        container: usize,
        /// How.
        exit: Exit,
    },
    /// What a probe found.
    Probed {
        /// Of which container.
        container: usize,
        /// Which probe.
        probe: ProbeKind,
        /// Whether it succeeded.
        success: bool,
        /// Until when every further probe will find the same, where that is known: those are not made.
        steady_until: Option<Mono>,
    },
    /// The hook has returned.
    PreStopDone {
        /// Of which container.
        container: usize,
    },
    /// A container without a readiness probe says by itself whether it can serve.
    Readiness {
        /// Which container.
        container: usize,
        /// Whether it can.
        ready: bool,
    },
    /// Volumes and network are gone.
    SandboxRemoved,
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exit {
    /// Its exit code.
    pub code: i32,
    /// Why, in one word; `Completed` or `Error` by the code when absent.
    pub reason: Option<&'static str>,
    /// Why, in a sentence.
    pub message: Option<String>,
}

impl Exit {
    /// Ended with this code.
    pub fn code(code: i32) -> Self {
        Self { code, ..Self::default() }
    }

    /// Killed because it used more memory than it may.
    pub fn out_of_memory() -> Self {
        Self { code: 137, reason: Some("OOMKilled"), message: None }
    }
}

/// Why an image cannot be had.
///
/// Source: `k8s.io/kubernetes/pkg/kubelet/images` (`types.go`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PullFailure {
    /// The registry does not give it.
    ErrImagePull,
    /// Its name cannot be read.
    InvalidImageName,
    /// It is not there and must not be pulled.
    ErrImageNeverPull,
    /// The registry does not answer.
    RegistryUnavailable,
}

impl PullFailure {
    /// The reason as the status has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ErrImagePull => "ErrImagePull",
            Self::InvalidImageName => "InvalidImageName",
            Self::ErrImageNeverPull => "ErrImageNeverPull",
            Self::RegistryUnavailable => "RegistryUnavailable",
        }
    }

    /// Whether failures of this kind make the next attempt wait longer.
    pub(super) fn backs_off(self) -> bool {
        matches!(self, Self::ErrImagePull | Self::RegistryUnavailable)
    }
}

/// Why a container could not be started.
///
/// Source: `k8s.io/kubernetes/pkg/kubelet/kuberuntime` (`kuberuntime_container.go`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartFailure {
    /// Its environment cannot be made: a config map, a secret or a key is missing.
    CreateContainerConfigError,
    /// It could not be created.
    CreateContainerError,
    /// It was created and did not start.
    RunContainerError,
}

impl StartFailure {
    /// The reason as the status has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateContainerConfigError => "CreateContainerConfigError",
            Self::CreateContainerError => "CreateContainerError",
            Self::RunContainerError => "RunContainerError",
        }
    }
}

/// Something that the kubelet tells of as an `Event` of the pod.
///
/// Source: `k8s.io/kubernetes/pkg/kubelet/events`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Whether it is a `Warning`.
    pub warning: bool,
    /// Why, in one word.
    pub reason: Cow<'static, str>,
    /// What happened.
    pub message: String,
}
