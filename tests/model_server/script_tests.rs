//! Scripts that must be accepted, and wrong ones that must be named.

use crate::script::Script;

fn why(json: &str) -> String {
    Script::parse(json).expect_err("the script is wrong").to_string()
}

#[test]
fn a_full_script_is_read() {
    let script = Script::parse(
        r#"{"rules":[{"name":"impl","when":{"api":"anthropic","contains":["a","b"],"nth":2,"role_marker":"You implement"},
            "capture":{"plan":"plan: (.*)"},
            "steps":[{"delay_ms":5},{"thought":"t","text":"x","tool":{"name":"Write","input":{"a":1}}},
                     {"error":{"status":429,"body":"slow","headers":{"retry-after":"1"}}},{"text":"x","hang":true},
                     {"disconnect":true},{"structured":{"verdict":"approved"}}]}]}"#,
    )
    .expect("a valid script");
    assert_eq!(script.rules[0].steps.len(), 6);
    assert_eq!(script.rules[0].compiled.len(), 1);
    assert_eq!(script.rule_name(0), "impl");
    assert_eq!(script.rule_name(7), "rule 7");
    assert!(script.rules[0].steps[0].is_pause());
    assert!(!script.rules[0].steps[3].is_pause());
}

#[test]
fn a_wrong_script_is_named() {
    for (json, part) in [
        ("{", "not valid"),
        (r#"{"rules":[{"steps":[{"txt":"typo"}]}]}"#, "unknown field `txt`"),
        (r#"{"rules":[{"when":{"api":"cohere"},"steps":[{"text":"x"}]}]}"#, "unknown variant `cohere`"),
        (r#"{"rules":[{"steps":[]}]}"#, "rule 0: has no steps"),
        (r#"{"rules":[{"steps":[{"text":"x"}]},{"steps":[{}]}]}"#, "rule 1: step 0 is empty"),
        (r#"{"rules":[{"when":{"nth":0},"steps":[{"text":"x"}]}]}"#, "counts from 1"),
        (r#"{"rules":[{"steps":[{"delay_ms":1}]}]}"#, "ends with a pause"),
        (r#"{"rules":[{"steps":[{"error":{"status":200}}]}]}"#, "outside 400..=599"),
        (r#"{"rules":[{"steps":[{"text":"x","error":{"status":500}}]}]}"#, "stands alone"),
        (r#"{"rules":[{"steps":[{"hang":true,"disconnect":true}]}]}"#, "hangs and disconnects"),
        (r#"{"rules":[{"capture":{"x":"("},"steps":[{"text":"x"}]}]}"#, "capture x"),
        (
            r#"{"rules":[{"steps":[{"structured":{},"tool":{"name":"a","input":{}}}]}]}"#,
            "structured answer and tool calls",
        ),
    ] {
        let message = why(json);
        assert!(message.contains(part), "{json}\nsaid: {message}\nwanted: {part}");
    }
}
