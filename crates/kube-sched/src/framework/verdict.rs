//! What plugins answer, and what it means when they break.

use futures::FutureExt;
use kube_core::error::ApiError;
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A plugin's answer about one pod and one node. Not an error: a pod that does not fit is the normal case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// The pod may go there.
    #[default]
    Fits,
    /// Not now: other pods stand in the way, so preemption may help (Kubernetes' `Unschedulable`).
    No(Reasons),
    /// Not by removing pods: only the node or the pod itself can change that
    /// (Kubernetes' `UnschedulableAndUnresolvable`).
    Never(Reasons),
}

impl Verdict {
    /// Not now, for one reason.
    pub fn no(reason: impl Into<Reason>) -> Self {
        Self::No(Reasons::from(reason.into()))
    }

    /// Not by removing pods, for one reason.
    pub fn never(reason: impl Into<Reason>) -> Self {
        Self::Never(Reasons::from(reason.into()))
    }

    /// Whether the pod may go there.
    pub fn fits(&self) -> bool {
        matches!(self, Self::Fits)
    }

    /// The reasons against it; `None` where it fits.
    pub fn reasons(&self) -> Option<&Reasons> {
        match self {
            Self::Fits => None,
            Self::No(reasons) | Self::Never(reasons) => Some(reasons),
        }
    }
}

/// One reason, in Kubernetes' words. Costs nothing to clone.
#[derive(Clone, Debug)]
pub enum Reason {
    /// A fixed text.
    Fixed(&'static str),
    /// A text made at run time.
    Made(Arc<str>),
}

impl Reason {
    /// The text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Fixed(text) => text,
            Self::Made(text) => text,
        }
    }
}

impl PartialEq for Reason {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Reason {}

impl From<&'static str> for Reason {
    fn from(text: &'static str) -> Self {
        Self::Fixed(text)
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Self::Made(text.into())
    }
}

impl From<Arc<str>> for Reason {
    fn from(text: Arc<str>) -> Self {
        Self::Made(text)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One reason or several, in the plugin's order. One alone takes no memory of its own.
///
/// `Display` joins them with `", "`, as Kubernetes does in a status message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reasons(Held);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Held {
    One([Reason; 1]),
    Many(Vec<Reason>),
}

impl Reasons {
    /// The reasons; `None` where there are none.
    pub fn collect(reasons: impl IntoIterator<Item = Reason>) -> Option<Self> {
        let mut reasons = reasons.into_iter();
        let first = reasons.next()?;
        Some(match reasons.next() {
            None => Self(Held::One([first])),
            Some(second) => Self(Held::Many([first, second].into_iter().chain(reasons).collect())),
        })
    }

    /// The same reasons and one more.
    #[must_use]
    pub fn and(self, reason: impl Into<Reason>) -> Self {
        let mut many = match self.0 {
            Held::One([first]) => vec![first],
            Held::Many(many) => many,
        };
        many.push(reason.into());
        Self(Held::Many(many))
    }

    /// The reasons, at least one.
    pub fn as_slice(&self) -> &[Reason] {
        match &self.0 {
            Held::One(one) => one,
            Held::Many(many) => many,
        }
    }

    /// The texts.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.as_slice().iter().map(Reason::as_str)
    }
}

impl From<Reason> for Reasons {
    fn from(reason: Reason) -> Self {
        Self(Held::One([reason]))
    }
}

impl fmt::Display for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, reason) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(reason)?;
        }
        Ok(())
    }
}

/// A plugin that broke: it panicked, or its scores left the range. The pod is tried again after a back-off.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("plugin {plugin:?} at {point}: {message}")]
#[non_exhaustive]
pub struct PluginError {
    /// Name of the plugin.
    pub plugin: &'static str,
    /// The extension point it was called at.
    pub point: &'static str,
    /// What happened.
    pub message: String,
}

impl PluginError {
    /// An error of `plugin` at `point`.
    pub fn new(plugin: &'static str, point: &'static str, message: impl Into<String>) -> Self {
        Self { plugin, point, message: message.into() }
    }
}

/// Calls a plugin; the text of the panic where it panics.
///
/// What the panic leaves behind is the plugin's own: everything else it was given it could only read.
pub(crate) fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| text_of(&*payload))
}

/// The same for what a plugin awaits; a panic is an error of `plugin` at `point`.
pub(crate) async fn guarded_async<T>(
    (plugin, point): (&'static str, &'static str),
    call: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError> {
    let ended = AssertUnwindSafe(call).catch_unwind().await;
    ended.unwrap_or_else(|payload| {
        Err(ApiError::internal(PluginError::new(plugin, point, text_of(&*payload))))
    })
}

fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("(no message)"))
}
