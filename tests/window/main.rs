//! The real window, driven through WebKitWebDriver on a screen and a session bus of its own.
//!
//! It needs the app's binary (`cargo build`) and the Debian packages that ./test installs; pictures are
//! made with the font of fonts-inter where it is installed. Screenshots go to `target/screenshots`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what is wrong by panicking")]

mod core_path;
mod demo;
mod folders;
mod frame;
mod hands;
mod hostile;
mod hostile_notices;
mod keyboard_job;
mod notice_daemon;
mod notices;
mod owner;
mod pixels;
#[path = "../real_agents/main_job/play.rs"]
#[allow(dead_code, reason = "only one of its plays is needed here")]
mod play;
mod real_agents;
#[path = "../cli/rig.rs"]
#[allow(dead_code, reason = "only its scripts are needed here")]
mod rig;
mod screens;
mod start_again;
mod steering;
mod team;
mod tray;
mod tray_host;
mod upgrade;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mo_screen::{stage, webdriver};
use serde_json::json;

use crate::stage::{Scheme, Stage, app_binary};
use crate::webdriver::Browser;

/// What a page needs that only has to be painted, and an app that only has to start, on a busy machine.
pub(crate) const SOON: Duration = Duration::from_mins(1);
/// What the demo needs from its start to its decision, on a busy machine.
pub(crate) const DEMO: Duration = Duration::from_mins(4);

/// The setting of a story that takes pictures: the driver waits for ever for one of a window that is painted without
/// layers, as the app's own choice is where there is no graphics card.
pub(crate) fn layers() -> (&'static str, &'static Path) {
    ("WEBKIT_DISABLE_COMPOSITING_MODE", Path::new("0"))
}

/// The setting of a story to which the demo is only a session: its team takes no time.
pub(crate) fn in_no_time() -> (&'static str, &'static Path) {
    ("MO_DEMO_FAST", Path::new("1"))
}

pub(crate) fn picture(page: &Browser, name: &str, scheme: Scheme) {
    let folder = app_binary().ancestors().nth(2).expect("target/<profile>/<binary>").join("screenshots");
    fs::create_dir_all(&folder).unwrap();
    for (width, height) in [(1280, 800), (960, 600)] {
        page.resize(width, height);
        let beyond = page.run(
            "const page = document.documentElement;
             if (page.scrollWidth <= innerWidth && page.scrollHeight <= innerHeight) return null;
             const reaches = (box) => box.right > innerWidth + 0.5 || box.bottom > innerHeight + 0.5;
             const beyond = [...document.querySelectorAll('body *')].filter((one) => reaches(one.getBoundingClientRect()));
             return [page.scrollWidth, page.scrollHeight, ...beyond.slice(0, 9).map((one) => one.outerHTML.slice(0, 120))];",
            &[],
        );
        assert_eq!(beyond, json!(null), "{name} does not fit into {width}×{height}");
        let path = folder.join(format!("{name}-{width}x{height}-{}.png", scheme.word()));
        fs::write(&path, page.screenshot()).unwrap();
    }
    page.resize(1280, 800);
}

/// Opens the app on a stage, runs `story` and closes it; a failure shows what the app wrote.
pub(crate) fn with_window(scheme: Scheme, settings: &[(&str, &Path)], story: impl FnOnce(&Browser, &Stage)) {
    with_open_window(scheme, settings, |page, stage| {
        story(page, stage);
        page.close();
    });
}

/// As [`with_window`], for a story that closes the window itself.
pub(crate) fn with_open_window(
    scheme: Scheme,
    settings: &[(&str, &Path)],
    story: impl FnOnce(&Browser, &Stage),
) {
    with_prepared_window(scheme, settings, |_| {}, story);
}

/// The same, with something done to the stage before the app starts.
pub(crate) fn with_prepared_window(
    scheme: Scheme,
    settings: &[(&str, &Path)],
    prepare: impl FnOnce(&Stage),
    story: impl FnOnce(&Browser, &Stage),
) {
    on_stage(scheme, settings, |stage| {
        prepare(stage);
        let page = Browser::open(stage.port, &app_binary());
        page.wait_for_text("New session", SOON);
        story(&page, stage);
    });
}

/// Plays a story on a stage of its own, which it leaves empty; a failure shows what was written there. Says what it
/// took.
pub(crate) fn on_stage(scheme: Scheme, settings: &[(&str, &Path)], story: impl FnOnce(&Stage)) {
    let begun = Instant::now();
    let stage = Stage::set(scheme, settings);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| story(&stage)));
    if outcome.is_err() {
        eprintln!("the driver and the app wrote:\n{}", stage.log());
        if let Ok(run) = fs::read_to_string(stage.home().join("run.log")) {
            eprintln!("the command wrote:\n{run}");
        }
    }
    stage.strike();
    measured(std::thread::current().name().unwrap_or_default(), begun.elapsed());
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

/// Says what something took, also where a test's own output is not shown.
pub(crate) fn measured(what: &str, took: Duration) {
    let _ = writeln!(std::io::stderr(), "{:6.1} s  {what}", took.as_secs_f64());
}

#[test]
fn what_is_wrong_is_said_beside_its_field_and_nothing_starts() {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone");
    with_window(Scheme::Light, &[layers(), ("MO_PICK_FOLDER", &gone)], |page, stage| {
        page.button("Start a session").click();
        page.button("Start session").click();
        page.wait_for_text("2 fields need correcting before the session can start", SOON);
        page.wait_for_text("Choose the folder to work on.", SOON);
        page.wait_for_text("The goal is empty.", SOON);
        picture(page, "new-session-wrong", Scheme::Light);

        page.button("Choose…").click();
        let folder = |page: &Browser| page.find("//*[@id='target']").expect("the field").property("value");
        page.wait("the chosen folder", SOON, |page| (folder(page) == json!(gone)).then_some(()));
        page.find("//*[@id='goal']").expect("the field").write("Fix the flaky test");
        page.button("Start session").click();
        page.wait_for_text("1 field needs correcting before the session can start", SOON);
        assert!(page.text().contains("There is no folder"), "{}", page.text());
        picture(page, "new-session-refused", Scheme::Light);
        assert!(sessions_under(stage.home()).is_empty(), "a refused start left a session behind");
    });
}

#[test]
fn a_running_session_is_stopped() {
    with_window(Scheme::Light, &[layers()], |page, _| {
        page.button("Watch the demo").click();
        page.wait_for_text("Gemini started on the plan", DEMO);
        page.button("Stop").click();
        page.wait("the summary of the stopped session", DEMO, |page| page.find("//*[@id='tab-summary']"));
        page.wait_for_text("Nothing in the folder differs from checkpoint 0.", SOON);
        assert!(page.find("//main//button[contains(., 'Stop')]").is_none(), "nothing is left to be stopped");
        picture(page, "stopped", Scheme::Light);
        frame::delete_the_only_session(page);
    });
}

#[test]
fn closing_the_window_stops_what_runs_and_leaves_no_process() {
    // Nobody shows icons of a tray on this stage: closing asks.
    with_open_window(Scheme::Light, &[("MO_QUIT_ANSWER", Path::new("pause"))], |page, stage| {
        page.button("Watch the demo").click();
        page.wait_for_text("Gemini started on the plan", DEMO);
        let of_demo = || processes_with(&stage.home().join("tmp/meta-orchestrator-demo-"));
        page.wait("a process of an agent", SOON, |_| (!of_demo().is_empty()).then_some(()));
        stage.close_window("Meta-Orchestrator");
        let end = Instant::now() + DEMO;
        while !of_demo().is_empty() {
            assert!(Instant::now() < end, "left over: {:?}", of_demo());
            std::thread::sleep(Duration::from_millis(50));
        }
        // The folder goes last, when the engine has ended.
        let left = || -> Vec<_> {
            fs::read_dir(stage.home().join("tmp")).unwrap().map(|entry| entry.unwrap().file_name()).collect()
        };
        while !left().is_empty() {
            assert!(Instant::now() < end, "the demo's folder is left: {:?}", left());
            std::thread::sleep(Duration::from_millis(50));
        }
    });
}

/// Processes whose command line names `path`.
pub(crate) fn processes_with(path: &Path) -> Vec<String> {
    let path = path.to_string_lossy().into_owned();
    let of_process = |folder: PathBuf| {
        let line = fs::read(folder.join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains(&path).then(|| format!("{}: {line}", folder.display()))
    };
    fs::read_dir("/proc").unwrap().filter_map(|entry| of_process(entry.ok()?.path())).collect()
}

/// The folders of sessions in the app's private data folder.
fn sessions_under(home: &Path) -> Vec<PathBuf> {
    let folder = home.join(".local/share/meta-orchestrator/sessions");
    fs::read_dir(folder).map(|entries| entries.map(|e| e.unwrap().path()).collect()).unwrap_or_default()
}

#[test]
fn what_the_page_draws_anew_between_a_look_and_a_click_is_found_again() {
    with_window(Scheme::Light, &[], |page, _| {
        let draw_anew = "document.getElementById('drawn')?.remove();
             const field = document.createElement('input');
             field.id = 'drawn';
             field.onclick = () => { window.clicked = (window.clicked ?? 0) + 1; };
             document.querySelector('main').prepend(field);";
        page.run(draw_anew, &[]);
        let field = page.find("//input[@id='drawn']").expect("the field");
        page.run(draw_anew, &[]);
        field.click();
        assert_eq!(page.run("return window.clicked", &[]), json!(1));
        page.run(draw_anew, &[]);
        field.write("new");
        assert_eq!(field.property("value"), json!("new"));
        page.run(draw_anew, &[]);
        assert_eq!(field.property("value"), json!(""));
        page.run("document.getElementById('drawn').remove()", &[]);
        assert_eq!(field.property("value"), json!(null), "it is not there now");
    });
}

#[test]
fn the_page_can_call_nothing_but_the_commands_of_the_shell() {
    with_window(Scheme::Light, &[], |page, _| {
        let tried = page.run_async(
            "const done = arguments[arguments.length - 1];
             const call = (name, args) =>
               window.__TAURI_INTERNALS__.invoke(name, args).then(() => 'allowed', () => 'refused');
             Promise.all([
               call('plugin:dialog|open', { options: {} }),
               call('plugin:window|close', {}),
               call('plugin:event|emit', { event: 'batch', payload: null }),
               call('plugin:path|resolve_directory', { directory: 1 }),
               call('plugin:notification|notify', { options: { title: 'x' } }),
               call('plugin:opener|open_path', { path: '/' }),
               call('plugin:window-state|filename', {}),
               call('plugin:tray|new', { options: {} }),
               call('plugin:menu|new', { kind: 'Menu', options: {} }),
               call('status'),
             ]).then(done);",
        );
        assert_eq!(tried, json!([["refused"; 9].as_slice(), &["allowed"]].concat()));
        let injected = page.run_async(
            "const done = arguments[arguments.length - 1];
             const script = document.createElement('script');
             script.textContent = 'window.injected = true';
             document.body.append(script);
             let evaluated = 'ran';
             try { (0, eval)('1'); } catch { evaluated = 'refused'; }
             const frozen = Object.isFrozen(Object.prototype);
             fetch('https://example.com').then(() => 'reached', () => 'refused')
               .then((reached) => done([window.injected ?? 'not run', evaluated, reached, frozen]));",
        );
        assert_eq!(injected, json!(["not run", "refused", "refused", true]));
    });
}
