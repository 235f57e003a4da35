//! The words of the help, kept as they are: changing them is changing what people read.

use crate::rig::Stage;

#[test]
fn the_help() {
    let stage = Stage::new();
    insta::assert_snapshot!("help", stage.run(["-h"]).expect(0).out);
    assert_eq!(stage.run(["--help"]).expect(0).out, stage.run(["-h"]).expect(0).out);
}

#[test]
fn the_help_of_the_commands() {
    let stage = Stage::new();
    for command in [
        "run",
        "resume",
        "demo",
        "pause",
        "stop",
        "review",
        "message",
        "restore",
        "delete",
        "status",
        "logs",
        "events",
        "diff",
        "serve",
        "doctor",
        "config",
        "completions",
        "decode",
    ] {
        insta::assert_snapshot!(format!("help_{command}"), stage.run([command, "-h"]).expect(0).out);
    }
}

#[test]
fn the_version() {
    let stage = Stage::new();
    assert_eq!(
        stage.run(["--version"]).expect(0).out,
        format!("orchestrate {}\n", env!("CARGO_PKG_VERSION"))
    );
}

/// Options of every command may stand before or after it.
#[test]
fn global_options_stand_anywhere() {
    let stage = Stage::new();
    let empty = "{\"sessions\":[]}\n";
    assert_eq!(stage.run(["--json", "status"]).expect(0).out, empty);
    assert_eq!(stage.run(["status", "--json"]).expect(0).out, empty);
    assert_eq!(stage.run(["--data-dir", "d", "status", "--json"]).expect(0).out, empty);
    assert!(stage.run(["status"]).expect(0).out.starts_with("No session yet."));
    assert!(!stage.data().exists() && !stage.path("d").exists(), "reading makes nothing");
}
