//! What agents and people write, at its worst, on the person's desktop: in notifications, whether their server obeys
//! markup or not, and in the tray's menu. It is seen as it is, and nothing else.

use serde_json::json;

use crate::notice_daemon::{NoticeDaemon, Shown};
use crate::stage::Scheme;
use crate::team::{approving, with_scripts};
use crate::tray_host::Tray;
use crate::{DEMO, SOON, with_prepared_window};

/// What a server that obeys markup would paint, load or link, what reorders a line, and what is not seen at all.
const BAIT: &str = "<b>bold</b> <a href=\"http://127.0.0.1:9/a\">link</a> <img src=\"http://127.0.0.1:9/i\"/> &lt;i&gt; \
                    \u{202e}gpj.exe\u{202c} \u{200b}\u{feff}\u{7f}";
/// As a person who writes it for a menu: no letter of it is a key, and nothing of it is hidden.
const GOAL: &str = "a_b & __c__ &d <b>x</b> \u{202e}gpj";
const GOAL_SEEN: &str = "a_b & __c__ &d <b>x</b> \\u{202e}gpj";

/// Nothing in it breaks a line that is one, hides, reorders or goes on for ever.
fn is_tame(shown: &Shown) {
    let unseen = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    assert!(!shown.title.contains(unseen), "{shown:?}");
    assert!(!shown.body.replace('\n', "").contains(unseen), "{shown:?}");
    assert!(shown.title.chars().count() <= 121, "{shown:?}");
    assert!(shown.body.lines().count() < 20 && shown.body.chars().count() < 1_500, "{shown:?}");
    assert!(shown.title.starts_with("Claude asks to run"), "{shown:?}");
}

#[test]
fn hostile_text_is_seen_as_it_is_in_notifications_and_in_the_tray() {
    let short = format!("no-such-program '{BAIT}'");
    let long = format!("no-such-program '{BAIT}\nanother line\r\u{1b}[2J{}'", "A<b>".repeat(5_000));
    let turns = json!([{ "kind": "work", "times": 0, "steps": [
        { "run": short }, { "run": long }, { "run": format!("{short} again") }, { "text": "Done." },
    ]}]);
    with_prepared_window(
        Scheme::Light,
        &[],
        |stage| drop(with_scripts(stage, approving(&turns))),
        |page, stage| {
            let target = stage.home().join("project");
            let daemon = NoticeDaemon::start(&stage.bus_address);
            let tray = Tray::with_icon(&stage.bus_address, SOON);
            let started = page.run_async_with(
                "const [target, goal, done] = arguments;
                 const choices = { team: 'solo', permission: 'ask', isolation: 'in-place', fix_rounds: '0', time_limit: '', money_limit: '' };
                 window.__TAURI_INTERNALS__.invoke('start_session', { form: { target, goal, choices } }).then(done, (no) => done(JSON.stringify(no)));",
                &[json!(target), json!(GOAL)],
            );
            let session = started.as_str().unwrap();
            assert!(session.starts_with("orch_"), "{session}");

            let shown = daemon.next_shown(DEMO);
            is_tame(&shown);
            assert!(!shown.body.contains(['<', '>']), "{shown:?}");
            for part in
                ["&lt;b&gt;bold&lt;/b&gt;", "&lt;img src=", "&amp;lt;i&amp;gt;", "\\u{202e}gpj.exe\\u{202c}"]
            {
                assert!(shown.body.contains(part), "no {part}: {shown:?}");
            }
            // Two underscores of a menu's label are one that is seen; one alone would mark a key.
            let seen = |label: &str| label.replace("__", "\0").replace('_', "").replace('\0', "_");
            let end = std::time::Instant::now() + SOON;
            while !tray.items().iter().any(|(_, label)| seen(label) == GOAL_SEEN) {
                assert!(std::time::Instant::now() < end, "{:?}", tray.items());
                std::thread::sleep(std::time::Duration::from_millis(50));
            }

            // What cannot be shown whole cannot be allowed from there.
            daemon.press(shown.id, "deny");
            let shown = daemon.next_shown_after(SOON);
            is_tame(&shown);
            assert!(!shown.body.contains(['<', '>']), "{shown:?}");
            assert!(shown.body.contains("another line") || shown.body.contains('…'), "{shown:?}");
            assert!(shown.actions.iter().all(|(id, _)| id != "once"), "{shown:?}");

            // Another server, which obeys no markup, gets the text itself.
            drop(daemon);
            let daemon = NoticeDaemon::start_with(&stage.bus_address, &["actions", "body"]);
            page.wait("the session", SOON, |page| page.find("//nav//button[contains(., 'gpj')]")).click();
            // The person's desktop hears of a question before the page does.
            let second = format!("{}[contains(., 'another line')]", crate::hands::QUESTION);
            page.wait("the second question", SOON, |page| page.find(&second));
            page.button("Deny…").click();
            page.button("Enter").click();
            let shown = daemon.next_shown_after(SOON);
            is_tame(&shown);
            assert!(shown.body.contains("<b>bold</b>") && shown.body.contains("&lt;i&gt;"), "{shown:?}");
            // By then the app knows under which number it is shown.
            let third = format!("{}[contains(., 'again')]", crate::hands::QUESTION);
            page.wait("the third question", SOON, |page| page.find(&third));
            daemon.press(shown.id, "deny");
            page.wait("the summary", DEMO, |page| page.find("//*[@id='tab-summary']"));
            page.close();
        },
    );
}
