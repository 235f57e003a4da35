//! `rules`, `rules test`, `rules explain`.

use serde_json::json;

use crate::rig::{Stage, members};

#[test]
fn a_verdict_is_explained() {
    let stage = Stage::new();
    let target = stage.target();
    let explain = |words: &[&str]| {
        let mut args = vec!["rules", "explain", "--json", "-C", target.to_str().unwrap(), "--"];
        args.extend(words);
        stage.run(args).expect(0).last()
    };
    let said = explain(&["ls | wc -l"]);
    assert_eq!(members(&said), ["rule", "verdict", "why"]);
    assert_eq!((&said["verdict"], &said["rule"]), (&json!("allow"), &json!("read_only")));
    assert_eq!(explain(&["rm -rf src; ls"])["verdict"], "ask");
    assert_eq!(explain(&["cat", "~/notes"])["verdict"], "allow", "several words are quoted: no home folder");
    assert_eq!(explain(&["cat ~/.ssh/id_rsa"])["verdict"], "deny");
    assert_eq!(explain(&["ls '"])["rule"], "shell_unread");
    let reader = stage.run(["rules", "explain", "--role", "reviewer", "--", "touch x"]).expect(0).out;
    assert!(reader.starts_with("deny, by the rule `write_not_in_role`"), "{reader}");
}

#[test]
fn rules_of_ones_own_count_and_are_tested() {
    let stage = Stage::new();
    let file = stage.config().with_file_name("rules.toml");
    let rule = "[[rule]]\nname = \"tests\"\nverdict = \"allow\"\ncommand = \"cargo test **\"\n";
    stage.configure("");
    std::fs::write(&file, format!("{rule}match = [\"cargo test -p x\"]\nnot_match = [\"cargo run\"]\n"))
        .unwrap();
    let said = stage.run(["rules", "explain", "--json", "--", "cargo test --workspace"]).expect(0).last();
    assert_eq!((&said["verdict"], &said["rule"]), (&json!("allow"), &json!("tests")));
    let tested = stage.run(["rules", "test", "--json"]).expect(0).last();
    assert_eq!(tested["tested"]["examples"], 2);
    let listed = stage.run(["rules", "--json"]).expect(0).last();
    assert_eq!(listed["rules"][0]["name"], "tests");
    assert!(listed["built_in"].as_array().unwrap().iter().any(|rule| rule["name"] == "secrets"));
    std::fs::write(&file, format!("{rule}match = [\"cargo run\"]\n")).unwrap();
    let error = stage.run(["rules", "test", "--json"]).expect(2).last();
    assert_eq!(error["error"]["code"], "config_broken");
    assert!(
        error["error"]["message"].as_str().unwrap().contains("does not match its own example `cargo run`")
    );
}

#[test]
fn what_cannot_be_explained_is_said() {
    let stage = Stage::new();
    let error = stage.run(["rules", "explain", "--json", "-C", "/nonexistent", "--", "ls"]).expect(3).last();
    assert_eq!(error["error"]["code"], "target_missing");
    stage.run(["rules", "explain", "--role", "nobody", "--", "ls"]).expect(2);
    stage.run(["rules", "explain"]).expect(2);
}
