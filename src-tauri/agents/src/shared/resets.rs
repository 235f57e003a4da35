//! When a usage limit ends, as far as an agent's words say it soundly: an instant, or a time that names UTC or
//! counts from a moment that the line itself carries. A clock time without zone (Codex: `try again at 9:45 AM`) or
//! in a zone that only a table of zones could read is none.

use std::sync::LazyLock;

use mo_core::time::Timestamp;
use regex::Regex;

use super::clock::time;
use super::failure::texts::plain;

const MONTHS: &str = "janfebmaraprmayjunjulaugsepoctnovdec";
const SECOND: i64 = 1_000;
const DAY: i64 = 86_400 * SECOND;
/// No limit of any service runs longer than a year.
const LONGEST: i64 = 400 * DAY;
/// 2020-01-01 and 2100-01-01 in seconds: what is outside is no time of a limit.
const SOUND: std::ops::Range<i64> = 1_577_836_800..4_102_444_800;

/// An instant in seconds since 1970, or in milliseconds; `None` where it can be neither.
pub fn instant(number: i64) -> Option<Timestamp> {
    if SOUND.contains(&number) {
        return Some(Timestamp(number * SECOND));
    }
    SOUND.contains(&(number / SECOND)).then_some(Timestamp(number))
}

/// The patterns; `None` where one is broken, which a test excludes.
#[derive(Debug)]
struct Patterns {
    /// `limit reached|1749924000` (Claude before 2.0).
    epoch: Regex,
    /// `resets 2026-11-22t09:45:00z`.
    rfc3339: Regex,
    /// `resets jul 31, 2am (utc)`, `resets 11:05am (utc)`, `resets sep 15 at 7pm (gmt)`.
    utc: Regex,
    /// `try again in 2 days 17 hours 14 minutes`, `will reset after 18h33m12s`, `retry in 1.5s`.
    relative: Regex,
    /// One amount of the former.
    amount: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    let regex = |pattern: &str| Regex::new(pattern).ok();
    Some(Patterns {
        epoch: regex(r"limit reached ?\| ?(\d{10,13})\b")?,
        rfc3339: regex(
            r"(?:reset|again|retry|available|until)\D{0,30}(20\d\d-\d\d-\d\d[t ]\d\d:\d\d:\d\d\S{0,12})",
        )?,
        utc: regex(
            r"(?:resets?|again|available)(?: at| on)? (?:(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* (\d{1,2})(?:st|nd|rd|th)?,?(?: (20\d\d),?)?(?: at)? )?(\d{1,2})(?::(\d\d))? ?([ap])\.?m\.? ?\(?(?:utc|gmt|z)\b",
        )?,
        relative: regex(
            r"(?:again|retry|resets?|available)(?: will be possible)? (?:in|after) (?:about |approximately )?((?:,? ?(?:and )?\d{1,7}(?:\.\d{1,9})? ?(?:days?|hours?|hrs?|minutes?|mins?|seconds?|secs?|milliseconds?|ms|[dhms])\b?)+)",
        )?,
        amount: regex(r"(\d{1,7})(?:\.(\d{1,9}))? ?(milliseconds?|ms|d|h|m|s)")?,
    })
});

/// The instant that a text names. `at` is the time of the text's own line, where it has one.
pub fn in_text(text: &str, at: Option<Timestamp>) -> Option<Timestamp> {
    let patterns = PATTERNS.as_ref()?;
    let text = plain(text);
    if let Some(found) = patterns.epoch.captures(&text) {
        return instant(found.get(1)?.as_str().parse().ok()?);
    }
    if let Some(found) = patterns.rfc3339.captures(&text) {
        let upper = found.get(1)?.as_str().trim_end_matches(['.', ',', ')', ']']).to_ascii_uppercase();
        let named = time(Some(&upper))?;
        return Some(named).filter(|named| SOUND.contains(&(named.0 / SECOND)));
    }
    let at = at.filter(|at| SOUND.contains(&(at.0 / SECOND)))?;
    let named = match patterns.utc.captures(&text) {
        Some(found) => utc(&found, at)?,
        None => Timestamp(at.0 + span(patterns, &text)?),
    };
    (at.0 < named.0 && named.0 <= at.0 + LONGEST).then_some(named)
}

/// How long a text says to wait, in milliseconds.
pub fn wait_in_text(text: &str) -> Option<i64> {
    span(PATTERNS.as_ref()?, &plain(text))
}

/// How long a bare amount such as Google's `retryDelay` `17s` is, in milliseconds.
pub fn wait(amount: &str) -> Option<i64> {
    sum(PATTERNS.as_ref()?, amount)
}

fn span(patterns: &Patterns, text: &str) -> Option<i64> {
    sum(patterns, patterns.relative.captures(text)?.get(1)?.as_str())
}

fn sum(patterns: &Patterns, amounts: &str) -> Option<i64> {
    let mut total = 0_i64;
    for amount in patterns.amount.captures_iter(amounts) {
        let whole: i64 = amount.get(1)?.as_str().parse().ok()?;
        let unit = match amount.get(3)?.as_str() {
            "d" => DAY,
            "h" => 3_600 * SECOND,
            "m" => 60 * SECOND,
            "s" => SECOND,
            _ => 1,
        };
        let fraction = amount.get(2).map_or("0", |digits| digits.as_str());
        let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
        let thousandths: i64 = digits.parse().ok()?;
        total = total.checked_add(whole.checked_mul(unit)?)?.checked_add(thousandths * unit / 1_000)?;
    }
    (total > 0 && total <= LONGEST).then_some(total)
}

/// The next moment after `at` that a clock time in UTC, with or without a day, can mean.
fn utc(found: &regex::Captures<'_>, at: Timestamp) -> Option<Timestamp> {
    let number = |group: usize| found.get(group).map(|m| m.as_str().parse::<i64>());
    let (hour, minute) = (number(4)?.ok()?, number(5).unwrap_or(Ok(0)).ok()?);
    let afternoon = found.get(6)?.as_str() == "p";
    if !(1..=12).contains(&hour) || minute > 59 {
        return None;
    }
    let hour = hour % 12 + if afternoon { 12 } else { 0 };
    let (year, month, day, ..) = at.civil();
    let on = |year: i64, month: i64, day: i64| {
        Timestamp::parse(&format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z"))
    };
    let Some(name) = found.get(1) else {
        let today = on(year, month, day)?;
        return Some(if today > at { today } else { Timestamp(today.0 + DAY) });
    };
    let month = i64::try_from(MONTHS.find(name.as_str())? / 3 + 1).ok()?;
    let day = number(2)?.ok()?;
    if let Some(year) = number(3) {
        return on(year.ok()?, month, day);
    }
    // Without a year, it is the next such day.
    [year, year + 1].into_iter().filter_map(|year| on(year, month, day)).find(|named| *named > at)
}
