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
    /// A watch was lost before it showed what the reconciler wrote, which others may have deleted unseen.
    Unseen,
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
            Self::Unseen => f.write_str("a watch was lost before it showed its writes"),
            Self::Asked(why) => f.write_str(why),
        }
    }
}

/// The reasons of one reconcile: those of every event that was merged into it, the first eight by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Causes {
    named: Named,
    more: usize,
}

/// Most reconciles have one cause, which needs no memory of its own.
#[derive(Clone, Debug)]
enum Named {
    One([Cause; 1]),
    Many(Vec<Cause>),
}

impl Default for Named {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Deref for Named {
    type Target = [Cause];

    fn deref(&self) -> &[Cause] {
        match self {
            Self::One(one) => one,
            Self::Many(many) => many,
        }
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Named {}

/// Causes kept by name: a storm of events must not become a storm of memory.
const NAMED: usize = 8;

impl Causes {
    /// One cause.
    pub fn of(cause: Cause) -> Self {
        Self { named: Named::One([cause]), more: 0 }
    }

    /// How many causes are not named.
    pub fn more(&self) -> usize {
        self.more
    }

    /// Adds the causes of `other`; one that is there already is not added again.
    pub fn merge(&mut self, other: Self) {
        self.more += other.more;
        match other.named {
            Named::One([cause]) => self.add(cause),
            Named::Many(many) => many.into_iter().for_each(|cause| self.add(cause)),
        }
    }

    fn add(&mut self, cause: Cause) {
        if self.named.contains(&cause) {
            return;
        }
        if self.named.len() >= NAMED {
            self.more += 1;
            return;
        }
        self.named = match std::mem::take(&mut self.named) {
            Named::Many(none) if none.is_empty() => Named::One([cause]),
            Named::One([first]) => Named::Many(vec![first, cause]),
            Named::Many(mut many) => {
                many.push(cause);
                Named::Many(many)
            }
        };
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
