//! The app in the place of one that ends, or that has no engine: whoever wants it has it running.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use mo_journal::DataDir;
use mo_screen::desktop::Desktop;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::owner::{Run, owner, wait};
use crate::stage::{Scheme, Stage, app_binary};
use crate::webdriver::Browser;
use crate::{SOON, on_stage};

const TITLE: &str = "Meta-Orchestrator";

fn pid(number: u64) -> Pid {
    i32::try_from(number).ok().and_then(Pid::from_raw).expect("a process id")
}

/// Ends the app that owns the stage's data folder, as the end of a desktop session does.
fn end(app: u64) {
    kill_process(pid(app), Signal::TERM).unwrap();
    wait("the end of the app", || program(app).is_none().then_some(()));
}

fn start(stage: &Stage) -> Run {
    Run(stage.command(&app_binary()).spawn().unwrap())
}

fn end_of(app: &mut Run) -> ExitStatus {
    wait("the end of a process", || app.0.try_wait().unwrap())
}

/// What the process runs; nothing once it has ended, also while nobody has taken note of that.
fn program(process: u64) -> Option<PathBuf> {
    fs::read_link(Path::new("/proc").join(process.to_string()).join("exe")).ok()
}

/// The first app ends once its engine has been opened, which it cannot be while the data folder is held.
#[test]
fn a_start_while_the_app_ends_leads_to_the_app_running_again() {
    on_stage(Scheme::Light, &[], |stage| {
        let data = DataDir::create(stage.home().join(".local/share/meta-orchestrator")).unwrap();
        let held = data.lock(&json!({ "pid": std::process::id() }).to_string()).unwrap();
        let mut first = start(stage);
        wait("the first window", || stage.shows_window(TITLE).then_some(()));
        kill_process(pid(first.0.id().into()), Signal::TERM).unwrap();

        wait("the farewell", || (!stage.shows_window(TITLE)).then_some(()));
        let mut second = start(stage);
        assert!(end_of(&mut second).success());
        assert_eq!(first.0.try_wait().unwrap(), None, "the first one waits for its engine still");
        drop(held);
        assert!(end_of(&mut first).success());
        let again = running(stage);
        assert!(
            ![first.0.id(), second.0.id()].map(u64::from).contains(&again),
            "neither of those that have ended"
        );
        end(again);
    });
}

/// The app that serves the stage's data folder, with its window.
fn running(stage: &Stage) -> u64 {
    let app = wait("an app with an engine", || owner(stage, None));
    wait("its window", || stage.shows_window(TITLE).then_some(()));
    assert_eq!(program(app), Some(app_binary().canonicalize().unwrap()));
    app
}

#[test]
fn an_app_whose_engine_did_not_start_is_started_again_from_its_window_once_the_cause_is_mended() {
    on_stage(Scheme::Light, &[], |stage| {
        let config = stage.home().join(".config/meta-orchestrator/config.toml");
        fs::create_dir_all(config.parent().unwrap()).unwrap();
        fs::write(&config, "[session\n").unwrap();
        let page = Browser::open(stage.port, &app_binary());
        page.wait_for_text("The engine did not start", SOON);
        page.wait_for_text("config_broken", SOON);
        assert_eq!(owner(stage, None), None);
        fs::write(&config, "[session]\n").unwrap();
        let desktop = Desktop::start(stage);
        page.wait("the keyboard on the button", SOON, |page| {
            let focused = page.run("return document.activeElement.textContent", &[]);
            if focused == json!("Try again") {
                return Some(());
            }
            desktop.press(TITLE, "Tab");
            None
        });
        // The driver knows of the window that ends alone.
        desktop.press(TITLE, "Return");
        let again = running(stage);
        page.leave();
        end(again);
    });
}
