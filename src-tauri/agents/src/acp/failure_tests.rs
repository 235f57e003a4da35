use mo_core::outcome::FailureClass::{self, RateLimited, UsageLimit};
use mo_core::time::Timestamp;
use serde_json::{Value, json};

use super::{class_of, ends};
use crate::acp::rpc::RpcError;

fn error(code: i64, message: &str, data: Option<Value>) -> RpcError {
    RpcError { code, message: message.to_owned(), data }
}

/// When a usage limit ends, as Gemini CLI says it with a Google login, and as others do.
#[test]
fn the_end_of_a_usage_limit_is_read_where_it_is_named() {
    const HOURS: u64 = 3_600_000;
    let at = |text: &str| Timestamp::parse(text);
    let nested = |message: &str| json!({"error": {"code": 429, "message": message}}).to_string();
    let reset = "You have exhausted your capacity on this model. Your quota will reset after 18h33m12s.";
    let span = Some(18 * HOURS + 33 * 60_000 + 12_000);
    let none: Option<Timestamp> = None;
    let table: [(RpcError, FailureClass, Option<Timestamp>, Option<u64>); 8] = [
        (error(429, reset, None), UsageLimit, none, span),
        (error(429, &nested(reset), None), UsageLimit, none, span),
        (error(-32603, "Internal error", Some(json!({"details": reset}))), UsageLimit, none, span),
        (
            error(
                429,
                "You have exhausted your daily quota on this model. Your quota will reset after 3h.",
                None,
            ),
            UsageLimit,
            none,
            Some(3 * HOURS),
        ),
        // As in gemini-acp-err: nothing is said of an end.
        (error(429, "You have exhausted your daily quota on this model.", None), UsageLimit, none, None),
        (
            error(-32603, "usage limit reached, available again at 2026-11-24T09:45:00Z", None),
            UsageLimit,
            at("2026-11-24T09:45:00Z"),
            None,
        ),
        // A clock time without a day says nothing where the wire has no clock.
        (error(-32603, "You've hit your usage limit, try again at 9:45 AM.", None), UsageLimit, none, None),
        (error(429, "Resource has been exhausted (e.g. check quota).", None), RateLimited, none, None),
    ];
    for (error, class, resets_at, span) in table {
        assert_eq!(class_of(&error), class, "{error:?}");
        assert_eq!(ends(&error), (resets_at, span), "{error:?}");
    }
}
