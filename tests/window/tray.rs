//! The tray: where the window goes while sessions run, and where it comes back from.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::notice_daemon::{NoticeDaemon, Seen};
use crate::stage::{Scheme, Stage, app_binary};
use crate::tray_host::Tray;
use crate::{DEMO, SOON, processes_with, with_open_window, with_window};

const TITLE: &str = "Meta-Orchestrator";

fn wait(what: &str, within: Duration, look: impl Fn() -> bool) {
    let end = Instant::now() + within;
    while !look() {
        assert!(Instant::now() < end, "{what}: not within {within:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn told_of_tray(daemon: &NoticeDaemon) -> usize {
    let of_tray = |seen: &Seen| matches!(seen, Seen::Shown(shown) if shown.title.ends_with("is in the tray"));
    daemon.rest().iter().filter(|seen| of_tray(seen)).count()
}

fn close_into_tray(stage: &Stage) {
    stage.close_window(TITLE);
    assert!(!stage.shows_window(TITLE));
}

/// Whether the stage's app runs still; other tests have theirs.
fn app_runs(stage: &Stage) -> bool {
    let home = stage.home().to_string_lossy().into_owned();
    let of_stage = |process: &String| {
        let folder = process.split(':').next().unwrap_or_default();
        String::from_utf8_lossy(&fs::read(Path::new(folder).join("environ")).unwrap_or_default())
            .contains(&home)
    };
    processes_with(&app_binary()).iter().any(of_stage)
}

#[test]
fn what_runs_goes_on_in_the_tray_until_the_person_quits_there() {
    with_open_window(Scheme::Light, &[("MO_QUIT_ANSWER", Path::new("pause"))], |page, stage| {
        let daemon = NoticeDaemon::start(&stage.bus_address);
        let tray = Tray::with_icon(&stage.bus_address, SOON);
        tray.wait_for("Nothing runs", SOON);
        page.button("Watch the demo").click();
        page.wait_for_text("Gemini started on the plan", DEMO);
        tray.wait_for("1 session runs", SOON);

        close_into_tray(stage);
        let told = daemon.next_shown(SOON);
        assert_eq!(told.title, "Meta-Orchestrator is in the tray");
        tray.choose("Show window");
        wait("the window", SOON, || stage.shows_window(TITLE));

        // It is said once. A second start ends at once and brings the first one's window back.
        close_into_tray(stage);
        assert!(stage.command(&app_binary()).status().unwrap().success());
        wait("the window of the first start", SOON, || stage.shows_window(TITLE));
        assert_eq!(told_of_tray(&daemon), 0);

        let of_demo = || processes_with(&stage.home().join("tmp/meta-orchestrator-demo-"));
        assert!(!of_demo().is_empty(), "the demo went on");
        tray.choose("Quit");
        wait("the end of the app", DEMO, || of_demo().is_empty() && !app_runs(stage));
        let states = fs::read_dir(stage.home().join(".config/org.meta-orchestrator.desktop")).unwrap();
        assert!(states.count() > 0, "the window's size is remembered");
    });
}

#[test]
fn without_the_library_of_the_tray_the_window_opens_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    // A file that is no library hides the one of the system.
    for name in ["libayatana-appindicator3.so.1", "libappindicator3.so.1"] {
        fs::write(folder.path().join(name), "no library").unwrap();
    }
    with_window(Scheme::Light, &[("LD_LIBRARY_PATH", folder.path())], |page, _| {
        let missing = page.run_async(
            "const done = arguments[arguments.length - 1];
             window.__TAURI_INTERNALS__.invoke('missing').then(done);",
        );
        let tray = missing.as_array().unwrap().iter().find(|part| part["part"] == "tray").expect("the tray");
        assert!(tray["message"].as_str().unwrap().contains("libayatana-appindicator3"), "{tray}");
    });
}
