//! Time zones by name, from a database of our own: the machine's is not looked at.

use jiff::tz::{TimeZone, TimeZoneDatabase};

/// A time zone that is in no database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone {0}")]
pub struct UnknownZone(pub String);

/// The time zone of that name in the IANA database; capitals count. `Local` is UTC, as on the machines of a control
/// plane.
///
/// # Errors
/// There is none.
pub fn time_zone(name: &str) -> Result<TimeZone, UnknownZone> {
    if matches!(name, "" | "UTC" | "Local") {
        return Ok(TimeZone::UTC);
    }
    let found = TimeZoneDatabase::bundled().get(name).ok();
    found.filter(|zone| zone.iana_name() == Some(name)).ok_or_else(|| UnknownZone(name.to_owned()))
}
