//! Steering a session from the window: pause, resume, a review with a focus, a follow-up, a stop.

use serde_json::json;

use crate::hands::{ENTER, nothing_serious, press, stands, start_session, tab, with_control};
use crate::stage::{Scheme, app_binary};
use crate::team::{approving, with_scripts};
use crate::webdriver::Browser;
use crate::{DEMO, SOON, on_stage};

#[test]
fn a_session_is_paused_resumed_reviewed_with_a_focus_followed_up_and_stopped() {
    // The implementer never ends its first turn by itself, nor the one of the follow-up.
    let scripts = approving(&json!([
        { "match": "once more", "kind": "work", "times": 0, "steps": [{ "say": "Once more, then." }, { "hang": true }] },
        { "kind": "work", "times": 1, "steps": [{ "say": "I begin." }, { "hang": true }] },
        { "kind": "work", "times": 0, "steps": [
            { "write": { "path": "a.txt", "content": "after\n" } }, { "text": "Done." },
        ]},
    ]));
    on_stage(Scheme::Dark, &[], |stage| {
        let target = with_scripts(stage, scripts);
        let page = &Browser::open(stage.port, &app_binary());
        page.wait_for_text("New session", SOON);
        start_session(page, &target, "Write the second line");
        said(page, "I begin.");
        page.button("Pause").click();
        stands(page, "Paused");
        page.button("Resume").click();
        page.wait_for_text("Decision: continue", DEMO);
        stands(page, "Finished");

        page.button("Review now").click();
        page.wait("the popover", SOON, |page| page.find("//form[@aria-label='Review now']"));
        nothing_serious(page, "the words of a review");
        press(page, "how a.txt ends");
        press(page, &with_control(ENTER));
        tab(page, "timeline");
        page.wait_for_text("how a.txt ends", DEMO);
        page.wait("both rounds of reviews", DEMO, |page| {
            let count = "return Number(document.querySelector('#tab-reviews .count')?.innerText ?? 0)";
            (page.run(count, &[]).as_u64() >= Some(5)).then_some(())
        });
        stands(page, "Finished");

        tab(page, "summary");
        page.button("Follow-up…").click();
        let words = page.wait("the field", SOON, |page| page.find("//*[@id='follow-up']"));
        words.write("And once more, please.");
        page.find("//dialog//button[normalize-space(.)='Go on']").expect("the button").click();
        said(page, "Once more, then.");
        page.button("Stop").click();
        stands(page, "Stopped");
        page.close();
    });
}

/// Waits until the log has a message of an agent.
fn said(page: &Browser, words: &str) {
    tab(page, "log");
    page.wait_for_text(words, DEMO);
}
