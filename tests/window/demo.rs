//! The demo, watched at its own pace from the first page to its decision.

use serde_json::json;

use crate::stage::Scheme;
use crate::webdriver::Browser;
use crate::{DEMO, SOON, layers, picture, with_window};

/// The scheme that the page was told.
fn is_dark(page: &Browser) -> bool {
    page.run("return matchMedia('(prefers-color-scheme: dark)').matches", &[]) == json!(true)
}

fn watch_the_demo(scheme: Scheme) {
    with_window(scheme, &[layers()], |page, _| {
        assert_eq!(page.title(), "Meta-Orchestrator");
        assert_eq!(is_dark(page), scheme == Scheme::Dark);
        page.wait_for_text("Sandbox guarantees", SOON);
        page.wait_for_text("npm install -g @openai/codex", SOON);
        picture(page, "doctor", scheme);

        page.button("Watch the demo").click();
        for worker in ["Gemini architect", "Claude implementer", "Codex reviewer"] {
            page.wait_for_text(worker, SOON);
        }
        page.wait_for_text("Claude started on the goal", DEMO);
        picture(page, "running", scheme);

        answer_the_question(page, scheme);

        page.wait("the end of the demo", DEMO, |page| page.find("//*[@id='tab-summary']"));
        let summary = page.text();
        for part in ["What changed", "Verdicts", "Cost and time", "Decision: continue"] {
            assert!(summary.contains(part), "{part} is missing:\n{summary}");
        }
        picture(page, "summary", scheme);

        page.find("//*[@id='tab-reviews']").expect("the tab of the reviews").click();
        page.wait_for_text("The rule that fired", SOON);
        let reviews = page.text();
        for part in ["Concern", "Approved", "all approved", "Suggestion:"] {
            assert!(reviews.contains(part), "{part} is missing:\n{reviews}");
        }
        picture(page, "reviews", scheme);

        page.find("//*[@id='tab-timeline']").expect("the tab of the timeline").click();
        page.wait_for_text("Finished: all approved: continue", SOON);
        let below = page.run(
            "const box = document.querySelector('[role=log]');
             return box.scrollHeight - box.scrollTop - box.clientHeight",
            &[],
        );
        assert!(below.as_f64().is_some_and(|px| px < 2.0), "the newest entry is {below} px below the edge");
        picture(page, "timeline", scheme);
    });
}

/// The implementer asks to run its tests: in one scheme the card is used, in the other the key.
fn answer_the_question(page: &Browser, scheme: Scheme) {
    let card = "//section[@aria-label='Question of claude-implementer' and @aria-busy='false']";
    page.wait("the question", DEMO, |page| page.find(card));
    let text = page.text();
    for part in
        ["Claude wants to run", "python3 -B -m unittest", "Why it asks", "Medium", "Deny…", "pocket-todo"]
    {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    picture(page, "question", scheme);
    if scheme == Scheme::Light {
        page.button("Allow once").click();
    } else {
        page.find("//body").expect("the page").write("s");
        page.wait_for_text("Allowed in this session", SOON);
        picture(page, "granted", scheme);
        page.button("Revoke").click();
    }
    page.wait("the end of the question", SOON, |page| page.find("//aside[.//h2]").is_none().then_some(()));
    let answered = if scheme == Scheme::Light { "allowed once (by person)" } else { "so no longer" };
    let lower = |page: &Browser| page.text().to_lowercase();
    page.wait("the answer in the story", SOON, |page| lower(page).contains(answered).then_some(()));
}

#[test]
fn it_is_watched_to_its_decision_in_light() {
    watch_the_demo(Scheme::Light);
}

#[test]
fn it_is_watched_to_its_decision_in_dark() {
    watch_the_demo(Scheme::Dark);
}
