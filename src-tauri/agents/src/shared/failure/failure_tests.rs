use mo_core::outcome::FailureClass;

use super::texts::{Texts, plain};
use super::{Meaning, Word, body, status, word};

#[test]
fn the_tables_compile() {
    assert!(Texts::new(&[]).is_sound());
    assert!(crate::claude::failure::tables_are_sound());
    assert!(crate::codex::failure::tables_are_sound());
    assert!(crate::gemini::failure::tables_are_sound());
    assert!(crate::acp::failure::tables_are_sound());
}

#[test]
fn a_text_is_compared_by_its_words() {
    assert_eq!(
        plain(" You\u{2019}ve  hit\nyour `5-hour`\t**limit** \u{2014} \u{1b}[31mwait\u{1b}[0m "),
        "you've hit your 5-hour limit - wait"
    );
    let long = format!("start {} end", "x".repeat(100_000));
    let read = plain(&long);
    assert!(read.starts_with("start") && read.ends_with("end") && read.len() < 9_000);
    assert_eq!(plain(&"ä".repeat(50_000)).chars().filter(|c| *c != 'ä' && *c != ' ').count(), 0);
}

#[test]
fn words_are_compared_whole_and_without_case() {
    const TABLE: &[Word] = &[("rate_limit", FailureClass::RateLimited, &[FailureClass::UsageLimit], "here")];
    for same in ["rate_limit", "RateLimit", "RATE-LIMIT"] {
        assert_eq!(word(TABLE, same).map(|m| m.class), Some(FailureClass::RateLimited));
    }
    for other in ["rate_limits", "rate", "", &"r".repeat(1 << 20)] {
        assert_eq!(word(TABLE, other), None);
    }
    let meaning = Meaning { class: FailureClass::RateLimited, finer: &[FailureClass::UsageLimit] };
    assert_eq!(meaning.with(Some(FailureClass::UsageLimit)), FailureClass::UsageLimit);
    assert_eq!(
        meaning.with(Some(FailureClass::Network)),
        FailureClass::RateLimited,
        "a text never overrules a word"
    );
    assert_eq!(meaning.with(None), FailureClass::RateLimited);
}

#[test]
fn every_error_status_means_something_and_no_other_does() {
    for code in 0..1_000 {
        assert_eq!(status::meaning(code).is_some(), (400..600).contains(&code), "{code}");
    }
    let class = |code| status::meaning(code).map(|m| m.class);
    assert_eq!(class(400), Some(FailureClass::BadArguments));
    assert_eq!(class(401), Some(FailureClass::AuthInvalid));
    assert_eq!(class(404), Some(FailureClass::ModelUnknown));
    assert_eq!(class(413), Some(FailureClass::ContextTooLong));
    assert_eq!(class(429), Some(FailureClass::RateLimited));
    assert_eq!(class(529), Some(FailureClass::Overloaded));
}

#[test]
fn bodies_are_read_out_of_their_wrappings() {
    let google = r#"[API Error: {"error":{"message":"{\n \"error\": {\"code\": 429, \"message\": \"slow\", \"status\": \"RESOURCE_EXHAUSTED\", \"details\": [{\"reason\": \"RATE_LIMIT_EXCEEDED\"}, {\"violations\": [{\"quotaId\": \"PerDay\"}]}, {\"retryDelay\": \"7s\"}]}}","code":429,"status":"Too Many Requests"}}] and a hint"#;
    let read = body::read(google).unwrap();
    assert_eq!((read.status, read.message.as_deref()), (Some(429), Some("slow")));
    assert_eq!(read.words, ["RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED", "Too Many Requests"]);
    assert_eq!(
        (read.quotas.as_slice(), read.retry_delay.as_deref()),
        (["PerDay".to_owned()].as_slice(), Some("7s"))
    );

    let detail = body::read(r#"{"detail":"no such model"}"#).unwrap();
    assert_eq!(detail.message.as_deref(), Some("no such model"));
    let anthropic = body::read(
        r#"API Error: 400 {"type":"error","error":{"type":"invalid_request_error","message":"m"}}"#,
    );
    assert_eq!(anthropic.unwrap().words, ["invalid_request_error"]);

    for none in [
        "",
        "{",
        "no body",
        "CreateProcess { message: \"x\" }",
        "{}",
        "{\"a\":1}",
        &"{\"error\":".repeat(5_000),
    ] {
        assert_eq!(body::read(none), None, "{none:.40}");
    }
}
