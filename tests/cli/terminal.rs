//! The live view, on a real pseudo-terminal, looked at through a small terminal of our own.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::Stdio;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::rig::Stage;

const COLUMNS: usize = 100;
const ROWS: usize = 30;

/// Understands what the live view may use, and nothing else.
#[derive(Default)]
struct Screen {
    rows: Vec<Vec<char>>,
    row: usize,
    column: usize,
    pending: Vec<u8>,
}

impl Screen {
    fn feed(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        let bytes = std::mem::take(&mut self.pending);
        let whole = match std::str::from_utf8(&bytes) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        let mut text = String::from_utf8(bytes[..whole].to_vec()).unwrap();
        // A sequence that is not there whole yet waits for its rest.
        if let Some(at) = text.rfind('\u{1b}')
            && !text[at..].chars().skip(2).any(|c| c.is_ascii_alphabetic())
        {
            text.truncate(at);
        }
        self.pending = bytes[text.len()..].to_vec();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match c {
                '\r' => self.column = 0,
                '\n' => self.row += 1,
                '\u{1b}' => {
                    assert_eq!(chars.next(), Some('['), "only control sequences are used");
                    let mut number = String::new();
                    let last = loop {
                        match chars.next().unwrap() {
                            c if c.is_ascii_digit() || c == ';' => number.push(c),
                            c => break c,
                        }
                    };
                    self.control(last, number.parse().unwrap_or(1));
                }
                c if c.is_control() => panic!("{c:?} is not used"),
                c => self.put(c),
            }
        }
    }

    fn control(&mut self, last: char, number: usize) {
        match last {
            'm' => {}
            'A' => {
                // The cursor does not leave the window.
                let top = self.rows.len().saturating_sub(ROWS);
                self.row = self.row.saturating_sub(number).max(top);
            }
            'K' => self.line().truncate_at(),
            'J' => {
                self.line().truncate_at();
                let row = self.row;
                self.rows.truncate(row + 1);
            }
            other => panic!("CSI {other} is not used"),
        }
    }

    fn put(&mut self, c: char) {
        if self.column == COLUMNS {
            self.row += 1;
            self.column = 0;
        }
        let column = self.column;
        let Cursor { line, .. } = self.line();
        if line.len() <= column {
            line.resize(column + 1, ' ');
        }
        line[column] = c;
        self.column += 1;
    }

    fn line(&mut self) -> Cursor<'_> {
        if self.rows.len() <= self.row {
            self.rows.resize(self.row + 1, Vec::new());
        }
        Cursor { line: &mut self.rows[self.row], column: self.column }
    }

    fn text(&self) -> String {
        self.rows.iter().map(|row| row.iter().collect::<String>().trim_end().to_owned() + "\n").collect()
    }
}

struct Cursor<'a> {
    line: &'a mut Vec<char>,
    column: usize,
}

impl Cursor<'_> {
    fn truncate_at(self) {
        self.line.truncate(self.column);
    }
}

/// Runs on a terminal of [`COLUMNS`] by [`ROWS`] and looks at every state of it; the last one and the exit code.
fn on_a_terminal(
    stage: &Stage,
    args: &[&str],
    no_color: bool,
    mut look: impl FnMut(&str, &Screen),
) -> (String, i32) {
    let master: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let (columns, rows) = (u16::try_from(COLUMNS).unwrap(), u16::try_from(ROWS).unwrap());
    tcsetwinsize(&master, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let mut command = stage.command(args);
    command.stdout(Stdio::from(slave)).stderr(Stdio::null());
    if no_color {
        command.env("NO_COLOR", "1");
    }
    let mut child = command.spawn().unwrap();
    // The command holds the slave's only other ends: reading fails once it has gone.
    drop(command);
    let mut master = File::from(master);
    let (mut screen, mut piece) = (Screen::default(), [0; 4096]);
    while let Ok(read) = master.read(&mut piece) {
        if read == 0 {
            break;
        }
        screen.feed(&piece[..read]);
        look(&String::from_utf8_lossy(&piece[..read]), &screen);
    }
    (screen.text(), child.wait().unwrap().code().unwrap())
}

const FOOTER: &str = "Ctrl+C stops the team";

#[test]
fn the_block_is_redrawn_in_place_and_goes_at_the_end() {
    let stage = Stage::new();
    let (mut blocks, mut colours) = (0, false);
    let (text, code) = on_a_terminal(&stage, &["demo", "--fast", "sample"], false, |raw, screen| {
        let shown = screen.text().matches(FOOTER).count();
        assert!(shown <= 1, "the block stands twice:\n{}", screen.text());
        blocks += shown;
        colours |= raw.contains("\u{1b}[32m");
    });
    assert_eq!(code, 0, "{text}");
    assert!(blocks > 0, "no block was ever drawn:\n{text}");
    assert!(colours);
    assert!(!text.contains(FOOTER), "the block is left:\n{text}");
    // Every line of the story is there once, in order, and the summary after it.
    let mut from = 0;
    for part in [
        "started: Tasks",
        "the architecture begins",
        "round 2 of the implementation begins",
        "finished: all",
        "\nfinished: ",
        "spent ",
    ] {
        let at = text[from..].find(part).unwrap_or_else(|| panic!("missing {part} after {from}:\n{text}"));
        from += at + 1;
    }
    assert_eq!(text.matches("the architecture begins").count(), 1, "{text}");
    assert_eq!(text.matches("round 2 of the implementation begins").count(), 1, "{text}");
}

#[test]
fn no_color_has_none() {
    let stage = Stage::new();
    let (_, code) = on_a_terminal(&stage, &["demo", "--fast", "sample"], true, |raw, _| {
        for sequence in raw.split("\u{1b}[").skip(1) {
            let last = sequence.chars().find(|c| !c.is_ascii_digit() && *c != ';');
            assert_ne!(last, Some('m'), "a colour: {raw:?}");
        }
    });
    assert_eq!(code, 0);
}
