//! Many events a second in the window, as they come: how evenly it goes on painting, and whether it shows them all.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rusqlite::Connection;
use serde_json::Value;

use super::idle::{attach, start, stop};
use super::scene::{NAME, SOON, Scene};
use crate::figures::whole;
use crate::flood::Flood;
use crate::options::Options;
use crate::report::Claim;
use crate::{goals, rig};

const GOAL: &str = "Talk without end.";
/// How often the engine is asked how far it is.
const ASK: Duration = Duration::from_secs(1);
/// The worker may be this much slower than it is asked to.
const PACE: f64 = 0.98;

/// Notes the time between each two frames, from now on.
const NOTE: &str = "
    const frames = (window.frames = { gaps: [], count: 0, last: performance.now() });
    const step = () => {
      const now = performance.now();
      frames.count += 1;
      if (now - frames.last > 34) frames.gaps.push(Math.round(now - frames.last));
      frames.last = now;
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);";

/// What the journal holds of the session.
struct Written {
    rows: u64,
    last: u64,
    messages: u64,
    /// Messages a second.
    rate: f64,
}

/// What the page noted while it showed one tab.
struct Frames {
    worst: f64,
    long: usize,
    count: u64,
}

/// The first half with the timeline in sight, the second with the log.
pub(crate) fn flood(options: &Options) -> Result<Vec<Claim>> {
    let folder = options.folder()?;
    let lines = goals::FLOOD_RATE * options.seconds;
    let scene = Scene::of_app(folder.path(), &Flood::paced(lines))?;
    let session = start(folder.path(), GOAL)?;
    scene.choose(GOAL);
    scene.page.wait_for_text("The reader takes one chunk", SOON);
    scene.page.run(NOTE, &[]);
    reach(folder.path(), &session, lines / 2, options.seconds)?;
    let timeline = frames(&scene)?;
    scene.tab("log");
    scene.page.run(NOTE, &[]);
    reach(folder.path(), &session, lines, options.seconds)?;
    let log = frames(&scene)?;
    stop(folder.path(), &session)?;

    scene.tab("log");
    let written = scene.page.wait("the last row", SOON, |page| {
        let written = written(&folder.path().join(NAME)).ok()?;
        let shown = page.run(
            "const rows = document.querySelectorAll('[role=grid] [role=row] .seq');
             return [document.querySelector('[role=grid]')?.ariaRowCount,
                     [...rows].at(-1)?.innerText.replace(/\\D/g, '')];",
            &[],
        );
        let number = |at: usize| shown[at].as_str().and_then(|text| text.parse::<u64>().ok());
        (number(0) == Some(written.rows) && number(1) == Some(written.last)).then_some(written)
    });
    ensure!(written.messages >= lines, "{} of {lines} events are in the journal", written.messages);
    scene.close();

    let claim = |what, value, unit, bound, at_least, baseline: String, detail: String| Claim {
        name: "window-flood",
        what,
        value,
        unit,
        bound,
        at_least,
        baseline,
        detail,
    };
    let told =
        |frames: &Frames| format!("{:.0} ms, {} of {} over 34 ms", frames.worst, frames.long, frames.count);
    Ok(vec![
        claim(
            "the longest time between two frames under a flood",
            timeline.worst.max(log.worst),
            " ms",
            goals::FRAME_GAP_MS,
            false,
            "–".to_owned(),
            format!("timeline: {}; log: {}", told(&timeline), told(&log)),
        ),
        claim(
            "events a second that were taken meanwhile",
            written.rate,
            "",
            whole(goals::FLOOD_RATE) * PACE,
            true,
            format!("asked for: {}", goals::FLOOD_RATE),
            format!(
                "for {} s; the window shows all {} events of the journal and the last is {}",
                options.seconds, written.rows, written.last
            ),
        ),
    ])
}

/// Waits until the session has that many events.
fn reach(data: &Path, session: &str, seq: u64, seconds: u64) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(seconds * 3) + SOON;
    rig::runtime()?.block_on(async {
        let client = attach(data).await?;
        while client.state(session).await?.seq < seq {
            ensure!(Instant::now() < end, "the session does not come to event {seq}");
            tokio::time::sleep(ASK).await;
        }
        Ok(())
    })
}

fn frames(scene: &Scene) -> Result<Frames> {
    let noted = scene.page.run("return [frames.gaps, frames.count]", &[]);
    let gaps: Vec<f64> = noted[0].as_array().context("no frames")?.iter().filter_map(Value::as_f64).collect();
    Ok(Frames {
        worst: gaps.iter().copied().fold(0.0, f64::max),
        long: gaps.len(),
        count: noted[1].as_u64().context("no frames")?,
    })
}

fn written(data: &Path) -> Result<Written> {
    let connection = Connection::open(data.join("journal.db"))?;
    let (rows, last) = connection.query_row("SELECT count(*), max(seq) FROM event", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
    })?;
    let (messages, ms) = connection.query_row(
        "SELECT count(*), max(at) - min(at) FROM event WHERE kind = 'agent_item' AND data LIKE '%\"message\"%'",
        [],
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
    )?;
    let messages = messages.unsigned_abs();
    Ok(Written {
        rows: rows.unsigned_abs(),
        last: last.unsigned_abs(),
        messages,
        rate: whole(messages) / (whole(ms.unsigned_abs()).max(1.0) / 1e3),
    })
}
