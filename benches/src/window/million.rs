//! A session of a million events, open in the window.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::scene::{NAME, SOON, Scene};
use crate::figures::{median, megabytes, quantile, whole};
use crate::flood::Flood;
use crate::options::Options;
use crate::report::Claim;
use crate::{children, goals};

const EVENTS: u64 = 1_000_000;
/// Jumps whose slowest counts.
const JUMPS: u32 = 40;
/// Spreads the places of the jumps over the whole list.
const GOLDEN: f64 = 0.618_033_988_749_895;

/// Jumps the list to a part of its way and answers after how many ms every row in sight had its text and a frame had
/// been painted with it, and which row was the first.
const JUMP: &str = "
    const [part, done] = [arguments[0], arguments[arguments.length - 1]];
    const box = document.querySelector('[role=grid]');
    const before = Number(box.dataset.first);
    const began = performance.now();
    box.scrollTop = part * (box.scrollHeight - box.clientHeight);
    const shows = () => {
      if (Math.abs(Number(box.dataset.first) - before) < 100) return false;
      const edge = box.getBoundingClientRect();
      let [top, bottom] = [Infinity, -Infinity];
      for (const row of box.querySelectorAll('[role=row]')) {
        const place = row.getBoundingClientRect();
        if (place.bottom <= edge.top || place.top >= edge.bottom) continue;
        if (!row.querySelector('.text')?.textContent) return false;
        [top, bottom] = [Math.min(top, place.top), Math.max(bottom, place.bottom)];
      }
      return top <= edge.top + 1 && bottom >= edge.bottom - 1;
    };
    const look = () => requestAnimationFrame(() => {
      if (shows()) requestAnimationFrame(() => done([performance.now() - began, Number(box.dataset.first)]));
      else if (performance.now() - began > 10_000) done(null);
      else look();
    });
    look();";

/// Its memory and its jumps.
pub(crate) fn million(options: &Options) -> Result<Vec<Claim>> {
    let folder = options.folder()?;
    children::through_engine(&Flood::durable(EVENTS), folder.path())?;
    std::fs::rename(folder.path().join("data"), folder.path().join(NAME))?;

    let scene = Scene::of_empty()?;
    let (empty, _) = held(&scene)?;
    scene.close();

    let scene = Scene::of_app(folder.path(), &Flood::silent())?;
    scene.choose(crate::through_engine::GOAL);
    scene.tab("timeline");
    scene.page.wait_for_text("Earlier entries", SOON);
    let (story, _) = held(&scene)?;
    scene.tab("log");
    let rows = scene.page.wait("all rows", SOON * 4, |page| {
        let rows = page.run("return document.querySelector('[role=grid]')?.ariaRowCount", &[]);
        rows.as_str()?.parse::<u64>().ok().filter(|rows| *rows >= EVENTS)
    });
    let jumps = jumps(&scene, rows)?;
    let (log, parts) = held(&scene)?;
    scene.close();

    let most = story.max(log);
    let memory = Claim {
        name: "window-million",
        what: "the window's memory with 1,000,000 events open",
        value: most / empty,
        unit: "×",
        bound: goals::WINDOW_MEMORY_RATIO,
        at_least: false,
        baseline: format!("an empty Tauri window: {empty:.0} MB"),
        detail: format!(
            "PSS of all processes: {story:.0} MB with the timeline in sight, {log:.0} MB with the log after its jumps: {parts}"
        ),
    };
    let jump = Claim {
        name: "window-million",
        what: "a jump to any row of them, until its text is painted",
        value: quantile(&jumps, 1.0)?,
        unit: " ms",
        bound: goals::JUMP_MS,
        at_least: false,
        baseline: "–".to_owned(),
        detail: format!("the slowest of {JUMPS}; their median is {:.0} ms", median(&jumps)?),
    };
    Ok(vec![memory, jump])
}

/// What its processes hold together in MB, and in words each of them.
fn held(scene: &Scene) -> Result<(f64, String)> {
    let each = scene.tree()?.pss()?;
    let words: Vec<String> =
        each.iter().map(|(name, kib)| format!("{name} {:.0}", megabytes(*kib))).collect();
    Ok((megabytes(each.iter().map(|(_, kib)| kib).sum()), words.join(", ")))
}

/// How long each took, in ms.
fn jumps(scene: &Scene, rows: u64) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    for number in 1..=JUMPS {
        let part = (f64::from(number) * GOLDEN).fract();
        let found = scene.page.run_async_with(JUMP, &[Value::from(part)]);
        let took = found[0].as_f64().with_context(|| format!("no text after a jump to {part}"))?;
        let row = found[1].as_u64().context("no row after a jump")?;
        let off = (whole(row) - part * whole(rows)).abs() / whole(rows);
        ensure!(off < 0.001, "a jump to {part} of {rows} rows came to row {row}");
        times.push(took);
    }
    Ok(times)
}
