use std::path::{Path, PathBuf};

use super::*;

fn shell(script: &str, folder: &Path) -> BesideCommand {
    let args = vec!["-c".into(), script.into()];
    BesideCommand { program: PathBuf::from("/bin/sh"), args, folder: folder.to_owned() }
}

#[tokio::test]
async fn a_program_starts_in_its_folder_and_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    // It lives until the pipe is read: longer than it is watched for.
    start_beside(shell("pwd > pipe", folder.path())).await.unwrap();
    let said = tokio::task::spawn_blocking(move || std::fs::read_to_string(pipe)).await.unwrap().unwrap();
    assert_eq!(Path::new(said.trim()), folder.path().canonicalize().unwrap());
}

#[tokio::test]
async fn one_that_fails_at_once_or_is_not_there_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let failed = start_beside(shell("exit 3", folder.path())).await.unwrap_err();
    assert_eq!((failed.code(), failed.to_string().contains('3')), ("program_failed", true), "{failed}");
    start_beside(shell("exit 0", folder.path())).await.unwrap();
    let gone = BesideCommand { program: folder.path().join("gone"), ..shell("", folder.path()) };
    assert_eq!(start_beside(gone).await.unwrap_err().code(), "program_not_started");
}
