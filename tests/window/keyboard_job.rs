//! A whole job by the keyboard alone, and what a screen reader would stumble over on its way.

use serde_json::json;

use crate::hands::{
    ENTER, ESCAPE, QUESTION, TAB, command, focus, nothing_serious, press, start_session, with_control,
};
use crate::stage::{Scheme, app_binary};
use crate::team::{approving, with_scripts};
use crate::webdriver::Browser;
use crate::{DEMO, SOON, on_stage};

const TABS: [(&str, &str); 6] =
    [("0", "summary"), ("1", "timeline"), ("2", "changes"), ("3", "reviews"), ("4", "log"), ("5", "details")];

#[test]
fn a_job_is_started_answered_read_and_deleted_with_keys_alone() {
    let scripts = approving(&json!([{ "kind": "work", "times": 0, "steps": [
        { "write": { "path": "a.txt", "content": "after\n" } },
        { "run": "python3 -B -c pass" },
        { "run": "python3 -B -c 'print(2)'" },
        { "text": "Done." },
    ]}]));
    on_stage(Scheme::Light, &[], |stage| {
        let target = with_scripts(stage, scripts);
        let page = &Browser::open(stage.port, &app_binary());
        page.wait_for_text("New session", SOON);
        page.wait_for_text("Sandbox guarantees", SOON);
        nothing_serious(page, "the doctor");
        command(page, "settings");
        page.wait("the settings", SOON, |page| page.find("//h1[contains(., 'Settings')]"));
        nothing_serious(page, "the settings");
        press(page, &with_control("k"));
        page.wait("the palette", SOON, |page| page.find("//dialog[@open]//input"));
        nothing_serious(page, "the palette");
        press(page, ESCAPE);

        start_session(page, &target, "Write the second line");
        page.wait("the question", DEMO, |page| page.find(QUESTION));
        nothing_serious(page, "a question");
        for (key, tab) in &TABS[1..] {
            show(page, key, tab);
            nothing_serious(page, &format!("{tab} of a session that runs"));
        }
        press(page, "a");
        // The second question is denied, with words.
        page.wait("the second question", DEMO, |page| {
            page.text().contains("print(2)").then(|| page.find(QUESTION)).flatten()
        });
        press(page, "d");
        page.wait("the reason's field", SOON, |page| (focus(page) == "reason").then_some(()));
        nothing_serious(page, "a denial");
        press(page, "not that one");
        press(page, ENTER);

        page.wait("the summary", DEMO, |page| page.find("//*[@id='tab-summary']"));
        for (key, tab) in TABS {
            show(page, key, tab);
            nothing_serious(page, &format!("{tab} of a session that is over"));
        }
        command(page, "delete");
        page.wait("the question", SOON, |page| page.find("//dialog[@open]"));
        nothing_serious(page, "the question before a deletion");
        press_button(page, "Delete");
        page.wait_for_text("No sessions yet", DEMO);
        nothing_serious(page, "the list without a session");
        page.close();
    });
}

/// A tab by its key.
fn show(page: &Browser, key: &str, tab: &str) {
    press(page, key);
    let chosen = format!("//*[@id='tab-{tab}' and @aria-selected='true']");
    page.wait(&format!("the tab {tab}"), SOON, |page| page.find(&chosen));
}

/// Goes on with Tab until a button has the keyboard, and presses it.
pub(crate) fn press_button(page: &Browser, name: &str) {
    for _ in 0..30 {
        let here = page.run("return document.activeElement?.innerText ?? ''", &[]);
        if here.as_str().map(str::trim) == Some(name) {
            return press(page, ENTER);
        }
        press(page, TAB);
    }
    panic!("Tab does not reach {name:?}");
}
