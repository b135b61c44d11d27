//! The next time of a calendar schedule.
//!
//! Steps from the largest field to the smallest, beginning anew where one wraps around, and looks at the clock on the
//! wall after every step: where clocks change, the steps decide what comes out.
//!
//! Source: `github.com/robfig/cron/v3` (`SpecSchedule.Next`), and Go's `time.Date` for times that do not exist or exist
//! twice.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use kube_core::cron::Fields;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// Years that are looked through.
const YEARS: i16 = 5;

pub(super) fn next(fields: &Fields, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    let sets = [fields.minutes, fields.hours, fields.days_of_month, fields.months, fields.days_of_week];
    if sets.contains(&0) {
        return None;
    }
    // The upcoming second. Fractions are below it, also before 1970.
    let whole = after.as_second() - i64::from(after.subsec_nanosecond() < 0);
    let mut cursor = Cursor { fields, zone, at: whole + 1, moved: false };
    let last_year = cursor.wall()?.year() + YEARS;
    loop {
        if cursor.wall()?.year() > last_year {
            return None;
        }
        // Every step gives whether the larger fields still fit.
        if cursor.month()? && cursor.day()? && cursor.hour()? && cursor.minute()? && cursor.second()? {
            return Timestamp::from_second(cursor.at).ok();
        }
    }
}

struct Cursor<'a> {
    fields: &'a Fields,
    zone: &'a TimeZone,
    /// Seconds since 1970.
    at: i64,
    /// Whether a field was moved on: the smaller ones begin at zero then.
    moved: bool,
}

impl Cursor<'_> {
    /// What a clock on the wall shows.
    fn wall(&self) -> Option<DateTime> {
        Some(self.offset(self.at)?.to_datetime(Timestamp::from_second(self.at).ok()?))
    }

    fn offset(&self, at: i64) -> Option<Offset> {
        Some(self.zone.to_offset(Timestamp::from_second(at).ok()?))
    }

    /// The moment at which a clock on the wall shows `wall`. Where none does, or two do: what comes out of taking the
    /// offset that the same numbers would have in UTC, corrected once.
    fn moment(&self, wall: DateTime) -> Option<i64> {
        let as_utc = Offset::UTC.to_timestamp(wall).ok()?.as_second();
        let guess = i64::from(self.offset(as_utc)?.seconds());
        if guess == 0 {
            return Some(as_utc);
        }
        Some(as_utc - i64::from(self.offset(as_utc - guess)?.seconds()))
    }

    /// Goes to `wall` if nothing was moved yet.
    fn begin(&mut self, wall: DateTime) -> Option<()> {
        if !self.moved {
            self.moved = true;
            self.at = self.moment(wall)?;
        }
        Some(())
    }

    fn month(&mut self) -> Option<bool> {
        loop {
            let wall = self.wall()?;
            if has(self.fields.months, wall.month()) {
                return Some(true);
            }
            self.begin(DateTime::from_parts(wall.date().first_of_month(), jiff::civil::Time::midnight()))?;
            let wall = self.wall()?;
            self.at = self.moment(wall.checked_add(jiff::Span::new().months(1)).ok()?)?;
            if self.wall()?.month() == 1 {
                return Some(false);
            }
        }
    }

    fn day(&mut self) -> Option<bool> {
        loop {
            let wall = self.wall()?;
            if self.is_day(wall) {
                return Some(true);
            }
            self.begin(DateTime::from_parts(wall.date(), jiff::civil::Time::midnight()))?;
            let before = self.at;
            let wall = self.wall()?;
            self.at = self.moment(wall.checked_add(jiff::Span::new().days(1)).ok()?)?;
            // Midnight may not exist.
            let hour = i64::from(self.wall()?.hour());
            match hour {
                0 => {}
                13.. => self.at += (24 - hour) * HOUR,
                _ => self.at -= hour * HOUR,
            }
            if self.at <= before {
                // A whole day does not exist: there is no way on for these steps.
                return None;
            }
            if self.wall()?.day() == 1 {
                return Some(false);
            }
        }
    }

    /// Days of the month and of the week that are both restricted are due on either.
    fn is_day(&self, wall: DateTime) -> bool {
        let of_month = has(self.fields.days_of_month, wall.day());
        let of_week = has(self.fields.days_of_week, wall.weekday().to_sunday_zero_offset());
        let any = self.fields.any_day_of_month || self.fields.any_day_of_week;
        if any { of_month && of_week } else { of_month || of_week }
    }

    fn hour(&mut self) -> Option<bool> {
        loop {
            let wall = self.wall()?;
            if has(self.fields.hours, wall.hour()) {
                return Some(true);
            }
            let whole = jiff::civil::Time::new(wall.hour(), 0, 0, 0).ok()?;
            self.begin(DateTime::from_parts(wall.date(), whole))?;
            self.at += HOUR;
            if self.wall()?.hour() == 0 {
                return Some(false);
            }
        }
    }

    fn minute(&mut self) -> Option<bool> {
        loop {
            if has(self.fields.minutes, self.wall()?.minute()) {
                return Some(true);
            }
            if !self.moved {
                self.moved = true;
                self.at -= self.at.rem_euclid(MINUTE);
            }
            self.at += MINUTE;
            if self.wall()?.minute() == 0 {
                return Some(false);
            }
        }
    }

    /// Every schedule is due at second 0.
    fn second(&mut self) -> Option<bool> {
        loop {
            if self.wall()?.second() == 0 {
                return Some(true);
            }
            self.moved = true;
            self.at += 1;
            if self.wall()?.second() == 0 {
                return Some(false);
            }
        }
    }
}

fn has(set: u64, number: i8) -> bool {
    u32::try_from(number).is_ok_and(|number| set & (1 << number) != 0)
}
