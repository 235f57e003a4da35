//! The core path: a session is started in the window, is blocked, asks, and has its app killed in the middle; nothing
//! of it is lost. `MO_LONG=1` runs it twenty times in a row.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::hands::{QUESTION, nothing_serious, stands, start_session, tab};
use crate::owner::{owner, wait};
use crate::stage::{Scheme, Stage, app_binary};
use crate::team::{approving, with_scripts};
use crate::webdriver::Browser;
use crate::{DEMO, SOON, on_stage};

const GOAL: &str = "Write the second line";
/// The longest that one run may take in the long mode, which is not for a machine that does other things meanwhile.
const LIMIT: Duration = Duration::from_secs(80);

#[test]
fn a_session_is_started_blocked_asked_killed_and_brought_to_its_end() {
    let rounds = if std::env::var_os("MO_LONG").is_some() { 20 } else { 1 };
    for round in 1..=rounds {
        let begun = Instant::now();
        once();
        let took = begun.elapsed();
        crate::measured(&format!("core path {round} of {rounds}"), took);
        assert!(rounds == 1 || took < LIMIT, "run {round} took {took:?}");
    }
}

fn once() {
    let scripts = approving(&json!([
        { "kind": "work", "times": 1, "steps": [{ "error": { "class": "not_logged_in" } }] },
        { "kind": "work", "times": 0, "steps": [
            { "say": "I look at a.txt first." },
            { "write": { "path": "a.txt", "content": "after\n" } },
            { "run": "python3 -B -c 'open(\"told.txt\", \"a\").write(\"told\\n\")'" },
            { "text": "Done." },
        ]},
    ]));
    on_stage(Scheme::Light, &[], |stage| {
        let target = with_scripts(stage, scripts);
        let page = Browser::open(stage.port, &app_binary());
        page.wait_for_text("New session", SOON);
        start_session(&page, &target, GOAL);

        // The blocker says what is to be done, and is tried again with a click.
        let again = "//aside//button[contains(., 'Done, try again')]";
        page.wait("the blocker", DEMO, |page| page.find(again));
        assert!(page.text().contains("Steps"), "{}", page.text());
        nothing_serious(&page, "a blocker");
        page.find(again).expect("the button").click();

        page.wait("the question", DEMO, |page| page.find(QUESTION));
        kill_app(stage);
        page.leave();
        let page = Browser::open(stage.port, &app_binary());
        all_is_back(&page);
        page.button("Allow once").click();
        page.wait("the end of the question", SOON, |page| page.find(QUESTION).is_none().then_some(()));
        page.button("Resume").click();
        stands(&page, "Finished");
        let told = std::fs::read_to_string(target.join("told.txt")).unwrap();
        assert_eq!(told, "told\n", "what was allowed once has happened once");
        page.close();
    });
}

/// As `kill -9` does, to the app that owns the sessions.
fn kill_app(stage: &Stage) {
    let pid = wait("the window as the owner", || owner(stage, None));
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL).unwrap();
}

/// The list has the session, the session its question, and the log what was said.
fn all_is_back(page: &Browser) {
    let row = format!("//nav//button[contains(., '{GOAL}')]");
    page.wait("the session in the list", SOON, |page| page.find(&row)).click();
    page.wait("the question", SOON, |page| page.find(QUESTION));
    assert!(page.text().contains("The session rests. Your answer is kept"), "{}", page.text());
    tab(page, "log");
    page.wait_for_text("I look at a.txt first.", SOON);
}
