use std::path::{Path, PathBuf};
use std::sync::Arc;

use mo_engine::config::Config;

use crate::desk::{Desk, SettingsDesk, SetupDesk};
use crate::dto::{Choices, Refusal, StartForm};
use crate::engine_desk::EngineDesk;
use crate::open::{Places, open_engine};
use crate::remembered::Memory;

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
    let places = Places {
        config: folder.join("config/config.toml"),
        data: folder.join("data"),
        data_from_environment: false,
    };
    let engine = open_engine(&places.data, Config::default(), variables).await.unwrap();
    EngineDesk::over(engine, places, folder.join("program")).await.unwrap()
}

fn choices() -> Choices {
    Choices {
        team: "trio".to_owned(),
        permission: "ask".to_owned(),
        isolation: "in-place".to_owned(),
        fix_rounds: "0".to_owned(),
        time_limit: String::new(),
        money_limit: String::new(),
    }
}

fn form(target: &Path) -> StartForm {
    StartForm { target: target.display().to_string(), goal: "fix it".to_owned(), choices: choices() }
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

#[tokio::test]
async fn the_form_says_everything_that_is_wrong_at_once_beside_its_field() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(folder.path()).await;
    let project = folder.path().join("project");
    std::fs::create_dir_all(project.join(".git")).unwrap();
    std::fs::write(project.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    let problems = async |form: StartForm| {
        let checked = desk.check_start(form).await.unwrap();
        let mut problems: Vec<_> = checked.problems.into_iter().map(|p| (p.field, p.refusal.code)).collect();
        problems.sort();
        problems
    };
    let said = |field: &str, code: &str| (field.to_owned(), code.to_owned());

    let wrong = Choices {
        permission: "bypass".to_owned(),
        fix_rounds: "21".to_owned(),
        time_limit: "an hour".to_owned(),
        money_limit: "-1".to_owned(),
        ..choices()
    };
    let form_of = |target: &Path, choices: Choices| StartForm { choices, ..form(target) };
    assert_eq!(
        problems(StartForm { goal: " ".to_owned(), ..form_of(&project, wrong) }).await,
        [
            said("fix_rounds", "fix_rounds_wrong"),
            said("goal", "goal_empty"),
            said("money_limit", "money_limit_wrong"),
            said("permission", "bypass_refused"),
            said("team", "agent_not_installed"),
            said("time_limit", "time_limit_wrong"),
        ]
    );
    assert_eq!(problems(form(&folder.path().join("gone"))).await, [said("target", "target_missing")]);
    assert_eq!(problems(form(Path::new("/etc"))).await, [said("target", "target_too_wide")]);
    assert_eq!(problems(form(Path::new("/proc/self"))).await, [said("target", "target_of_kernel")]);
    let money = [
        ("1,5", "use a point: 1.5"),
        ("1,000,000", "write it without commas: 1000000"),
        ("-1", "enter US dollars as a number, such as 2.50; 0 for no limit"),
        ("1000001", "enter at most $1000000; 0 for no limit"),
    ];
    for (typed, words) in money {
        let typed = Choices { team: "solo".to_owned(), money_limit: typed.to_owned(), ..choices() };
        let checked = desk.check_start(form_of(&project, typed)).await.unwrap();
        assert_eq!(
            checked
                .problems
                .iter()
                .find(|one| one.field == "money_limit")
                .map(|one| one.refusal.message.as_str()),
            Some(words)
        );
    }
    let solo = Choices { team: "solo".to_owned(), ..choices() };
    let checked = desk.check_start(form_of(&project, solo)).await.unwrap();
    let facts = checked.target.unwrap();
    assert_eq!((facts.git, facts.branch.as_deref()), (true, Some("main")));
    let names: Vec<_> =
        checked.workers.iter().map(|worker| (worker.name.as_str(), worker.writes.as_str())).collect();
    assert_eq!(names[1], ("claude-reviewer", "nothing"));
    assert!(names[0].1.starts_with("the folder"));
    desk.close().await.unwrap();
}

#[tokio::test]
async fn a_setting_is_changed_in_the_file_counts_at_once_and_says_where_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(folder.path()).await;
    let source = |settings: &crate::dto::SettingsView| {
        let value = settings.values.iter().find(|value| value.name == "session.fix_rounds").unwrap();
        (value.value.clone(), value.source.clone())
    };
    let before = desk.settings().await.unwrap();
    assert_eq!((source(&before), before.file_exists), (("0".to_owned(), "default".to_owned()), false));
    let after = desk.set_setting("session.fix_rounds".to_owned(), Some("2".to_owned())).await.unwrap();
    assert_eq!(source(&after), ("2".to_owned(), "file".to_owned()));
    assert_eq!(desk.remembered("/".to_owned()).await.unwrap().choices.fix_rounds, "2");
    desk.set_setting("session.team".to_owned(), Some("solo".to_owned())).await.unwrap();
    assert_eq!(desk.remembered("/".to_owned()).await.unwrap().choices.team, "solo");
    let last_time = Choices { team: "pair".to_owned(), ..choices() };
    Memory::beside(&folder.path().join("data")).keep(PathBuf::from("/"), last_time).await;
    assert_eq!(desk.remembered("/".to_owned()).await.unwrap().choices.team, "pair");
    assert!(desk.notifications().questions);
    desk.set_setting("notifications.questions".to_owned(), Some("false".to_owned())).await.unwrap();
    assert!(!desk.notifications().questions);
    let refusal = desk.set_setting("session.fix_rounds".to_owned(), Some("99".to_owned())).await.unwrap_err();
    assert_eq!(refusal.code, "setting_refused");
    // By hand, and wrong: what was good still counts, and it is said.
    std::fs::write(&after.file, "[session\n").unwrap();
    let broken = desk.settings().await.unwrap();
    assert!(broken.problem.unwrap().contains("config.toml:1:9") && source(&after).0 == "2");
    desk.close().await.unwrap();
}

#[tokio::test]
async fn what_is_mended_by_hand_is_seen_by_the_form_that_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(folder.path()).await;
    let project = folder.path().join("project");
    std::fs::create_dir_all(&project).unwrap();
    let form = || StartForm { choices: Choices { team: "solo".to_owned(), ..choices() }, ..form(&project) };
    let file = folder.path().join("config/config.toml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let set = |program: &Path| {
        std::fs::write(&file, format!("[agents.claude]\npath = {:?}\n", program.display().to_string()))
            .unwrap();
    };
    let problems = async || {
        let checked = desk.check_start(form()).await.unwrap();
        checked.problems.into_iter().map(|problem| problem.refusal.code).collect::<Vec<_>>()
    };
    assert_eq!(problems().await, ["agent_not_installed"]);
    let gone = folder.path().join("gone");
    set(&gone);
    let refusal = desk.start(form()).await.unwrap_err();
    assert!(refusal.message.contains(&*gone.to_string_lossy()), "{refusal}");
    set(&std::env::current_exe().unwrap());
    assert_eq!(problems().await, <[&str; 0]>::default());
    // Broken again: what was good still counts.
    std::fs::write(&file, "[agents\n").unwrap();
    assert_eq!(problems().await, <[&str; 0]>::default());
    desk.close().await.unwrap();
}

#[tokio::test]
async fn the_doctor_names_what_is_missing_and_the_rules_explain_a_command() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(folder.path()).await;
    let found = desk.doctor().await.unwrap();
    let codex = found.agents.iter().find(|agent| agent.agent == "codex").unwrap();
    assert_eq!((codex.path.as_ref(), codex.command.as_deref()), (None, Some("npm install -g @openai/codex")));
    assert!(found.guarantees.len() == 4 && found.guarantees.iter().all(|guarantee| !guarantee.proven));
    let explain = async |command: &str| {
        let folder = folder.path().join("data").display().to_string();
        desk.explain(command.to_owned(), "implementer".to_owned(), folder).await
    };
    assert_eq!(explain("sudo ls").await.unwrap().verdict, "ask");
    assert_eq!(explain(" ").await.unwrap_err().code, "command_empty");
    desk.close().await.unwrap();
}

#[tokio::test]
async fn a_session_that_is_not_there_is_neither_deleted_nor_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(folder.path()).await;
    let id = || "orch_20261122_104100_abcd".to_owned();
    assert_eq!(desk.delete(id()).await.unwrap_err().code, "session_unknown");
    assert_eq!(desk.resume(id(), Some(" ".to_owned())).await.unwrap_err().code, "words_empty");
    assert_eq!(desk.resume(id(), None).await.unwrap_err().code, "session_unknown");
    desk.close().await.unwrap();
}

#[tokio::test]
async fn arguments_with_which_no_session_starts_are_said_by_the_settings_and_are_not_saved() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(folder.path()).await;
    let words = "claude cannot take a bypass flag from `args`";
    let skips = "--dangerously-skip-permissions";
    let set = |value: &str| desk.set_setting("agents.claude.args".to_owned(), Some(value.to_owned()));
    let refused = set(skips).await.unwrap_err();
    assert!(refused.message.contains(words), "{refused:?}");
    assert_eq!(desk.settings().await.unwrap().problem, None);
    std::fs::create_dir_all(folder.path().join("config")).unwrap();
    let file = folder.path().join("config/config.toml");
    std::fs::write(&file, format!("[agents.claude]\nargs = [{skips:?}]\n")).unwrap();
    let problem = desk.settings().await.unwrap().problem.unwrap();
    assert!(problem.contains(words) && problem.contains("mend its further arguments"), "{problem}");
    assert_eq!(set("--effort\nhigh").await.unwrap().problem, None);
    std::fs::write(&file, "[session\n").unwrap();
    let problem = desk.settings().await.unwrap().problem.unwrap();
    assert!(problem.ends_with("the last good settings count"), "{problem}");
    desk.close().await.unwrap();
}
