//! Notifications that really answer.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::json;

use crate::hands::start_session;
use crate::notice_daemon::{NoticeDaemon, Seen};
use crate::stage::{Scheme, app_binary};
use crate::team::{approving, with_scripts};
use crate::webdriver::Browser;
use crate::{DEMO, SOON, in_no_time, on_stage, with_window};

#[test]
fn a_question_is_answered_from_its_notification() {
    with_window(Scheme::Light, &[in_no_time()], |page, stage| {
        let daemon = NoticeDaemon::start(&stage.bus_address);
        page.button("Watch the demo").click();
        let shown = daemon.next_shown(DEMO);
        assert!(shown.title.starts_with("Claude asks to run"), "{shown:?}");
        assert!(shown.body.starts_with("python3 -B -m unittest"), "{shown:?}");
        let buttons: Vec<&str> = shown.actions.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(buttons, ["once", "deny", "show", "default"]);

        // Another page is open, and the page itself is loaded anew: a click opens the very card.
        page.run("location.reload()", &[]);
        // Shown only while no session is chosen: by the new page, not by the one that is going.
        page.wait_for_text("Give a team one goal in one folder", SOON);
        page.wait_for_text("Needs you", SOON);
        let card = "//section[@aria-label='Question of claude-implementer']";
        assert!(page.find(card).is_none(), "no session is chosen after a reload");
        daemon.press(shown.id, "default");
        page.wait("the card", SOON, |page| page.find(card));
        page.wait("the focus on the card", SOON, |page| {
            let has = "return document.activeElement.querySelector('section')?.ariaLabel ?? ''";
            (page.run(has, &[]) == json!("Question of claude-implementer")).then_some(())
        });

        daemon.press(shown.id, "once");
        page.wait("the answer in the story", DEMO, |page| {
            page.text().to_lowercase().contains("allowed once (by person)").then_some(())
        });
        assert_eq!(daemon.next(SOON), Seen::Withdrawn(shown.id));
        assert_eq!(daemon.rest(), [], "one notification a matter");
    });
}

#[test]
fn nobody_is_called_for_what_is_switched_off_and_called_for_an_end_that_is_switched_on() {
    let scripts = approving(&json!([
        { "kind": "work", "times": 0, "steps": [{ "run": "python3 -c pass" }, { "text": "Done." }] },
    ]));
    on_stage(Scheme::Light, &[], |stage| {
        let target = with_scripts(stage, scripts);
        let config = stage.home().join(".config/meta-orchestrator/config.toml");
        let calls = "[notifications]\nquestions = false\nsession_end = true\n";
        fs::write(&config, fs::read_to_string(&config).unwrap() + calls).unwrap();
        let page = &Browser::open(stage.port, &app_binary());
        page.wait_for_text("New session", SOON);
        let daemon = NoticeDaemon::start(&stage.bus_address);
        start_session(page, &target, "Ask me something");
        let ready = "//section[@aria-label='Question of claude-implementer' and @aria-busy='false']";
        page.wait("the question", DEMO, |page| page.find(ready));
        page.button("Allow once").click();
        // The question came first: had anybody been called for it, that would be seen here.
        let shown = daemon.next_shown(DEMO);
        assert_eq!(shown.title, "A session has finished", "{shown:?}");
        let buttons: Vec<&str> = shown.actions.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(buttons, ["show", "default"]);
        page.run("location.reload()", &[]);
        page.wait_for_text("Give a team one goal in one folder", SOON);
        daemon.press(shown.id, "default");
        page.wait("the session", SOON, |page| page.find("//*[@id='tab-summary']"));
        page.close();
    });
}

#[test]
fn a_question_that_is_answered_in_the_window_takes_its_notification_along() {
    with_window(Scheme::Dark, &[in_no_time()], |page, stage| {
        let daemon = NoticeDaemon::start(&stage.bus_address);
        page.button("Watch the demo").click();
        let shown = daemon.next_shown(DEMO);
        let ready = "//section[@aria-label='Question of claude-implementer' and @aria-busy='false']";
        page.wait("the question", SOON, |page| page.find(ready));
        page.button("Deny…").click();
        page.button("Enter").click();
        assert_eq!(daemon.next(SOON), Seen::Withdrawn(shown.id));
        // Too late: the card is gone, the answer stands.
        daemon.press(shown.id, "once");
        assert_eq!(daemon.rest(), []);
    });
}

#[test]
fn without_a_session_bus_the_window_opens_and_says_what_is_missing() {
    let nowhere = [("DBUS_SESSION_BUS_ADDRESS", Path::new("unix:path=/nowhere/at/all"))];
    with_window(Scheme::Light, &nowhere, |page, _| {
        let missing = page.run_async(
            "const done = arguments[arguments.length - 1];
             window.__TAURI_INTERNALS__.invoke('missing').then(done);",
        );
        let said = missing[0]["message"].as_str().unwrap_or_default();
        assert!(said.starts_with("There is no session bus"), "{missing}");
    });
}

#[test]
fn without_anybody_who_shows_notifications_that_is_said() {
    with_window(Scheme::Light, &[], |page, stage| {
        let ask = "const done = arguments[arguments.length - 1];
                   window.__TAURI_INTERNALS__.invoke('missing').then(done);";
        let missing = page.run_async(ask);
        let said = missing[0]["message"].as_str().unwrap_or_default();
        assert!(said.starts_with("Nobody shows notifications"), "{missing}");
        let _daemon = NoticeDaemon::start(&stage.bus_address);
        assert_eq!(page.run_async(ask), json!([]));
    });
}

#[test]
fn the_desktop_is_asked_to_show_a_folder_and_a_notification_for_trial() {
    let tools = tempfile::tempdir().unwrap();
    let opened = tools.path().join("opened");
    let script = format!("#!/bin/sh\nprintf %s \"$1\" > {0}.new && mv {0}.new {0}\n", opened.display());
    let program = tools.path().join("xdg-open");
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::join_paths(
        std::iter::once(tools.path().to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    )
    .unwrap();
    with_window(Scheme::Light, &[("PATH", Path::new(&path))], |page, stage| {
        let ask = |what: &str| {
            page.run_async(&format!(
                "const done = arguments[arguments.length - 1];
                 window.__TAURI_INTERNALS__.invoke({what}).then(() => done('done'), (no) => done(no.code));"
            ))
        };
        assert_eq!(ask("'test_notification'"), json!("no_notification_service"));
        let daemon = NoticeDaemon::start(&stage.bus_address);
        assert_eq!(ask("'test_notification'"), json!("done"));
        assert_eq!(daemon.next_shown(SOON).title, "Meta-Orchestrator");

        assert_eq!(ask("'open_folder', { session: 'orch_none' }"), json!("session_unknown"));
        page.button("Watch the demo").click();
        page.wait_for_text("Gemini started on the plan", DEMO);
        let session = page.run_async(
            "const done = arguments[arguments.length - 1];
             window.__TAURI_INTERNALS__.invoke('status').then((all) => done(all.sessions[0]));",
        );
        assert_eq!(ask(&format!("'open_folder', {{ session: {} }}", session["id"])), json!("done"));
        page.wait("the file manager", SOON, |_| opened.is_file().then_some(()));
        assert_eq!(fs::read_to_string(&opened).unwrap(), session["target"].as_str().unwrap());
    });
}
