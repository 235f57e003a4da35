//! Checks through the binary: from the configuration to the exit code, and over the death of the owner.

use rustix::process::Signal;
use serde_json::json;

use crate::controls::{events, staying_team};
use crate::rig::{Running, Stage, approving_team, kinds};
use crate::signals::nothing_is_left;

#[test]
fn configured_checks_run_and_are_shown() {
    let stage = Stage::with_scripts(approving_team());
    stage.configure(
        "[review]\nchecks = [\"read line < a.txt; echo $line; test \\\"$line\\\" = after\", \"echo [$NO_KEY$ANTHROPIC_API_KEY]; false\"]\n\
         check_timeout = \"1m\"\n[agents.claude]\nenv = { ANTHROPIC_API_KEY = \"sk-ant-of-the-agent\" }\n",
    );
    let target = stage.target();
    let mut command = stage.command(["run", "write a.txt", "-C", target.to_str().unwrap()]);
    command.env("ANTHROPIC_API_KEY", "sk-ant-of-the-person").env("NO_KEY", "secret-that-is-not-on-the-list");
    let done = Running::start(command).finish().expect(11);
    for part in [
        "session             runs `read line < a.txt",
        "` passed after ",
        "`echo [$NO_KEY$ANTHROPIC_API_KEY]; false` failed: exit code 1 after",
    ] {
        assert!(done.out.contains(part), "{part}:\n{}", done.out);
    }
    // Live and in the summary, what a failed one said at its end.
    assert_eq!(done.out.matches("  []\n").count(), 2, "{}", done.out);
    assert!(done.out.contains("\nchecks      `read line"), "{}", done.out);
    let status = stage.run(["status", "--json"]).expect(0).last();
    let session = &status["sessions"][0];
    let checks = session["checks"].as_array().unwrap();
    assert_eq!((&checks[0]["outcome"], &checks[1]["outcome"]), (&json!("passed"), &json!("failed")));
    assert_eq!((&checks[1]["exit_code"], &checks[1]["output"]), (&json!(1), &json!("[]\n")));
    assert_eq!(session["decisions"][1]["fired"], "failed_check");
    let id = session["id"].as_str().unwrap();
    let ran: Vec<_> = events(&stage, id).into_iter().filter(|e| e["kind"] == "check_finished").collect();
    assert_eq!(ran[0]["data"]["output"], "after\n");
    let words = stage.run(["status", id]).expect(0).out;
    assert!(words.contains("failed: exit code 1 after"), "{words}");
    nothing_is_left(&stage);
}

#[test]
fn a_check_whose_owner_was_killed_counts_as_missing_and_runs_anew() {
    let stage = Stage::with_scripts(staying_team());
    let gate = stage.path("gate");
    // Nothing but the shell's own commands: the PATH has the agents alone. Until the gate is there it spins.
    stage.configure(&format!(
        "[review]\nchecks = [\"echo begun; (while test ! -e {0}; do :; done) & while test ! -e {0}; do :; done; echo over\"]\n",
        gate.display()
    ));
    let target = stage.target();
    let mut owner =
        Running::start(stage.command(["run", "write a.txt", "-C", target.to_str().unwrap(), "--json"]));
    let line: serde_json::Value = serde_json::from_str(&owner.until("check_started")).unwrap();
    let id = line["session"].as_str().unwrap().to_owned();
    owner.signal(Signal::KILL);
    assert_eq!(owner.finish().code, None);
    nothing_is_left(&stage);
    assert_eq!(stage.run(["status", "--json"]).expect(0).last()["sessions"][0]["state"], "crashed");
    std::fs::write(&gate, "").unwrap();
    let done = stage.run(["resume", &id, "--json"]).expect(0);
    assert_eq!(done.last()["summary"]["decision"], "continue");
    let all = events(&stage, &id);
    let outcomes: Vec<_> =
        all.iter().filter(|e| e["kind"] == "check_finished").map(|e| e["data"]["outcome"].clone()).collect();
    assert_eq!(outcomes, ["not_run", "passed"]);
    // Between the two nobody decided.
    let kinds = kinds(&all);
    let doubt = kinds.iter().position(|kind| *kind == "check_finished").unwrap();
    let again = kinds.iter().rposition(|kind| *kind == "check_started").unwrap();
    assert!(!kinds[doubt..again].contains(&"decision_made"));
    // Whatever the killed owner had made of the check's folder by then.
    assert!(!stage.data().join("sessions").join(&id).join("checks").exists());
    nothing_is_left(&stage);
}
