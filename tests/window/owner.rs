//! One data folder, several programs: the window attaches to whoever runs the sessions, takes over when that one is
//! gone, and is attached to itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Instant;

use mo_journal::DataDir;
use mo_scripted::demo::{GOAL, set_up};
use serde_json::Value;

use crate::hands::QUESTION;
use crate::stage::{Scheme, Stage, app_binary};
use crate::team::configure;
use crate::webdriver::Browser;
use crate::{DEMO, SOON, on_stage};

/// A process of this test, which it alone ends.
pub(crate) struct Run(pub(crate) Child);

impl Run {
    /// The person's shell runs the whole team on the sample project.
    fn start(stage: &Stage, target: &Path) -> Self {
        let log = fs::File::create(stage.home().join("run.log")).unwrap();
        let errors = log.try_clone().unwrap();
        let mut command = stage.command(&command_line());
        command.args(["run", GOAL, "--wait", "--fix-rounds", "1", "-C"]).arg(target);
        Self(command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn().unwrap())
    }

    /// As `kill -9` does.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command_line() -> PathBuf {
    app_binary().with_file_name("orchestrate")
}

/// The scripted team as the person's configured agents; the folder to work on.
fn with_team(stage: &Stage) -> PathBuf {
    let folder = stage.home().join("team");
    let demo = set_up(&folder, &app_binary(), true).unwrap();
    configure(stage, &demo.programs);
    demo.target
}

/// What `owner.json` says, once somebody serves.
pub(crate) fn owner(stage: &Stage, not: Option<u64>) -> Option<u64> {
    let data = DataDir::existing(stage.home().join(".local/share/meta-orchestrator")).ok()?;
    let owner: Value = serde_json::from_str(&data.owner().ok()??).ok()?;
    let pid = owner["pid"].as_u64().filter(|pid| Some(*pid) != not);
    pid.filter(|_| owner["socket"].is_string())
}

pub(crate) fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + DEMO;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "{what}: not within {DEMO:?}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// Plays `story` on a stage with the team, after `before` and with the window open.
fn play<T>(before: impl FnOnce(&Stage, &Path) -> T, story: impl FnOnce(&Browser, &Stage, &Path, &mut T)) {
    on_stage(Scheme::Light, &[], |stage| {
        let target = with_team(stage);
        let mut prepared = before(stage, &target);
        let page = Browser::open(stage.port, &app_binary());
        page.wait_for_text("New session", SOON);
        story(&page, stage, &target, &mut prepared);
        page.close();
    });
}

fn open_session(page: &Browser) {
    let row = "//button[contains(., 'Tasks should have due dates')]";
    page.wait("the session in the list", DEMO, |page| page.find(row)).click();
}

#[test]
fn the_window_attaches_to_a_running_owner_and_takes_over_when_it_is_killed() {
    let run_first = |stage: &Stage, target: &Path| {
        let run = Run::start(stage, target);
        let pid = wait("an owner that serves", || owner(stage, None));
        assert_eq!(pid, u64::from(run.0.id()));
        run
    };
    play(run_first, |page, stage, _, run| {
        open_session(page);
        page.wait("the question", DEMO, |page| page.find(QUESTION));
        // Alerts may be short: all of them are kept.
        page.run(
            "window.alerts = [];
             new MutationObserver(() => document.querySelectorAll('[role=alert]')
               .forEach((alert) => window.alerts.push(alert.innerText)))
               .observe(document.body, { childList: true, subtree: true });",
            &[],
        );
        let pid = u64::from(run.0.id());
        run.kill();
        let alerts = |page: &Browser| page.run("return window.alerts.join('\\n')", &[]);
        page.wait("the banner", SOON, |page| {
            let said = alerts(page).as_str()?.to_owned();
            (said.contains("went away") && said.contains("This window takes over")).then_some(())
        });
        let ours = wait("the window as the owner", || owner(stage, Some(pid)));
        assert_ne!(ours, pid);
        page.wait("the end of the banner", SOON, |page| {
            page.find("//div[@role='alert']").is_none().then_some(())
        });
        // The question outlives its owner, and is answered in the window that has taken over.
        page.wait("the question", SOON, |page| page.find(QUESTION));
        page.button("Allow once").click();
        page.wait("the end of the question", SOON, |page| page.find(QUESTION).is_none().then_some(()));
    });
}

#[test]
fn a_question_is_answered_through_the_owner_that_the_window_attached_to() {
    let run_first = |stage: &Stage, target: &Path| {
        let run = Run::start(stage, target);
        wait("an owner that serves", || owner(stage, None));
        run
    };
    play(run_first, |page, _, _, run| {
        open_session(page);
        page.wait("the question", DEMO, |page| page.find(QUESTION));
        page.button("Allow once").click();
        page.wait("the end of the demo", DEMO, |page| page.find("//*[@id='tab-summary']"));
        assert!(page.text().contains("Decision: continue"), "{}", page.text());
        let status = run.0.wait().unwrap();
        assert!(status.success(), "{status}");
    });
}

#[test]
fn a_question_is_answered_in_a_terminal_while_the_window_shows_it() {
    play(
        |_, _| (),
        |page, stage, target, ()| {
            wait("the window as the owner", || owner(stage, None));
            let mut run = Run::start(stage, target);
            open_session(page);
            page.wait("the question", DEMO, |page| page.find(QUESTION));
            let status = page.run_async(
                "const done = arguments[arguments.length - 1];
             window.__TAURI_INTERNALS__.invoke('status').then(done);",
            );
            let open = status["sessions"][0]["approvals"].as_array().unwrap();
            let id =
                open.iter().find(|one| one["state"] == "open").unwrap()["id"].as_str().unwrap().to_owned();
            assert!(stage.command(&command_line()).args(["approve", &id]).status().unwrap().success());
            page.wait("the end of the demo", DEMO, |page| page.find("//*[@id='tab-summary']"));
            let status = run.0.wait().unwrap();
            assert!(status.success(), "{status}");
        },
    );
}
