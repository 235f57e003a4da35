use std::borrow::Cow;

use proptest::prelude::*;

use super::{Redactor, Search, shapes};

/// Tokens are put together here, so that none stands in the source.
fn tokens() -> Vec<(&'static str, String)> {
    let mixed = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA1bC3dE5fG7h";
    let take = |length: usize| mixed.chars().cycle().take(length).collect::<String>();
    let upper = take(16).to_uppercase();
    let jwt = ["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", &take(43)].join(".");
    vec![
        ("anthropic_key", format!("sk-ant-api03-{}_-{}", take(40), take(30))),
        ("api_key", format!("sk-proj-{}-{}", take(30), take(20))),
        ("api_key", format!("sk-{}", take(48))),
        ("api_key", "sk-0123456789abcdef0123456789abcdef".to_owned()),
        ("github_token", format!("ghp_{}", take(36))),
        ("github_token", format!("gho_{}", take(36))),
        ("github_token", format!("github_pat_{}_{}", take(22), take(59))),
        ("gitlab_token", format!("glpat-{}", take(20))),
        ("npm_token", format!("npm_{}", take(36))),
        ("slack_token", format!("xoxb-123456789012-{}", take(24))),
        ("aws_key_id", format!("AKIA{upper}")),
        ("google_key", format!("AIza{}", take(35))),
        ("google_token", format!("ya29.{}", take(60))),
        ("jwt", jwt),
    ]
}

fn pem(line_end: &str) -> String {
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ+/abcdefghijk=";
    ["-----BEGIN RSA PRIVATE KEY-----", body, body, "-----END RSA PRIVATE KEY-----"].join(line_end)
}

fn redactor(secrets: &[&str]) -> Redactor {
    Redactor::new(secrets.iter().map(|secret| (*secret).to_owned())).unwrap()
}

#[test]
fn every_kind_is_found_wherever_it_stands() {
    let redactor = redactor(&[]);
    for (kind, token) in tokens() {
        for (before, after) in [
            ("", ""),
            ("key=", "\n"),
            ("export KEY=\"", "\""),
            ("https://x:", "@host/"),
            ("?key%3D", "&b=1"),
            ("\u{1b}[31;1m", "\u{1b}[0m"),
            ("('", "')"),
            (r#"{"text":"a\n"#, r#"\nb"}"#),
            (r#"{"text":"{\"key\":\""#, r#"\"}"}"#),
            (r#"{"text":"\u001b[32m"#, r#"\u001b[0m"}"#),
            ("ä", "ö"),
        ] {
            let text = format!("{before}{token}{after}");
            assert_eq!(redactor.redact(&text), format!("{before}[redacted:{kind}]{after}"), "{text}");
        }
    }
}

#[test]
fn a_bearer_token_goes_and_its_word_stays() {
    let redactor = redactor(&[]);
    let text = "authorization: Bearer abc.DEF-123~4567+89/0== next";
    assert_eq!(redactor.redact(text), "authorization: Bearer [redacted:bearer] next");
    for harmless in ["Bearer token", "the bearer authentication scheme", "Bearer <token>", "Bearer $TOKEN_1"]
    {
        assert!(matches!(redactor.redact(harmless), Cow::Borrowed(_)), "{harmless}");
    }
}

#[test]
fn private_keys_go_whole() {
    let redactor = redactor(&[]);
    for line_end in ["\n", "\r\n", "\\n", "\\\\n", "\\r\\n"] {
        let text = format!("a {} b", pem(line_end));
        assert_eq!(redactor.redact(&text), "a [redacted:private_key] b", "{line_end:?}");
    }
    let encrypted = pem("\n").replacen('\n', "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,A1B2\n\n", 1);
    assert_eq!(redactor.redact(&encrypted), "[redacted:private_key]");
    let cut = pem("\\n");
    let cut = format!(r#"{{"text":"{}"}}"#, &cut[..100]);
    assert_eq!(redactor.redact(&cut), r#"{"text":"[redacted:private_key]"}"#, "cut off, yet JSON");
    for harmless in [
        "looks for -----BEGIN PRIVATE KEY----- in files",
        "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0\n-----END CERTIFICATE-----",
        "the PRIVATE KEY",
        "-----END PRIVATE KEY-----",
        "PRIVATE KEY-----aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        assert!(matches!(redactor.redact(harmless), Cow::Borrowed(_)), "{harmless}");
    }
}

#[test]
fn ordinary_text_is_left_alone_and_not_copied() {
    let redactor = redactor(&["short", "", "  "]);
    for text in [
        "disk-usage-monitor-of-the-2nd-kind runs",
        "task-0123456789abcdef0123456789abcdef",
        "sk-learn-compatible-estimators-0-and-more",
        "sk-1",
        "sk-",
        "ghp_short",
        "npm_config_registry=http://localhost npm_lifecycle_event",
        "AKIA is a prefix, AKIAabcdefghijklmnop is not",
        "eyJust a word. eyJ.eyJ.eyJ",
        "xoxb-no-number-in-here",
        "short",
        "4f9d0c88b1e07a66d3c5e2f1908b7a6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f00",
        "",
    ] {
        assert!(matches!(redactor.redact(text), Cow::Borrowed(_)), "{text}");
    }
}

#[test]
fn known_secrets_go_in_every_form() {
    let redactor = redactor(&["hunter2-hunter2", "with \"quote\" \\ and\ttab", "hunter2-hunter2-longer"]);
    assert_eq!(redactor.redact("a hunter2-hunter2."), "a [redacted:secret].");
    assert_eq!(redactor.redact("hunter2-hunter2-longer"), "[redacted:secret]", "the longer one first");
    assert_eq!(redactor.redact("hunter2-hunter2hunter2-hunter2"), "[redacted:secret][redacted:secret]");
    assert_eq!(redactor.redact("x with \"quote\" \\ and\ttab y"), "x [redacted:secret] y");
    let json = serde_json::json!({"text": "x with \"quote\" \\ and\ttab y"}).to_string();
    assert_eq!(redactor.redact(&json), r#"{"text":"x [redacted:secret] y"}"#);
    let twice = redactor.redact(&json).into_owned();
    assert!(matches!(redactor.redact(&twice), Cow::Borrowed(_)), "a mark is not redacted again");
}

#[test]
fn the_lines_of_a_known_secret_count_by_themselves() {
    let redactor = redactor(&["-----BEGIN ODD-----\nabcdefghijklmnopqrstuvwx\nfew\n-----END ODD-----"]);
    assert_eq!(redactor.redact("abcdefghijklmnopqrstuvwx few"), "[redacted:secret] few");
}

#[test]
fn a_cut_never_breaks_a_json_string() {
    // A secret whose first letters also end an escape.
    let redactor = redactor(&["newpassword", "000abcdefgh", "a\",\"b\":\"cdefg"]);
    for text in [
        r#"{"text":"C:\newpassword"}"#,
        r#"{"text":"\u0000abcdefgh"}"#,
        r#"{"a":"a","b":"cdefg"}"#,
        r#"{"text":"\u000eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijkl"}"#,
    ] {
        serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(redactor.redact(text), text);
    }
    assert_eq!(redactor.redact(r"C:\newpassword"), r"C:\[redacted:secret]", "no JSON, no escape");
    assert_eq!(redactor.redact(r#"{"text":"\\newpassword"}"#), r#"{"text":"\\[redacted:secret]"}"#);
}

#[test]
fn bytes_that_are_no_text_pass_unchanged() {
    let redactor = redactor(&["known-secret"]);
    let bytes = b"\xff\xfe known-secret \x80\x00";
    assert_eq!(redactor.redact_bytes(bytes).as_ref(), b"\xff\xfe [redacted:secret] \x80\x00");
}

#[test]
fn many_secrets_are_searched_for_by_an_automaton() {
    let redactor = Redactor::new((0..500).map(|n| format!("secret-number-{n:04}"))).unwrap();
    assert!(matches!(redactor.search, Search::Automaton(_)));
    assert_eq!(redactor.redact("a secret-number-0333 b"), "a [redacted:secret] b");
    for (kind, token) in tokens() {
        assert_eq!(redactor.redact(&token), format!("[redacted:{kind}]"));
    }
    assert!(matches!(Redactor::new(std::iter::empty()).unwrap().search, Search::Packed(_)));
}

#[test]
fn the_mark_of_a_private_key_is_the_one_that_a_stream_knows() {
    assert!(shapes::SHAPES.iter().any(|shape| shape.kind == shapes::PEM_KIND));
}

proptest! {
    #[test]
    fn whatever_is_in_a_json_text_it_stays_json_and_its_secrets_go(
        parts in prop::collection::vec((any::<String>(), 0_usize..20), 0..6),
    ) {
        let known = ["known secret \"1\"\\", "newline-secret"];
        let redactor = redactor(&known);
        let mut secrets: Vec<String> = tokens().into_iter().map(|(_, token)| token).collect();
        secrets.extend(known.map(str::to_owned));
        secrets.push(pem("\n"));
        let mut text = String::new();
        let mut inside = Vec::new();
        for (words, pick) in &parts {
            // A space before and after keeps the neighbours from becoming a part of the token.
            text.push_str(words);
            if let Some(secret) = secrets.get(*pick) {
                text.push(' ');
                text.push_str(secret);
                text.push(' ');
                inside.push(secret);
            }
        }
        for depth in 0..3 {
            let clean = redactor.redact(&text).into_owned();
            if depth > 0 {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&clean).is_ok(), "{}", clean);
            }
            for secret in &inside {
                prop_assert!(!clean.contains(secret.as_str()));
            }
            let again = redactor.redact(&clean);
            prop_assert_eq!(again.as_ref(), clean.as_str(), "once is enough");
            text = serde_json::json!({ "text": text }).to_string();
        }
    }
}
