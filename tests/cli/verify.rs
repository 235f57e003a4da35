//! Receipts, and `verify`: whatever is changed in one shows.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::rig::{Stage, approving_team, members};

/// A finished session with two decisions and a check, and the folder of its receipts.
fn receipts() -> (Stage, PathBuf) {
    let stage = Stage::with_scripts(approving_team());
    stage.configure("[review]\nchecks = [\"read line < a.txt\"]\n");
    let done = stage.run_goal(&["--json"]).expect(0);
    let id = done.last()["summary"]["session"].as_str().unwrap().to_owned();
    let folder = stage.data().join("sessions").join(id).join("receipts");
    (stage, folder)
}

fn verify(stage: &Stage, file: &std::path::Path, code: i32) -> Value {
    let done = stage.run(["verify", file.to_str().unwrap(), "--json"]).expect(code);
    let verified = done.last()["verified"].clone();
    assert_eq!(
        members(&verified),
        ["chain", "decision", "file", "good", "number", "problems", "session"],
        "{verified}"
    );
    assert_eq!(verified["good"], code == 0);
    assert_eq!(verified["problems"].as_array().unwrap().is_empty(), code == 0);
    verified
}

#[test]
fn a_receipt_has_what_a_decision_rests_on() {
    let (stage, folder) = receipts();
    let text = std::fs::read_to_string(folder.join("decision-2.json")).unwrap();
    let receipt: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&receipt["decision"], &receipt["fired"]), (&json!("continue"), &json!("all_approved")));
    assert_eq!((&receipt["number"], &receipt["after"]), (&json!(2), &json!("review")));
    let [by_gemini, plan, by_codex] = receipt["reviews"].as_array().unwrap().as_slice() else {
        panic!("{text}")
    };
    assert_eq!((&plan["subject"], &plan["carried_over"]), (&json!("gemini-architect"), &json!(true)));
    for review in [by_gemini, by_codex] {
        assert_eq!(review["verdict"], "approved");
        assert_eq!(review["checkpoint"], receipt["checkpoint"]);
        assert!(review["cli_version"].as_str().is_some_and(|version| !version.is_empty()), "{review}");
    }
    assert!(by_codex["model"].is_string(), "{by_codex}");
    let check = &receipt["checks"][0];
    assert_eq!((&check["command"], &check["passed"]), (&json!("read line < a.txt"), &json!(true)));
    assert_eq!((&check["outcome"], &check["checkpoint"]), (&json!("passed"), &receipt["checkpoint"]));
    // Some of these agents report no cost: all of it is unknown, and the known part is not.
    assert_eq!(receipt["cost_usd"], Value::Null);
    assert!(receipt["cost_known_usd"].as_f64().unwrap() > 0.0);
    assert_eq!(receipt["expected"].as_array().unwrap().len(), 3);
    let verified = verify(&stage, &folder.join("decision-2.json"), 0);
    assert_eq!((&verified["chain"], &verified["decision"]), (&json!(2), &json!("continue")));
    assert_eq!(verify(&stage, &folder.join("decision-1.json"), 0)["chain"], 1);
    let words = stage.run(["verify", folder.join("decision-2.json").to_str().unwrap()]).expect(0).out;
    assert!(words.contains("continue (all approved: continue)") && words.contains("\ngood: "), "{words}");
}

#[test]
fn what_was_changed_is_told() {
    let (stage, folder) = receipts();
    let (first, second) = (folder.join("decision-1.json"), folder.join("decision-2.json"));
    let (one, two) = (std::fs::read_to_string(&first).unwrap(), std::fs::read_to_string(&second).unwrap());
    let problem = |file: &PathBuf| verify(&stage, file, 1)["problems"].to_string();
    for (from, to) in
        [("continue\"", "log_warning\""), ("\"passed\": true", "\"passed\": false"), ("  ", " ")]
    {
        std::fs::write(&second, two.replacen(from, to, 1)).unwrap();
        assert!(problem(&second).contains("it was changed"), "{from}");
    }
    // Nothing may stand before or behind it either.
    for text in [format!("{two}\n"), format!("\n{two}"), format!("{two} "), two.trim_end().to_owned()] {
        std::fs::write(&second, text).unwrap();
        assert!(problem(&second).contains("it was changed"));
    }
    std::fs::write(&second, &two).unwrap();
    std::fs::write(&first, one.replacen("approved", "approvEd", 1)).unwrap();
    assert!(problem(&second).contains("decision-1.json is not the file whose digest decision-2 names"));
    std::fs::remove_file(&first).unwrap();
    assert!(problem(&second).contains("decision-1.json, the receipt before it, is missing"));
    // Each is good by itself, and not in the other's place.
    std::fs::write(&first, &two).unwrap();
    assert!(problem(&second).contains("decision-1.json is not the file"));
    for (text, words) in
        [("", "no JSON"), ("{}", "no receipt"), ("[1]", "no receipt"), (&two[..two.len() / 2], "no JSON")]
    {
        std::fs::write(&second, text).unwrap();
        assert!(problem(&second).contains(words), "{words}");
    }
    let missing = stage.run(["verify", "nowhere.json", "--json"]).expect(3).last();
    assert_eq!(missing["error"]["code"], "file_missing");
    assert_ne!(stage.run(["verify", "."]).code, Some(0));
}
