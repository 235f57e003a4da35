use mo_core::time::Timestamp;

use super::resets::{in_text, instant, wait, wait_in_text};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[test]
fn what_is_sound_is_read() {
    let now = Some(at("2026-11-22T09:05:08.428Z"));
    let table = [
        ("You've hit your 5-hour limit · resets 11:05am (UTC)", "2026-11-22T11:05:00Z"),
        ("You\u{2019}ve hit your limit · resets 9am (UTC)", "2026-11-23T09:00:00Z"),
        ("You've hit your weekly limit · resets Nov 25, 2am (UTC)", "2026-11-25T02:00:00Z"),
        ("Weekly limit reached ∙ resets Jan 3 at 12:30 p.m. (GMT)", "2027-01-03T12:30:00Z"),
        ("limit · resets 12am (UTC)", "2026-11-23T00:00:00Z"),
        ("Claude AI usage limit reached|1795345507", "2026-11-22T11:05:07Z"),
        ("try again at 2026-11-23T01:02:03Z.", "2026-11-23T01:02:03Z"),
        ("or try again in 2 days 17 hours 14 minutes.", "2026-11-25T02:19:08.428Z"),
        ("Your quota will reset after 18h33m12s.", "2026-11-23T03:38:20.428Z"),
        ("Please retry in 1.5s", "2026-11-22T09:05:09.928Z"),
        ("try again in 3 hours, 2 minutes and 1 second", "2026-11-22T12:07:09.428Z"),
    ];
    for (text, expected) in table {
        assert_eq!(in_text(text, now), Some(at(expected)), "{text}");
    }
}

#[test]
fn what_is_not_sound_is_none() {
    let now = Some(at("2026-11-22T09:05:08Z"));
    let none = [
        "try again at 9:45 AM.",
        "resets 10am (Asia/Seoul)",
        "resets 11pm (America/Anchorage)",
        "resets Sep 15 at 7pm",
        "resets 13am (UTC)",
        "resets 25:99pm (UTC)",
        "Upgrade to Pro or wait for limits to reset (every 5h and every week.).",
        "try again in 999999 days",
        "try again in 0 s",
        "usage limit reached|1",
        "usage limit reached|99999999999999999999",
        "try again later",
        "",
    ];
    for text in none {
        assert_eq!(in_text(text, now), None, "{text}");
    }
    for needs_a_time in ["resets 11:05am (UTC)", "try again in 2 hours"] {
        assert_eq!(in_text(needs_a_time, None), None);
        assert_eq!(in_text(needs_a_time, Some(Timestamp(i64::MAX))), None);
    }
}

#[test]
fn instants_and_amounts() {
    assert_eq!(instant(1_795_345_507), Some(Timestamp(1_795_345_507_000)));
    assert_eq!(instant(1_795_345_507_123), Some(Timestamp(1_795_345_507_123)));
    for none in [0, -1, 1, i64::MAX, i64::MIN, 99_999_999_999] {
        assert_eq!(instant(none), None, "{none}");
    }
    assert_eq!(wait("17s"), Some(17_000));
    assert_eq!(wait("0.5s"), Some(500));
    assert_eq!(wait("nothing"), None);
    assert_eq!(wait_in_text("Please retry in 2m5s."), Some(125_000));
}
