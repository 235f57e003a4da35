//! The screens of a session: a log that is longer than a page can paint, changes with findings at their lines, and the
//! way back to a checkpoint.

use std::fs;
use std::path::{Path, PathBuf};

use mo_core::agent_event::AgentEvent;
use mo_core::event::{Ending, Envelope, Event, RestState, SessionCreated};
use mo_core::ids::{ItemId, SessionId, WorkerName};
use mo_core::settings::Settings;
use mo_core::team::Team;
use mo_core::time::Timestamp;
use mo_journal::{DataDir, Journal, SqliteJournal};
use serde_json::{Value, json};

use crate::hands::tab;
use crate::pixels::Pixels;
use crate::stage::{Scheme, Stage};
use crate::webdriver::Browser;
use crate::{DEMO, SOON, in_no_time, layers, measured, picture, with_prepared_window, with_window};

const SESSION: &str = "orch_20261122_104100_abcd";
/// A page paints nothing past 2^24 px.
const PAINTED: u64 = 1 << 24;

/// Rows and their height in px: together higher than what is painted. Fewer and taller ones in the normal run.
fn size() -> (u64, u64) {
    if std::env::var_os("MO_LONG").is_some() { (1_000_000, 24) } else { (70_000, 250) }
}

/// A session that is over and has so many events.
fn write_session(stage: &Stage, events: u64) {
    let data = DataDir::create(stage.home().join(".local/share/meta-orchestrator")).unwrap();
    let journal = SqliteJournal::open(&data).unwrap();
    let session = SessionId::new(SESSION);
    let claude = WorkerName::new("claude-implementer");
    let created = SessionCreated {
        goal: "A long log".to_owned(),
        target: "/nowhere/project".to_owned(),
        team: Team::default_trio(),
        settings: Settings::default(),
        warnings: Vec::new(),
    };
    let over = || Ending { state: RestState::Finished, exit_code: 0, reason: "all approved".to_owned() };
    let event = |seq: u64| match seq {
        1 => (None, Event::SessionCreated(created.clone())),
        seq if seq == events => (None, Event::SessionEnded(over())),
        seq => {
            let item = match seq % 1_000 {
                500 => AgentEvent::Malformed {
                    excerpt: "{\"half\":".to_owned(),
                    reason: "half a JSON line".to_owned(),
                    bytes: 8,
                },
                _ => AgentEvent::Message { item: ItemId::new("m"), text: format!("MARK {seq} XXXXXXXXXX") },
            };
            (Some(claude.clone()), Event::AgentItem { attempt: 1, turn: Some(1), item })
        }
    };
    let mut seq = 0;
    while seq < events {
        let batch = (seq + 1..=events.min(seq + 5_000)).map(|seq| {
            let (worker, event) = event(seq);
            let at = Timestamp(1_795_000_000_000 + i64::try_from(seq).unwrap());
            Envelope { seq, at, worker, event }.to_record(&session)
        });
        let committed = journal.commit(batch.collect()).wait().unwrap();
        seq += committed.records.len() as u64;
    }
}

/// The page's text, its numbers without the space between their thousands.
fn ungrouped(page: &Browser) -> String {
    page.text().replace('\u{202f}', "")
}

/// The number of the first row that begins in sight, and where its text is.
fn first_row(page: &Browser) -> Option<(u64, Value)> {
    let found = page.run(
        "const list = document.querySelector('[role=grid]').getBoundingClientRect();
         for (const text of document.querySelectorAll('[role=row] .text')) {
           const box = text.getBoundingClientRect();
           if (box.top >= list.top - 1 && box.top < list.bottom - 20)
             return [Number(text.parentElement.querySelector('.seq').innerText.replace(/\\D/g, '')), [box.left, box.top, Math.min(box.width, 300), 24]];
         }
         return null;",
        &[],
    );
    Some((found[0].as_u64()?, found[1].clone()))
}

/// Waits until the row of that number is the first in sight, and looks whether it is painted.
fn row_is_painted(page: &Browser, near: u64, within: u64) {
    let (row, place) = page.wait(&format!("a row near {near}"), SOON, |page| {
        first_row(page).filter(|(row, _)| row.abs_diff(near) <= within)
    });
    page.wait(&format!("the pixels of row {row}"), SOON, |page| {
        (Pixels::of(page).dark(&place) > 100).then_some(())
    });
}

/// Says what it took: most of the long run is time that no test waits for on purpose.
fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begun = std::time::Instant::now();
    let made = work();
    measured(what, begun.elapsed());
    made
}

fn scroll_to(page: &Browser, part: f64) {
    page.run(
        "const box = document.querySelector('[role=grid]');
         box.scrollTop = arguments[0] * (box.scrollHeight - box.clientHeight);",
        &[json!(part)],
    );
}

#[test]
fn every_row_of_a_log_is_painted_found_and_exported_however_long_it_is() {
    let (rows, height) = size();
    assert!(rows * height > PAINTED);
    let folder = tempfile::tempdir().unwrap();
    let exported = folder.path().join("log.jsonl");
    let settings = [layers(), ("MO_CONFIRM", Path::new("yes")), ("MO_SAVE_FILE", exported.as_path())];
    with_prepared_window(
        Scheme::Light,
        &settings,
        |stage| timed("the making of the journal", || write_session(stage, rows)),
        |page, _| {
            let begun = std::time::Instant::now();
            let since = |what: &str| measured(&format!("until {what}"), begun.elapsed());
            page.wait("the session", SOON, |page| page.find("//nav//button[contains(., 'A long log')]"))
                .click();
            let css = format!("document.documentElement.style.setProperty('--log-row', '{height}px')");
            page.run(&css, &[]);
            tab(page, "log");
            page.wait("all rows", DEMO, |page| {
                ungrouped(page).contains(&format!("{rows} rows, none filtered out")).then_some(())
            });

            since("all rows are there");
            // It begins at its end. A row in the middle and the first are as well painted.
            let step = 600 / height + 2;
            row_is_painted(page, rows - 1, step);
            scroll_to(page, 0.0);
            page.wait_for_text("Auto-scroll stopped because you scrolled up", SOON);
            row_is_painted(page, 2, step);
            scroll_to(page, 0.5);
            row_is_painted(page, rows / 2, step * 2);
            scroll_to(page, 0.9);
            row_is_painted(page, rows / 10 * 9, step * 2);
            let high = page.run("return document.querySelector('[role=grid]').scrollHeight", &[]);
            assert!(high.as_u64().is_some_and(|px| px < PAINTED), "{high} px are not painted");

            since("rows are painted at top, middle and end");
            let malformed = rows / 1_000;
            page.wait("the count of malformed lines", DEMO, |page| {
                ungrouped(page).contains(&format!("{malformed} malformed")).then_some(())
            });
            since("all is looked at");
            let only = rows / 2 + 7;
            let field = page.find("//input[@aria-label='Filter by text']").expect("the filter");
            field.write(&format!("mark {only} x"));
            page.wait("the one row that matches", DEMO, |page| {
                ungrouped(page).contains(&format!("1 row of {rows}, {} filtered out", rows - 1)).then_some(())
            });
            row_is_painted(page, only, 0);
            since("one row is filtered out of all");
            page.run("document.querySelector('[role=row]').click()", &[]);
            page.wait_for_text("Raw line", SOON);
            page.wait_for_text(&format!("event {only} of claude-implementer"), SOON);
            page.button("Export…").click();
            page.wait_for_text("1 row exported", SOON);
            let text = fs::read_to_string(&exported).unwrap();
            let line: Value = serde_json::from_str(text.trim_end()).unwrap();
            assert_eq!((&line["seq"], &line["kind"]), (&json!(only), &json!("agent_item")));

            since("that row is exported");
            page.button("Show all rows").click();
            page.button("Find").click();
            let field = page.wait("the search", SOON, |page| page.find("//input[@aria-label='Find']"));
            field.write(&format!("MARK {}\u{e007}", rows - 3));
            page.wait_for_text("1 of 1", DEMO);
            row_is_painted(page, rows - 3, step);
            since("a row is found");
            page.run("document.documentElement.style.removeProperty('--log-row')", &[]);
            tab(page, "details");
            page.wait_for_text("Not yet proven", SOON);
            tab(page, "log");
            page.wait("rows", SOON, first_row);
            picture(page, "log", Scheme::Light);
            tab(page, "details");
            picture(page, "details", Scheme::Light);
        },
    );
}

/// The folder that the demo works on.
fn project(stage: &Stage) -> PathBuf {
    let demos = fs::read_dir(stage.home().join("tmp")).unwrap().map(|entry| entry.unwrap().path());
    demos.map(|demo| demo.join("pocket-todo")).find(|folder| folder.is_dir()).expect("the demo's folder")
}

#[test]
fn changes_have_their_findings_at_their_lines_and_a_restore_brings_the_start_back() {
    with_window(Scheme::Light, &[layers(), ("MO_CONFIRM", Path::new("yes")), in_no_time()], |page, stage| {
        page.button("Watch the demo").click();
        let card = "//section[@aria-label='Question of claude-implementer' and @aria-busy='false']";
        page.wait("the question", DEMO, |page| page.find(card));
        tab(page, "changes");
        page.wait_for_text("Compare", SOON);
        let restore = "//button[contains(., 'Restore checkpoint')]";
        let restore_button = page.wait("the button", SOON, |page| page.find(restore));
        assert_eq!(restore_button.property("disabled"), json!(true), "a session that runs is not restored");
        page.button("Allow once").click();
        // The reviewer's finding is at its line while the round that found it is the newest.
        page.wait("the end of the demo", DEMO, |page| page.find("//*[@id='tab-summary']"));

        let file = "//*[@role='treeitem'][contains(., 'store.py')]";
        page.wait("the changed file", SOON, |page| page.find(file)).click();
        page.wait("the finding", SOON, |page| page.find("//section[starts-with(@aria-label, 'Finding: ')]"));
        let (line, named) = page.wait("the finding's line", SOON, |page| {
            let found = page.run(
                "const note = document.querySelector('.finding');
                 if (note === null) return null;
                 let row = note.previousElementSibling;
                 return [row.querySelectorAll('.number')[1].innerText, note.querySelector('h3 code').innerText];",
                &[],
            );
            Some((found[0].as_str()?.to_owned(), found[1].as_str()?.to_owned()))
        });
        assert_eq!(named, format!("store.py:{line}"));
        picture(page, "changes", Scheme::Light);

        let store = project(stage).join("store.py");
        let after = fs::read_to_string(&store).unwrap();
        page.find(restore).expect("the button").click();
        page.wait_for_text("Checkpoint 0 is restored", DEMO);
        let before = fs::read_to_string(&store).unwrap();
        assert!(after.contains("due") && !before.contains("due"), "{before}");
        picture(page, "restored", Scheme::Light);
    });
}
