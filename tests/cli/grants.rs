//! What is allowed for longer than once: by a rule, by an answer; the ceiling above both, and taking back.

use serde_json::{Value, json};

use crate::rig::{Stage, approving_team};

/// Allowed by the rule, and by nothing else.
const RULED: &str = "no-such-program --quick; printf 'x\\n' >> marks.txt";
/// Allowed by nothing.
const ASKED: &str = "no-such-thing";
const RULES: &str = "[[rule]]\nname = \"mine\"\nverdict = \"allow\"\ncommand = \"no-such-program **\"\n";

fn stage(config: &str) -> Stage {
    let mut team = approving_team();
    for (agent, script) in &mut team {
        if agent.as_str() == "claude" {
            let steps = json!([{ "run": RULED }, { "run": ASKED }, { "text": "Done." }]);
            *script = json!({ "turns": [{ "kind": "work", "times": 0, "steps": steps }] });
        }
    }
    let stage = Stage::with_scripts(team);
    stage.configure(config);
    std::fs::write(stage.config().with_file_name("rules.toml"), RULES).unwrap();
    stage
}

fn marks(stage: &Stage) -> usize {
    std::fs::read_to_string(stage.target().join("marks.txt")).unwrap_or_default().lines().count()
}

fn open(stage: &Stage) -> Vec<Value> {
    let mut listed = stage.run(["approvals", "--json"]).expect(0).last();
    listed["approvals"].as_array_mut().unwrap().drain(..).collect()
}

#[test]
fn a_rule_that_let_something_through_is_a_grant_that_can_be_taken_back() {
    let stage = stage("");
    stage.run(["run", "mark it", "-C", "target"]).expect(12);
    assert_eq!((marks(&stage), open(&stage).len()), (1, 1));
    let asked = open(&stage)[0]["id"].as_str().unwrap().to_owned();
    stage.run(["approve", &asked, "--session"]).expect(0);

    let listed = stage.run(["grants", "--json"]).expect(0).last();
    let grants = listed["grants"].as_array().unwrap();
    let by: Vec<&str> = grants.iter().map(|grant| grant["by"].as_str().unwrap()).collect();
    assert_eq!(by, ["rule", "person"], "{listed}");
    let (rule, session) = (grants[0]["id"].as_str().unwrap(), grants[0]["session"].as_str().unwrap());

    let mut printed = stage.run(["grants"]).expect(0).out.replace(session, "orch_20261122_105400_5e2b");
    for (nth, grant) in grants.iter().enumerate() {
        let (id, at) = (grant["id"].as_str().unwrap(), grant["given_at"].as_str().unwrap());
        printed = printed.replace(id, &format!("019fa3c1-6f00-7000-8000-00000000001{nth}"));
        printed = printed.replace(at, "2026-11-22T10:54:07.118Z");
    }
    printed = printed.replace("no-such-program", "cargo test").replace("`mine`", "`tests`");
    printed = printed.replace(ASKED, "cargo add argon2");
    printed =
        printed.replace(std::fs::canonicalize(stage.target()).unwrap().to_str().unwrap(), "/home/you/shop");
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/questions.md");
    let document = std::fs::read_to_string(document).unwrap();
    for grant in printed.trim_end().split("\n\n") {
        assert!(
            document.contains(grant.trim_end()),
            "docs/questions.md does not have:\n{grant}\nof\n{printed}"
        );
    }

    stage.run(["revoke", rule]).expect(0);
    assert_eq!(stage.run(["revoke", rule]).expect(3).err.matches("there is no grant").count(), 1);
    stage.run(["resume"]).expect(12);
    assert_eq!(marks(&stage), 1, "it is asked from now on");
    assert_eq!(open(&stage)[0]["exactly"][0], json!(RULED));
    stage.run(["approve"]).expect(0);
    stage.run(["resume"]).expect(0);

    // Each receipt says what held until its decision.
    let receipts = stage.data().join("sessions").join(session).join("receipts");
    let receipt = |number: u32| -> Value {
        let file = receipts.join(format!("decision-{number}.json"));
        stage.run(["verify", file.to_str().unwrap()]).expect(0);
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
    };
    assert_eq!(receipt(1)["grants"], json!([]), "the plan's decision came before them");
    let last = receipt(2);
    let held = last["grants"].as_array().unwrap();
    for (held, listed) in held.iter().zip(grants) {
        for (there, here) in [
            ("grant", "id"),
            ("worker", "worker"),
            ("what", "what"),
            ("exactly", "exactly"),
            ("by", "by"),
            ("rule", "rule"),
            ("given_at", "given_at"),
            ("ends", "ends"),
        ] {
            assert_eq!(held[there], listed[here], "{there}: {held}");
        }
    }
    let taken_back: Vec<bool> = held.iter().map(|grant| grant["revoked_at"].is_string()).collect();
    assert_eq!(taken_back, [true, false], "{last}");
    assert!(held.iter().all(|grant| grant["ended_at"].is_null()), "{last}");
}

#[test]
fn a_rule_above_the_ceiling_asks() {
    let stage = stage("[session]\nceiling = [\"write\"]\n");
    stage.run(["run", "mark it", "-C", "target"]).expect(12);
    let asked = open(&stage);
    assert_eq!((&asked[0]["rule"], marks(&stage)), (&json!("above_ceiling"), 0), "{asked:?}");
    let why = asked[0]["why"].as_str().unwrap();
    assert_eq!(why, "your rule `mine` allows it, and the session's ceiling has no `programs`");
    let said = stage.run(["rules", "explain", "--json", "--", "no-such-program"]).expect(0).last();
    assert_eq!(said["rule"], "above_ceiling");
    let status = stage.run(["status", "--json"]).expect(0).last();
    assert_eq!(status["sessions"][0]["ceiling"], json!(["write"]));
    let shown = stage.run(["config"]).expect(0).out;
    assert!(shown.contains("ceiling = [\"write\"]") && shown.contains("# file: what may ever"), "{shown}");
}
