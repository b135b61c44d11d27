//! Who wrote what, and why: the chain of causes behind an object.

#[cfg(test)]
mod tests;

use super::cause::{Cause, Causes};
use kube_core::resource::{KindInfo, ObjectKey};
use kube_store::storage::Revision;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Writes that are remembered; older ones are forgotten.
const REMEMBERED: usize = 4096;

/// Links that are followed in all.
const LINKS: usize = 32;

/// One write of a controller.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteRecord {
    /// Who wrote.
    pub controller: Arc<str>,
    /// What it reconciled.
    pub reconciled: ObjectKey,
    /// Why it did.
    pub causes: Arc<Causes>,
    /// Kind of the object written.
    pub kind: Arc<str>,
    /// The object written.
    pub key: ObjectKey,
    /// When.
    pub revision: Revision,
}

impl WriteRecord {
    fn is_of(&self, kind: &str, key: &ObjectKey) -> bool {
        *self.kind == *kind && self.key == *key
    }
}

impl fmt::Display for WriteRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { controller, reconciled, kind, key, revision, .. } = self;
        write!(f, "{kind} {key} at {revision}: written by {controller} for {reconciled}")
    }
}

/// Why an object is as it is: the last write of a controller, and what led to that. `Display` tells it line by line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Why {
    /// The write.
    pub write: Arc<WriteRecord>,
    /// What led to it.
    pub because: Vec<Because>,
}

/// One reason for a write.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Because {
    /// The reason.
    pub cause: Cause,
    /// Where it came from in turn; `None` for what no controller wrote (a user, a node, the scheduler), or what was
    /// forgotten.
    pub written: Option<Box<Why>>,
}

impl Why {
    fn tell(&self, f: &mut fmt::Formatter<'_>, indent: usize) -> fmt::Result {
        write!(f, "{:indent$}{}", "", self.write)?;
        for because in &self.because {
            write!(f, "\n{:indent$}  because {}", "", because.cause)?;
            if let Some(why) = &because.written {
                f.write_str("\n")?;
                why.tell(f, indent + 4)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tell(f, 0)
    }
}

/// The last writes of some controllers, in order.
#[derive(Debug, Default)]
pub(crate) struct History(Mutex<VecDeque<Arc<WriteRecord>>>);

impl History {
    pub(in crate::runtime) fn add(&self, record: WriteRecord) {
        let mut records = self.lock();
        if records.len() == REMEMBERED {
            records.pop_front();
        }
        records.push_back(Arc::new(record));
    }

    /// Why the object is as it is; `None` where no controller wrote it, or that was forgotten.
    pub(in crate::runtime) fn why(&self, kind: &KindInfo, key: &ObjectKey) -> Option<Why> {
        let records = self.lock();
        let last = records.iter().rev().find(|record| record.is_of(&kind.kind, key))?;
        let mut links = LINKS;
        Some(chain(&records, last, &mut links))
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<WriteRecord>>> {
        // A ring of records is whole after every step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn chain(records: &VecDeque<Arc<WriteRecord>>, write: &Arc<WriteRecord>, links: &mut usize) -> Why {
    let because = write.causes.iter().map(|cause| {
        let source = cause.change().filter(|_| *links > 0).and_then(|(kind, key, revision)| {
            let written =
                |record: &&Arc<WriteRecord>| record.revision == revision && record.is_of(&kind.kind, key);
            records.iter().rev().find(written)
        });
        *links -= usize::from(source.is_some());
        let written = source.map(|source| Box::new(chain(records, source, links)));
        Because { cause: cause.clone(), written }
    });
    Why { write: write.clone(), because: because.collect() }
}
