use std::path::{Path, PathBuf};
use std::sync::Arc;

use mo_engine::config::Config;

use crate::desk::Desk;
use crate::dto::{Refusal, StartForm};
use crate::engine_desk::EngineDesk;
use crate::open::{Places, open_engine};

fn find(vars: &[(&str, &str)]) -> Result<Places, Refusal> {
    Places::find(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, value)| PathBuf::from(value)))
}

#[test]
fn the_places_are_the_xdg_folders_and_else_below_the_home() {
    let places = find(&[("HOME", "/h"), ("XDG_DATA_HOME", "/x"), ("XDG_CONFIG_HOME", "relative")]).unwrap();
    assert_eq!(places.data, PathBuf::from("/x/meta-orchestrator"));
    assert_eq!(places.config, PathBuf::from("/h/.config/meta-orchestrator/config.toml"));
    assert_eq!(find(&[("XDG_DATA_HOME", "/x")]).unwrap_err().code, "no_home");
}

async fn desk(folder: &Path) -> Arc<EngineDesk> {
    let variables = vec![("PATH".to_owned(), "/nowhere".to_owned())];
    let engine = open_engine(&folder.join("data"), Config::default(), variables).await.unwrap();
    EngineDesk::over(engine, folder.join("program")).await.unwrap()
}

fn form(target: &Path) -> StartForm {
    StartForm { target: target.display().to_string(), goal: "fix it".to_owned() }
}

#[tokio::test]
async fn what_cannot_start_is_refused_in_the_words_of_the_window_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(folder.path()).await;
    let project = folder.path().join("project");
    std::fs::create_dir(&project).unwrap();
    let refused = async |form: StartForm| {
        let refusal = desk.start(form).await.unwrap_err();
        (refusal.code, refusal.hint.unwrap())
    };

    let (code, hint) = refused(form(&folder.path().join("gone"))).await;
    assert_eq!(code, "target_missing");
    assert!(!hint.contains("-C"), "{hint}");
    assert_eq!(refused(form(Path::new("project"))).await.0, "target_not_absolute");
    assert_eq!(refused(form(folder.path())).await.0, "target_and_data_folder");
    assert_eq!(refused(StartForm { goal: " ".to_owned(), ..form(&project) }).await.0, "goal_empty");
    assert_eq!(refused(form(&project)).await.0, "agent_not_installed");
    assert_eq!(desk.status().await.unwrap().sessions, []);
    desk.close().await.unwrap();
}

#[tokio::test]
async fn a_data_folder_that_is_in_use_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let first = desk(folder.path()).await;
    let second = open_engine(&folder.path().join("data"), Config::default(), Vec::new()).await;
    let Err(refusal) = second else { panic!("two engines own one data folder") };
    assert_eq!(refusal.code, "data_folder_locked");
    first.close().await.unwrap();
}

#[tokio::test]
async fn a_session_that_is_not_there_cannot_be_stopped_and_has_no_story() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(folder.path()).await;
    assert_eq!(desk.stop("orch_20261122_104100_abcd".to_owned()).await.unwrap_err().code, "session_unknown");
    assert_eq!(desk.timeline("orch_20261122_104100_abcd".to_owned(), 0, 10).await.unwrap(), []);
    desk.close().await.unwrap();
    assert_eq!(desk.stop("orch_20261122_104100_abcd".to_owned()).await.unwrap_err().code, "engine_closed");
}
