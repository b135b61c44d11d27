//! Why a reconcile runs.

use kube_core::resource::{KindInfo, ObjectKey};
use kube_store::storage::Revision;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// One reason to reconcile a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// An object was there when the controller began.
    Present {
        /// The object's kind.
        kind: Arc<KindInfo>,
        /// The object.
        key: ObjectKey,
    },
    /// An object was created or changed.
    Changed {
        /// The object's kind.
        kind: Arc<KindInfo>,
        /// The object.
        key: ObjectKey,
        /// When.
        revision: Revision,
    },
    /// An object went away.
    Deleted {
        /// The object's kind.
        kind: Arc<KindInfo>,
        /// The object.
        key: ObjectKey,
        /// When.
        revision: Revision,
    },
    /// The reconciler asked to be called again ([`Outcome::RequeueAfter`](super::Outcome::RequeueAfter)).
    Requeued,
    /// The last attempt failed.
    Failed,
    /// Somebody asked for it.
    Asked(&'static str),
}

impl Cause {
    /// The object whose change it is, and when it was changed or deleted.
    pub fn change(&self) -> Option<(&KindInfo, &ObjectKey, Revision)> {
        match self {
            Self::Changed { kind, key, revision } | Self::Deleted { kind, key, revision } => {
                Some((kind, key, *revision))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present { kind, key } => write!(f, "{} {key} is there", kind.kind),
            Self::Changed { kind, key, revision } => write!(f, "{} {key} changed at {revision}", kind.kind),
            Self::Deleted { kind, key, revision } => write!(f, "{} {key} deleted at {revision}", kind.kind),
            Self::Requeued => f.write_str("the time it asked for has come"),
            Self::Failed => f.write_str("the last attempt failed"),
            Self::Asked(why) => f.write_str(why),
        }
    }
}

/// The reasons of one reconcile: those of every event that was merged into it, the first eight by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Causes {
    named: Vec<Cause>,
    more: usize,
}

/// Causes kept by name: a storm of events must not become a storm of memory.
const NAMED: usize = 8;

impl Causes {
    /// One cause.
    pub fn of(cause: Cause) -> Self {
        Self { named: vec![cause], more: 0 }
    }

    /// How many causes are not named.
    pub fn more(&self) -> usize {
        self.more
    }

    /// Adds the causes of `other`; one that is there already is not added again.
    pub fn merge(&mut self, other: Self) {
        self.more += other.more;
        for cause in other.named {
            if self.named.contains(&cause) {
                continue;
            }
            if self.named.len() < NAMED {
                self.named.push(cause);
            } else {
                self.more += 1;
            }
        }
    }
}

impl Deref for Causes {
    type Target = [Cause];

    fn deref(&self) -> &[Cause] {
        &self.named
    }
}

impl fmt::Display for Causes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, cause) in self.named.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{cause}")?;
        }
        if self.more > 0 {
            write!(f, "; and {} more", self.more)?;
        }
        Ok(())
    }
}
