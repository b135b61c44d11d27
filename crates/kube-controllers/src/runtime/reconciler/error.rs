//! Why a reconcile failed, and whether trying again can help.

use kube_core::error::ApiError;
use std::time::Duration;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a reconcile failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A request failed.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// Something else failed that may go better next time.
    #[error("{0}")]
    Failed(#[source] Source),
    /// Trying again cannot help before something changes.
    #[error("{0}")]
    Terminal(#[source] Source),
}

/// What follows from an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Again, after a growing delay of at least this length.
    After(Duration),
    /// Not before something changes.
    Never,
    /// The store is closed: the controller ends.
    Closed,
}

impl Error {
    /// A failure that may go better next time.
    pub fn failed(source: impl Into<Source>) -> Self {
        Self::Failed(source.into())
    }

    /// A failure that stays until something changes.
    pub fn terminal(source: impl Into<Source>) -> Self {
        Self::Terminal(source.into())
    }

    /// What follows. A refused request is tried again, since what it was refused for may change unseen: a quota, a
    /// namespace, a definition.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Api(error) if error.is_closed() => Retry::Closed,
            Self::Api(error) => match error.retry() {
                kube_core::error::Retry::After(delay) => Retry::After(delay),
                _ => Retry::After(Duration::ZERO),
            },
            Self::Failed(_) => Retry::After(Duration::ZERO),
            Self::Terminal(_) => Retry::Never,
        }
    }
}
