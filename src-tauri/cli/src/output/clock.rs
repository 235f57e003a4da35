//! Times of day as a person reads them: in the system's time zone.

use jiff::tz::TimeZone;
use mo_core::time::Timestamp;

/// Turns journal times into the wall clock's.
pub(crate) struct WallClock {
    zone: TimeZone,
}

impl WallClock {
    /// The system's time zone (`TZ`, else the system's setting), UTC where it is unknown.
    pub(crate) fn system() -> Self {
        Self { zone: TimeZone::system() }
    }

    /// `HH:MM:SS`.
    pub(crate) fn time(&self, at: Timestamp) -> String {
        self.show(at, "%H:%M:%S")
    }

    /// `YYYY-MM-DD HH:MM`.
    pub(crate) fn minute(&self, at: Timestamp) -> String {
        self.show(at, "%Y-%m-%d %H:%M")
    }

    fn show(&self, at: Timestamp, format: &str) -> String {
        let time = jiff::Timestamp::from_millisecond(at.0);
        time.map_or_else(
            |_| at.to_string(),
            |time| time.to_zoned(self.zone.clone()).strftime(format).to_string(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zone_counts() {
        let at = Timestamp::parse("2026-11-22T23:42:07.123Z").unwrap();
        let clock = |zone| WallClock { zone };
        assert_eq!(clock(TimeZone::UTC).time(at), "23:42:07");
        let east = clock(TimeZone::fixed(jiff::tz::offset(2)));
        assert_eq!((east.time(at), east.minute(at)), ("01:42:07".to_owned(), "2026-11-23 01:42".to_owned()));
    }
}
