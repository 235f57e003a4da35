//! What a person does with a keyboard, and what they see: shared by the stories.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::webdriver::Browser;
use crate::{DEMO, SOON};

/// Keys as WebDriver names them (<https://www.w3.org/TR/webdriver2/#keyboard-actions>).
const CONTROL: char = '\u{E009}';
const RELEASE: char = '\u{E000}';
pub(crate) const ENTER: &str = "\u{E007}";
pub(crate) const TAB: &str = "\u{E004}";
pub(crate) const ESCAPE: &str = "\u{E00C}";

/// A question that can be answered.
pub(crate) const QUESTION: &str =
    "//section[@aria-label='Question of claude-implementer' and @aria-busy='false']";

pub(crate) fn press(page: &Browser, keys: &str) {
    page.active().write(keys);
}

pub(crate) fn with_control(key: &str) -> String {
    format!("{CONTROL}{key}{RELEASE}")
}

/// Runs the command of that name, as somebody who uses no pointer.
pub(crate) fn command(page: &Browser, name: &str) {
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
    page.wait("the end of the palette", SOON, |page| page.find("//dialog//input").is_none().then_some(()));
}

/// Goes on with Tab until that element has the keyboard.
pub(crate) fn tab_to(page: &Browser, id: &str) {
    for _ in 0..40 {
        if focus(page) == id {
            return;
        }
        press(page, TAB);
    }
    panic!("Tab does not reach #{id}");
}

/// The id of what has the keyboard.
pub(crate) fn focus(page: &Browser) -> String {
    let id = page.run("return document.activeElement?.id ?? ''", &[]);
    id.as_str().unwrap_or_default().to_owned()
}

pub(crate) fn value(page: &Browser, id: &str) -> String {
    let value = page.run("return document.getElementById(arguments[0])?.value ?? ''", &[json!(id)]);
    value.as_str().unwrap_or_default().to_owned()
}

/// Chooses a tab of the session that is shown. The tabs move when the session starts or ends: a click that met another
/// one is seen, and made again.
pub(crate) fn tab(page: &Browser, name: &str) {
    let path = format!("//*[@id='tab-{name}']");
    page.wait(&format!("the tab {name}"), SOON, |page| {
        let tab = page.find(&path)?;
        if tab.property("ariaSelected") == json!("true") {
            return Some(());
        }
        tab.click();
        None
    });
}

/// Fills in the form for a new session and starts it, by the keyboard alone.
pub(crate) fn start_session(page: &Browser, folder: &Path, goal: &str) {
    press(page, &with_control("n"));
    page.wait("the form", SOON, |page| (focus(page) == "target").then_some(()));
    press(page, folder.to_str().unwrap());
    tab_to(page, "goal");
    press(page, goal);
    press(page, &with_control(ENTER));
    page.wait("the session", SOON, |page| page.find("//*[@id='tab-timeline']"));
}

/// axe-core's judgement of the page as it is.
pub(crate) fn nothing_serious(page: &Browser, what: &str) {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/node_modules/axe-core/axe.min.js");
    let axe = fs::read_to_string(&axe).unwrap_or_else(|e| panic!("{}: {e}: `npm ci` in ui", axe.display()));
    if page.run("return typeof window.axe", &[]) != json!("object") {
        page.run(&axe, &[]);
    }
    let found = page.run_async(
        "const done = arguments[arguments.length - 1];
         axe.run(document, { resultTypes: ['violations'] }).then(
           ({ violations }) => done(violations
             .filter((one) => ['serious', 'critical'].includes(one.impact))
             .map((one) => `${one.id}: ${one.nodes.map((node) => node.target).join(' ')}`)),
           (error) => done([String(error)]));",
    );
    assert_eq!(found, json!([]), "{what}");
}

/// Waits until the header says how the session stands.
pub(crate) fn stands(page: &Browser, word: &str) {
    page.wait(&format!("the state {word:?}"), DEMO, |page| {
        let shown = page.run("return document.querySelector('header .state')?.innerText ?? ''", &[]);
        (shown.as_str().map(str::trim) == Some(word)).then_some(())
    });
}
