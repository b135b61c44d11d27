//! Levels and the version of the standards that they stand for.

use std::fmt;
use std::str::FromStr;

/// How much is forbidden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    #[default]
    Privileged,
    /// Known ways out of a container.
    Baseline,
    /// All that hardened pods do without.
    Restricted,
}

/// A level as of one version of Kubernetes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LevelVersion {
    /// The level.
    pub level: Level,
    /// `36` for v1.36; `None` for the latest.
    pub minor: Option<u32>,
}

/// A label that names no level or version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseLevelError {
    /// It names no level.
    #[error("must be one of privileged, baseline, restricted")]
    Level,
    /// It names no version.
    #[error("must be \"latest\" or \"v1.x\"")]
    Version,
}

impl FromStr for Level {
    type Err = ParseLevelError;

    fn from_str(text: &str) -> Result<Self, ParseLevelError> {
        match text {
            "privileged" => Ok(Self::Privileged),
            "baseline" => Ok(Self::Baseline),
            "restricted" => Ok(Self::Restricted),
            _ => Err(ParseLevelError::Level),
        }
    }
}

/// The minor version that a label names; `None` for `latest`.
pub(super) fn parse_version(text: &str) -> Result<Option<u32>, ParseLevelError> {
    if text == "latest" {
        return Ok(None);
    }
    let minor = text.strip_prefix("v1.").ok_or(ParseLevelError::Version)?;
    let canonical = minor == "0" || !minor.starts_with(['0', '+']);
    let minor = minor.parse().ok().filter(|_| canonical);
    minor.map(Some).ok_or(ParseLevelError::Version)
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        })
    }
}

impl fmt::Display for LevelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.minor {
            Some(minor) => write!(f, "{}:v1.{minor}", self.level),
            None => write!(f, "{}:latest", self.level),
        }
    }
}
