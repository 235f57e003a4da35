//! A launch that fails says why, in words and with a stable code, and leaves nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use mo_process::{LaunchCommand, ShimSpawner, SpawnError, Spawner as _, StdoutMode};

use crate::{sh, soon, spawner};

async fn refusal(command: LaunchCommand) -> (&'static str, String) {
    let error = soon(spawner().spawn(command)).await.unwrap_err();
    (error.code(), error.to_string())
}

pub(crate) fn file(path: &Path, content: &str, mode: u32) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn of_a_program_that_is_not_there() {
    let (code, text) = refusal(LaunchCommand::new("/no/such/agent", "/")).await;
    assert_eq!((code, text.as_str()), ("program_not_found", "program not found: /no/such/agent"));
    let (code, text) = refusal(LaunchCommand::new("no-such-agent", "/").env("PATH", "/usr/bin")).await;
    assert_eq!((code, text.as_str()), ("program_not_found", "program not found: no-such-agent"));
    let (code, _) = refusal(LaunchCommand::new("/etc/passwd/agent", "/")).await;
    assert_eq!(code, "program_not_found");
    let (code, _) = refusal(LaunchCommand::new("bin/sh", "/")).await;
    assert_eq!(code, "malformed_launch", "what a relative path means would depend on a directory");
}

#[tokio::test]
async fn of_a_program_that_cannot_be_executed() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain");
    file(&plain, "echo hello", 0o644);
    let (code, text) = refusal(LaunchCommand::new(&plain, "/")).await;
    assert_eq!(code, "program_not_executable");
    assert!(text.contains(plain.to_str().unwrap()), "{text}");
    let (code, _) = refusal(LaunchCommand::new(folder.path(), "/")).await;
    assert_eq!(code, "program_not_executable", "a folder");

    let script = folder.path().join("script");
    file(&script, "#!/no/such/node --flag\n", 0o755);
    let (code, text) = refusal(LaunchCommand::new(&script, "/")).await;
    assert_eq!(code, "interpreter_missing");
    assert!(text.ends_with("its interpreter /no/such/node is missing"), "{text}");
}

#[tokio::test]
async fn of_a_bad_directory_or_output() {
    let (code, text) = refusal(LaunchCommand::new("/bin/true", "/no/such/folder")).await;
    assert_eq!(code, "working_directory");
    assert!(text.starts_with("cannot enter the working directory /no/such/folder: No such file"), "{text}");
    let (code, _) = refusal(LaunchCommand::new("/bin/true", "relative")).await;
    assert_eq!(code, "malformed_launch");
    let (code, text) = refusal(sh("true").stdout(StdoutMode::File("/no/such/folder/out".into()))).await;
    assert_eq!(code, "stdout_file");
    assert!(text.contains("/no/such/folder/out"), "{text}");
}

#[tokio::test]
async fn of_arguments_that_the_system_does_not_take() {
    let (code, text) = refusal(sh("true").env("BIG", "x".repeat(1 << 20))).await;
    assert_eq!(code, "program_refused");
    assert!(text.contains("Argument list too long"), "{text}");
    let (code, _) = refusal(sh("true").args(["a\0b"])).await;
    assert_eq!(code, "malformed_launch");
}

#[tokio::test]
async fn of_a_shim_that_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let talker = folder.path().join("talker");
    file(&talker, "#!/bin/sh\necho hello >&0\n", 0o755);
    let talker = talker.to_str().unwrap();
    for (program, reason) in
        [("/no/such/shim", "does not start"), ("/bin/true", "without a word"), (talker, "the shim sent")]
    {
        let error = soon(ShimSpawner::new(program).spawn(sh("true"))).await.unwrap_err();
        assert!(matches!(error, SpawnError::Shim { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(program), "{text}");
        // Whether it is gone before or after it got the request is a race; either is said.
        assert!(text.contains(reason) || text.contains("did not take its request"), "{text}");
    }
}
