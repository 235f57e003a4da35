//! A folder for a new session, from the system's dialog and from another program's window.

use std::fs;

use serde_json::json;

use crate::hands::{ENTER, press, tab_to, value, with_control};
use crate::stage::{Scheme, app_binary};
use crate::team::{approving, with_scripts};
use crate::webdriver::Browser;
use crate::{DEMO, SOON, on_stage, with_window};
use mo_screen::desktop::Desktop;

#[test]
fn a_folder_is_chosen_in_the_dialog_of_the_system() {
    with_window(Scheme::Light, &[], |page, stage| {
        let project = stage.home().join("a project");
        fs::create_dir(&project).unwrap();
        page.button("Start a session").click();
        page.button("Choose…").click();
        Desktop::start(stage).choose_folder("Choose the folder to work on", &project);
        page.wait("the chosen folder", SOON, |page| {
            (json!(value(page, "target")) == json!(project)).then_some(())
        });
    });
}

#[test]
fn a_folder_is_dropped_on_the_window_and_worked_on_to_the_end() {
    let scripts = approving(&json!([{ "kind": "work", "times": 0, "steps": [
        { "write": { "path": "a.txt", "content": "after\n" } }, { "text": "Done." },
    ]}]));
    on_stage(Scheme::Light, &[], |stage| {
        let target = with_scripts(stage, scripts);
        let page = &Browser::open(stage.port, &app_binary());
        page.wait_for_text("New session", SOON);
        Desktop::start(stage).drop_folder("Meta-Orchestrator", &target, || {
            page.wait_for_text("Let go to start a session in this folder", SOON);
        });
        page.wait("the dropped folder", SOON, |page| {
            (json!(value(page, "target")) == json!(target)).then_some(())
        });
        page.wait("the end of the hover", SOON, |page| (!page.text().contains("Let go")).then_some(()));
        tab_to(page, "goal");
        press(page, "Write the second line");
        press(page, &with_control(ENTER));
        page.wait("the summary", DEMO, |page| page.find("//*[@id='tab-summary']"));
        page.wait_for_text("All approved: continue", SOON);
        assert_eq!(fs::read_to_string(target.join("a.txt")).unwrap(), "after\n");
        page.close();
    });
}
