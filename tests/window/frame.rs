//! The screens around a session: first start, new session, settings, palette, by the keyboard alone.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::stage::Scheme;
use crate::webdriver::Browser;
use crate::{DEMO, SOON, picture, with_window};

/// Keys as WebDriver names them (<https://www.w3.org/TR/webdriver2/#keyboard-actions>).
const CONTROL: char = '\u{E009}';
const RELEASE: char = '\u{E000}';
const ENTER: &str = "\u{E007}";
const TAB: &str = "\u{E004}";
const ESCAPE: &str = "\u{E00C}";

fn press(page: &Browser, keys: &str) {
    page.active().write(keys);
}

fn with_control(key: &str) -> String {
    format!("{CONTROL}{key}{RELEASE}")
}

/// Runs the command of that name, as somebody who uses no pointer.
fn command(page: &Browser, name: &str) {
    press(page, &with_control("k"));
    page.wait("the palette", SOON, |page| page.find("//dialog//input"));
    press(page, name);
    let first = "//*[@role='option' and @aria-selected='true']";
    page.wait("what was typed", SOON, |page| {
        let shown = page
            .run("return document.querySelector('[role=option][aria-selected=true]')?.innerText ?? ''", &[]);
        let shown = shown.as_str().unwrap_or_default().to_lowercase();
        (page.find(first).is_some() && shown.contains(&name.to_lowercase())).then_some(())
    });
    press(page, ENTER);
    page.wait("the end of the palette", SOON, |page| page.find("//dialog[@open]").is_none().then_some(()));
}

/// Goes on with Tab until that element has the keyboard.
fn tab_to(page: &Browser, id: &str) {
    for _ in 0..40 {
        if page.run("return document.activeElement.id", &[]) == json!(id) {
            return;
        }
        press(page, TAB);
    }
    panic!("Tab does not reach #{id}");
}

fn value(page: &Browser, id: &str) -> String {
    let value = page.run("return document.getElementById(arguments[0])?.value ?? ''", &[json!(id)]);
    value.as_str().unwrap_or_default().to_owned()
}

/// axe-core's judgement of the page as it is, where it is installed (`npm ci` in ui).
fn nothing_serious(page: &Browser) {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/node_modules/axe-core/axe.min.js");
    let Ok(axe) = fs::read_to_string(axe) else { return };
    page.run(&axe, &[]);
    let found = page.run_async(
        "const done = arguments[arguments.length - 1];
         axe.run(document, { resultTypes: ['violations'] }).then(
           ({ violations }) => done(violations
             .filter((one) => ['serious', 'critical'].includes(one.impact))
             .map((one) => `${one.id}: ${one.nodes.map((node) => node.target).join(' ')}`)),
           (error) => done([String(error)]));",
    );
    assert_eq!(found, json!([]));
}

#[test]
fn by_the_keyboard_alone_from_the_first_start_to_a_changed_setting() {
    let folder = tempfile::tempdir().unwrap();
    with_window(Scheme::Dark, &[], |page, stage| {
        // The first start shows the doctor; what is missing has its command.
        page.wait_for_text("npm install -g @openai/codex", SOON);
        page.wait_for_text("0 of 4 proved", SOON);
        nothing_serious(page);

        command(page, "new session");
        page.wait("the form", SOON, |page| {
            (page.run("return document.activeElement.id", &[]) == json!("target")).then_some(())
        });
        press(page, folder.path().to_str().unwrap());
        tab_to(page, "goal");
        press(page, "Fix the flaky test");
        tab_to(page, "money_limit");
        press(page, "0");
        press(page, &with_control(ENTER));
        // No agent is installed here, and the money limit is none: both are said at once, and nothing starts.
        page.wait_for_text("2 fields need correcting before the session can start", SOON);
        page.wait_for_text("Enter more than $0, or leave it empty for no limit.", SOON);
        page.wait_for_text("is not installed", SOON);
        page.wait_for_text("Who may do what", SOON);
        nothing_serious(page);
        picture(page, "keyboard-new-session", Scheme::Dark);

        // A setting is found by its name, changed, and kept with the comments of the file.
        let config = stage.home().join(".config/meta-orchestrator/config.toml");
        fs::create_dir_all(config.parent().unwrap()).unwrap();
        fs::write(&config, "# mine\n[session]\nstall_timeout = \"5m\" # long enough\n").unwrap();
        press(page, ESCAPE);
        page.wait_for_text("Give a team one goal in one folder", SOON);
        command(page, "settings: fix rounds");
        page.wait("the field", SOON, |page| page.find("//*[@id='session-fix_rounds']"));
        tab_to(page, "session-fix_rounds");
        press(page, &with_control("a"));
        press(page, &format!("99{ENTER}"));
        page.wait_for_text("fix_rounds is at most 20.", SOON);
        press(page, &with_control("a"));
        press(page, &format!("3{ENTER}"));
        let kept = || fs::read_to_string(&config).unwrap();
        page.wait("the changed file", SOON, |_| kept().contains("fix_rounds = 3").then_some(()));
        assert_eq!(kept(), "# mine\n[session]\nstall_timeout = \"5m\" # long enough\nfix_rounds = 3\n");
        nothing_serious(page);

        // What was kept counts for the next session.
        press(page, &with_control("n"));
        page.wait("the form with the new default", SOON, |page| {
            (value(page, "fix_rounds") == "3").then_some(())
        });
    });
}

/// Asks for it, thinks better of it, then does it; the list is empty afterwards.
pub(crate) fn delete_the_only_session(page: &Browser) {
    let ask = || {
        page.find("//nav//button[contains(@class, 'item')]")
            .expect("the session in the list")
            .write("\u{E017}");
        page.wait("the question", SOON, |page| page.find("//dialog[@open]"));
    };
    ask();
    press(page, ESCAPE);
    page.wait("the end of the question", SOON, |page| page.find("//dialog[@open]").is_none().then_some(()));
    assert!(page.text().contains("Nothing in the folder differs from checkpoint 0."));
    ask();
    let delete = "//dialog//button[normalize-space(.)='Delete']";
    page.find(delete).expect("the button").click();
    page.wait("the empty list", DEMO, |page| {
        let text = page.text();
        // A session that has ended a moment ago is still being put away, which is said: a person tries again.
        if let (true, Some(again)) = (text.contains("still runs"), page.find(delete)) {
            again.click();
        }
        text.contains("No sessions yet").then_some(())
    });
}
