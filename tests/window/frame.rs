//! The screens around a session: first start, new session, settings, palette, by the keyboard alone.

use std::fs;

use serde_json::json;

use crate::hands::{ENTER, ESCAPE, command, nothing_serious, press, tab_to, value, with_control};
use crate::keyboard_job::press_button;
use crate::stage::Scheme;
use crate::webdriver::Browser;
use crate::{DEMO, SOON, layers, picture, with_window};

#[test]
fn by_the_keyboard_alone_from_the_first_start_to_a_changed_setting() {
    let folder = tempfile::tempdir().unwrap();
    with_window(Scheme::Dark, &[layers()], |page, stage| {
        // The first start shows the doctor; what is missing has its command.
        page.wait_for_text("npm install -g @openai/codex", SOON);
        page.wait_for_text("0 of 4 proved", SOON);
        nothing_serious(page, "the doctor");

        command(page, "new session");
        page.wait("the form", SOON, |page| {
            (page.run("return document.activeElement.id", &[]) == json!("target")).then_some(())
        });
        press(page, folder.path().to_str().unwrap());
        tab_to(page, "goal");
        press(page, "Fix the flaky test");
        tab_to(page, "money_limit");
        press(page, "-1");
        press(page, &with_control(ENTER));
        // No agent is installed here, and the money limit is no amount: both are said at once, and nothing starts.
        page.wait_for_text("2 fields need correcting before the session can start", SOON);
        page.wait_for_text("Enter US dollars as a number, such as 2.50; 0 for no limit.", SOON);
        page.wait_for_text("is not installed", SOON);
        page.wait_for_text("Who may do what", SOON);
        nothing_serious(page, "the form");
        picture(page, "keyboard-new-session", Scheme::Dark);

        // A setting is found by its name, changed, and kept with the comments of the file.
        let config = stage.home().join(".config/meta-orchestrator/config.toml");
        fs::create_dir_all(config.parent().unwrap()).unwrap();
        fs::write(&config, "# mine\n[session]\nstall_timeout = \"5m\" # long enough\n").unwrap();
        // Leaving the form alone would keep what was entered, and with it the old choices.
        press_button(page, "Cancel");
        page.wait_for_text("Give a team one goal in one folder", SOON);
        command(page, "settings: fix rounds");
        page.wait("the field", SOON, |page| page.find("//*[@id='session-fix_rounds']"));
        tab_to(page, "session-fix_rounds");
        press(page, &with_control("a"));
        press(page, &format!("99{ENTER}"));
        page.wait_for_text("Enter a whole number from 0 to 20.", SOON);
        press(page, &with_control("a"));
        press(page, &format!("3{ENTER}"));
        let kept = || fs::read_to_string(&config).unwrap();
        page.wait("the changed file", SOON, |_| kept().contains("fix_rounds = 3").then_some(()));
        assert_eq!(kept(), "# mine\n[session]\nstall_timeout = \"5m\" # long enough\nfix_rounds = 3\n");
        nothing_serious(page, "the settings");

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
    page.find("//dialog//button[normalize-space(.)='Delete']").expect("the button").click();
    page.wait_for_text("No sessions yet", DEMO);
}
