//! `orchestrate demo`, from its first line to what it leaves.

use serde_json::{Value, json};

use crate::rig::Stage;

#[test]
fn the_whole_story() {
    let stage = Stage::new();
    let done = stage.run(["demo", "--fast", "sample", "--json"]).expect(0);
    let lines = done.json();
    let of = |kind: &str| -> Vec<&Value> {
        lines.iter().filter(|line| line["kind"] == kind).map(|line| &line["data"]).collect()
    };
    let decisions: Vec<_> = of("decision_made")
        .iter()
        .map(|made| (made["decision"].clone(), made["takes_effect"].clone()))
        .collect();
    assert_eq!(
        decisions,
        [
            (json!("continue"), json!(true)),
            (json!("log_warning"), json!(false)),
            (json!("continue"), json!(true)),
        ]
    );
    let verdicts: Vec<&Value> = of("verdict_recorded").iter().map(|v| &v["judgement"]["verdict"]).collect();
    assert_eq!(verdicts.len(), 5);
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == "concern").count(), 1);
    let spawned = of("worker_spawned").len();
    assert_eq!(spawned, of("worker_exited").len());
    assert!(of("worker_exited").iter().all(|exit| exit["tree_empty"] == true));

    // Its model service is busy once, and the implementer goes on in its own session.
    let (tried, recovered) = (of("recovery_attempted"), of("recovery_succeeded"));
    assert_eq!((tried.len(), recovered.len()), (1, 1));
    assert_eq!((&tried[0]["class"], &tried[0]["remedy"]), (&json!("overloaded"), &json!("back_off")));

    // With nobody at the keys it answers its own question.
    let (asked, answered) = (of("approval_requested"), of("approval_answered"));
    assert_eq!((asked.len(), answered.len()), (1, 1));
    assert_eq!(asked[0]["request"]["action"]["command"], "python3 -B -m unittest");
    assert_eq!(
        (&answered[0]["choice"], &answered[0]["allowed"], &answered[0]["by"]),
        (&json!("allow"), &json!("once"), &json!("demo"))
    );

    let summary = &lines.last().unwrap()["summary"];
    assert_eq!((&summary["state"], &summary["exit_code"]), (&json!("finished"), &json!(0)));
    assert_eq!(summary["files_changed"], json!(["README.md", "store.py", "test_todo.py", "todo.py"]));
    // The mistake that the reviewer found is mended in the file itself.
    let store = std::fs::read_to_string(stage.path("sample/pocket-todo/store.py")).unwrap();
    assert!(store.contains("date.fromisoformat(task.due) < today"), "{store}");
    let folder = stage.data().join("sessions").join(summary["session"].as_str().unwrap());
    let plan = std::fs::read_to_string(folder.join("plan.md")).unwrap();
    assert!(plan.starts_with("# Plan: due dates"), "{plan}");
    let paper = std::fs::read_to_string(folder.join("summary.md")).unwrap();
    assert!(paper.contains("- decision: continue"), "{paper}");
    let diff = stage.run(["diff"]).expect(0).out;
    assert!(diff.contains("+++ b/store.py"), "{diff}");
    // The program's own log, in the data folder alone.
    let logs: String = std::fs::read_dir(stage.data().join("logs"))
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert!(logs.contains("INFO") && logs.contains(summary["session"].as_str().unwrap()), "{logs}");
    // Nothing of it went into the person's configuration or a home of an agent.
    let made: Vec<_> =
        std::fs::read_dir(stage.path("home")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(made, [".local"]);
}

#[test]
fn without_a_folder_it_makes_one_and_leaves_it() {
    let stage = Stage::new();
    let done = stage.run(["demo", "--fast"]).expect(0);
    let folder = done.out.lines().find_map(|line| line.strip_prefix("folder      ")).unwrap();
    assert!(folder.contains("/tmp/orchestrate-demo-") && folder.ends_with("/pocket-todo"), "{folder}");
    assert!(std::path::Path::new(folder).join("store.py").is_file());
}

#[test]
fn it_writes_over_nothing() {
    let stage = Stage::new();
    for part in ["pocket-todo", "bin"] {
        let folder = stage.path("mine").join(part);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("precious"), "x").unwrap();
        let before = stage.listing("");
        let done = stage.run(["demo", "--fast", "mine", "--json"]).expect(4);
        assert_eq!(done.last()["error"]["code"], "demo_folder_not_empty");
        assert_eq!(stage.listing(""), before);
        std::fs::remove_dir_all(stage.path("mine")).unwrap();
    }
}

#[test]
fn a_start_that_is_refused_leaves_nothing() {
    let stage = Stage::new();
    let before = stage.listing("");
    let done = stage.run(["demo", "--fast", "data/sample", "--data-dir", "data", "--json"]).expect(4);
    assert_eq!(done.last()["error"]["code"], "target_and_data_folder");
    std::fs::remove_dir(stage.path("data")).unwrap();
    assert_eq!(stage.listing(""), before);
}
