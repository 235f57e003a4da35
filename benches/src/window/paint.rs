//! From the start of a program until there is text on the screen, read from the screen's own memory: nothing of the
//! programs that are measured takes part in it.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use mo_screen::stage::{Scheme, Stage};
use rustix::process::{Pid, Signal, kill_process_group};

use super::scene;
use crate::figures::{median, ms_since, quantile};
use crate::goals;
use crate::options::Options;
use crate::report::Claim;

/// Starts of each in a round.
const STARTS: u32 = 5;
/// How often the screen is looked at.
const LOOK: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_mins(1);
/// Every so many lines of the screen are looked at: fewer than a letter is high.
const STEP: u32 = 4;
/// So many changes between light and dark along one line of the screen are text.
const CHANGES: usize = 30;

/// Both windows alternately, each on the same screen.
pub(crate) fn paint(options: &Options) -> Result<Vec<Claim>> {
    let screen = options.folder()?;
    let arguments = [OsStr::new("-fbdir"), screen.path().as_os_str()];
    let stage = Stage::set_with(Scheme::Light, &[], &arguments);
    let frame = Frame::of(screen.path())?;
    let (app, empty) = (scene::app()?, scene::empty()?);
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for round in 0..=options.rounds * STARTS {
        let times = (start(&stage, &frame, &app)?, start(&stage, &frame, &empty)?);
        // The first one fills the caches, and makes the data folder.
        if round > 0 {
            ours.push(times.0);
            bare.push(times.1);
        }
    }
    stage.strike();
    let (ours_ms, bare_ms) = (median(&ours)?, median(&bare)?);
    Ok(vec![Claim {
        name: "window-paint",
        what: "the window's first text on the screen after its start",
        value: ours_ms / bare_ms,
        unit: "×",
        bound: goals::PAINT_RATIO,
        at_least: false,
        baseline: format!("an empty Tauri window: {bare_ms:.0} ms"),
        detail: format!(
            "{ours_ms:.0} ms, the slowest of {} starts {:.0} ms (empty: {:.0} ms)",
            ours.len(),
            quantile(&ours, 1.0)?,
            quantile(&bare, 1.0)?
        ),
    }])
}

/// Starts a program, waits for its text, ends it and waits until it has left the screen. In ms.
fn start(stage: &Stage, frame: &Frame, program: &Path) -> Result<f64> {
    frame.wait(false).context("the screen is not empty")?;
    let mut command = stage.command(program);
    command.env_remove("TAURI_WEBVIEW_AUTOMATION").process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
    let started = Instant::now();
    let child = Group(command.spawn()?);
    frame.wait(true).with_context(|| format!("{} shows no text", program.display()))?;
    let took = ms_since(started);
    drop(child);
    Ok(took)
}

/// A program and the webview's processes, ended together.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            // Fails when it has ended by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.0.wait();
    }
}

/// What the screen's server shows, as it holds it in a file of the format XWD (`XWDFile.h` of X.Org).
struct Frame {
    file: File,
    /// Where the pixels begin, and how many bytes a line has.
    begin: u64,
    line: u32,
    lines: u32,
}

impl Frame {
    fn of(folder: &Path) -> Result<Self> {
        let file = File::open(folder.join("Xvfb_screen0"))?;
        let mut header = [0; 80];
        file.read_exact_at(&mut header, 0)?;
        let field = |at: usize| -> Result<u32> {
            let bytes = header.get(at * 4..at * 4 + 4).context("a field outside of the header")?;
            Ok(u32::from_be_bytes(bytes.try_into()?))
        };
        let (size, lines, bits, line, colours) = (field(0)?, field(5)?, field(11)?, field(12)?, field(19)?);
        ensure!(bits == 32, "the screen has {bits} bits a pixel");
        // A colour of its table has 12 bytes.
        Ok(Self { file, begin: u64::from(size) + u64::from(colours) * 12, line, lines })
    }

    fn wait(&self, text: bool) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while self.has_text()? != text {
            ensure!(Instant::now() < end, "not within {PATIENCE:?}");
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    fn has_text(&self) -> Result<bool> {
        let mut line = vec![0; self.line as usize];
        for number in (0..self.lines).step_by(STEP as usize) {
            self.file.read_exact_at(&mut line, self.begin + u64::from(number) * u64::from(self.line))?;
            if is_text(&line) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether a line of pixels of four bytes goes through text. The second byte is green, which is most of the brightness.
fn is_text(line: &[u8]) -> bool {
    let green = |pixel: &[u8]| pixel.get(1).copied().unwrap_or_default();
    let (one, next) = (line.chunks_exact(4), line.chunks_exact(4).skip(1));
    one.zip(next).filter(|(one, next)| green(one).abs_diff(green(next)) > 60).count() >= CHANGES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_what_changes_often_along_a_line() {
        let plain = vec![200; 4 * 1_600];
        assert!(!is_text(&plain));
        let edges: Vec<u8> = (0..1_600).flat_map(|x| [if x % 200 < 100 { 0 } else { 255 }; 4]).collect();
        assert!(!is_text(&edges));
        let letters: Vec<u8> =
            (0..1_600).flat_map(|x| [if x < 200 && x % 5 < 2 { 20 } else { 255 }; 4]).collect();
        assert!(is_text(&letters));
    }
}
