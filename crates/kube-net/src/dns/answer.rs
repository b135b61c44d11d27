//! What a question gets.

use super::record::{Data, Record, RecordType};
use std::fmt;

/// How a question went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// The name exists, with or without data of the type.
    NoError,
    /// The name does not exist.
    NxDomain,
    /// The name is somebody else's.
    Refused,
}

/// What a question gets. Its text is one line per record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// How it went.
    pub code: Code,
    /// Whether the name is in a zone of ours.
    pub authoritative: bool,
    /// The records asked for.
    pub answers: Vec<Record>,
    /// The zone's beginning, where there are none: how long that may be remembered.
    pub authority: Vec<Record>,
    /// Addresses of names among the answers.
    pub additional: Vec<Record>,
}

impl Answer {
    pub(super) fn new(code: Code) -> Self {
        Self {
            code,
            authoritative: code != Code::Refused,
            answers: Vec::new(),
            authority: Vec::new(),
            additional: Vec::new(),
        }
    }

    /// Whether there is data of the type that was asked for.
    pub fn has_data(&self, kind: RecordType) -> bool {
        let fits = |data: &Data| data.kind() == kind || kind == RecordType::Any;
        self.code == Code::NoError && self.answers.iter().any(|record| fits(&record.data))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoError => "NOERROR",
            Self::NxDomain => "NXDOMAIN",
            Self::Refused => "REFUSED",
        })
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.code)?;
        for (section, records) in
            [("", &self.answers), ("authority: ", &self.authority), ("additional: ", &self.additional)]
        {
            records.iter().try_for_each(|record| writeln!(f, "{section}{record}"))?;
        }
        Ok(())
    }
}
