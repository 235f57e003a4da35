//! An upgrade while the app runs: what it starts of itself is still this very program, and the person is told.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use mo_screen::desktop::Desktop;
use serde_json::json;

use crate::stage::{Scheme, app_binary};
use crate::webdriver::Browser;
use crate::{DEMO, SOON, on_stage};

const TOLD: &str = "Meta-Orchestrator was upgraded";

/// As dpkg puts a file in the place of another.
fn install(place: &Path, text: &str) {
    let newer = place.with_extension("dpkg-new");
    fs::write(&newer, text).unwrap();
    fs::set_permissions(&newer, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(newer, place).unwrap();
}

#[test]
fn an_app_that_is_upgraded_while_it_runs_goes_on_as_it_was_and_says_so() {
    on_stage(Scheme::Light, &[], |stage| {
        let place = stage.home().join("installed/meta-orchestrator");
        fs::create_dir(place.parent().unwrap()).unwrap();
        fs::copy(app_binary(), &place).unwrap();
        let page = &Browser::open(stage.port, &place);
        page.wait_for_text("New session", SOON);
        let said = || {
            let missing = page.run_async(
                "const done = arguments[arguments.length - 1];
                 window.__TAURI_INTERNALS__.invoke('missing').then(done);",
            );
            let parts = missing.as_array().unwrap().clone();
            parts.into_iter().find(|part| part["part"] == "program").map(|part| part["message"].to_string())
        };
        assert_eq!(said(), None);
        // It can start nothing: whoever ran it instead of what runs would fail.
        install(&place, "#!/bin/sh\nexit 9\n");
        assert!(said().is_some_and(|words| words.contains("Another version of the app was installed")));

        // The shims of the workers and the scripted team are the program that runs.
        page.button("Watch the demo").click();
        page.wait_for_text("Gemini started on the plan", DEMO);
        page.button("Stop").click();
        page.wait("the summary of the stopped session", DEMO, |page| page.find("//*[@id='tab-summary']"));

        // Whoever starts the newer one meets this one, and is told.
        assert!(stage.command(&app_binary()).status().unwrap().success());
        Desktop::start(stage).close_window(TOLD);
        assert_eq!(page.title(), "Meta-Orchestrator", "later: it goes on");

        fs::remove_file(&place).unwrap();
        assert!(said().is_some_and(|words| words.contains("was removed")));
        assert_eq!(page.run("return document.readyState", &[]), json!("complete"));
        page.close();
    });
}
