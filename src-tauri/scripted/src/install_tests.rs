use std::process::Command;

use mo_core::ids::AgentKind;

use super::{InstallError, install};

#[test]
fn a_program_hands_everything_on_literally() {
    let writing = crate::FORKS.write().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let odd = dir.path().join("it's a \"$HOME\" `folder` ü");
    std::fs::create_dir_all(&odd).unwrap();
    // Stands for the app: prints what it is given, one argument a line.
    let exe = odd.join("app");
    let script = odd.join("my script.json");
    let printf = "#!/bin/sh\nprintf '%s\\n' \"$@\"\n";
    super::write_program(&exe, printf.as_bytes()).unwrap();
    let programs = install(
        &odd.join("bin"),
        &exe,
        &[(AgentKind::Claude, script.clone()), (AgentKind::Gemini, script.clone())],
        true,
    )
    .unwrap();
    assert_eq!(programs.len(), 2);
    assert!(programs[1].1.ends_with("bin/gemini"));
    drop(writing);
    let _forking = crate::FORKS.read().unwrap();
    let out = Command::new(&programs[0].1).args(["-p", "two words", "", "'"]).output().unwrap();
    let seen: Vec<String> = String::from_utf8(out.stdout).unwrap().lines().map(str::to_owned).collect();
    let script = script.to_str().unwrap();
    let expected = ["__scripted", "claude", "--script", script, "--fast", "--", "-p", "two words", "", "'"];
    assert_eq!(seen, expected);
}

#[test]
fn an_unknown_agent_is_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let bin = dir.path().join("bin");
    let scripts = [(AgentKind::Codex, "/x".into()), (AgentKind::Acp("opencode".to_owned()), "/x".into())];
    let error = install(&bin, "/exe".as_ref(), &scripts, false).unwrap_err();
    assert!(matches!(error, InstallError::NoSuchAgent(_)));
    assert_eq!(error.code(), "scripted_agent_unknown");
    assert!(!bin.exists());
}
