//! The live view, on a real pseudo-terminal, looked at through a small terminal of our own.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use mo_core::ids::AgentKind;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use serde_json::json;

use crate::rig::Stage;

const COLUMNS: usize = 100;
const ROWS: usize = 30;

/// Understands what the live view may use, and nothing else.
#[derive(Default)]
pub(crate) struct Screen {
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

    pub(crate) fn text(&self) -> String {
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
pub(crate) fn on_a_terminal(
    stage: &Stage,
    args: &[&str],
    no_color: bool,
    mut look: impl FnMut(&str, &Screen),
) -> (String, i32) {
    at_a_terminal(stage, args, no_color, |raw, screen, _| look(raw, screen))
}

/// As [`on_a_terminal`], with somebody at its keys.
fn at_a_terminal(
    stage: &Stage,
    args: &[&str],
    no_color: bool,
    mut look: impl FnMut(&str, &Screen, &mut File),
) -> (String, i32) {
    let master: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let (columns, rows) = (u16::try_from(COLUMNS).unwrap(), u16::try_from(ROWS).unwrap());
    tcsetwinsize(&master, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let plain = stage.command(args);
    // The terminal is its own, as it is a person's.
    let mut command = Command::new("/usr/bin/setsid");
    command.arg("--ctty").arg(plain.get_program()).args(plain.get_args()).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(plain.get_current_dir().unwrap());
    command.stdin(Stdio::from(slave.try_clone().unwrap())).stdout(Stdio::from(slave)).stderr(Stdio::null());
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
        look(&String::from_utf8_lossy(&piece[..read]), &screen, &mut master);
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

/// Asks twice in its turn; a third time where the second was refused.
fn asking_team(commands: &[&str]) -> Stage {
    let approved = json!({"review": {"verdict": "approved", "summary": "fine", "findings": []}});
    let mut steps: Vec<_> = commands.iter().map(|command| json!({"run": command})).collect();
    steps.push(json!({"write": {"path": "b.txt", "content": "x\n"}}));
    steps.push(json!({"text": "Done."}));
    let plan = json!({"turns": [
        {"kind": "work", "steps": [{"text": "# Plan"}]},
        {"kind": "review", "times": 0, "steps": [approved]},
    ]});
    Stage::with_scripts([
        (AgentKind::Gemini, plan),
        (AgentKind::Claude, json!({"turns": [{"steps": steps}]})),
        (AgentKind::Codex, json!({"turns": [{"times": 0, "steps": [approved]}]})),
    ])
}

/// What is shown before keys are pressed, and the keys.
type Press = (&'static str, &'static [u8]);

#[test]
fn questions_are_answered_in_place_with_single_keys() {
    const KEYS: &str = "a allow once   s this session   e edit   d deny   ? details";
    let first = "echo first >> marks.txt; true $HOME";
    let stage = asking_team(&[
        first,
        "echo second >> marks.txt; true $HOME",
        "echo third >> marks.txt; true $HOME",
        first,
    ]);
    // Of each question: keys, and what is shown before they are pressed. The first is looked at before, and allowed for
    // the session, so that the last is not asked; the third is made as another.
    let mut plays: Vec<(&str, Vec<Press>)> = vec![
        ("echo first", vec![(KEYS, b"?"), ("s means", b"s")]),
        (
            "echo second",
            vec![
                (KEYS, b"d"),
                ("why not?", b"leave that"),
                ("leave that", b"\x7f\x7f\x7f\x7fit"),
                ("leave it", b"\r"),
            ],
        ),
        (
            "echo third",
            vec![(KEYS, b"e"), ("run instead:", b"\x15echo other >> marks.txt"), ("echo other", b"\r")],
        ),
    ];
    let (text, code) =
        at_a_terminal(&stage, &["run", "Say hello", "-C", "target"], true, |_, screen, keys| {
            let text = screen.text();
            assert!(text.matches(FOOTER).count() <= 1, "the block stands twice:\n{text}");
            assert!(
                text.matches("? claude-implementer asks").count() <= 1,
                "the question stands twice:\n{text}"
            );
            let block = text.rsplit_once("? claude-implementer asks to run").map_or("", |(_, block)| block);
            // What comes at once may be the end of one question and the whole of the next.
            if plays.first().is_some_and(|(what, pieces)| pieces.is_empty() && !block.contains(what)) {
                plays.remove(0);
            }
            let Some((what, pieces)) = plays.first_mut() else { return };
            // Keys that come together count as pasted: each waits for what the one before did.
            if block.contains(*what) && pieces.first().is_some_and(|(shown, _)| text.contains(shown)) {
                keys.write_all(pieces.remove(0).1).unwrap();
            }
        });
    assert_eq!(code, 0, "{text}");
    assert!(plays.is_empty(), "{plays:?}\n{text}");
    assert!(text.contains("s means claude-implementer may run"), "the details were not told:\n{text}");
    for part in [
        "allowed for the session (by person)",
        "denied: leave it (by person)",
        "allowed instead: run `echo other >> marks.txt` (by person)",
    ] {
        assert_eq!(text.matches(part).count(), 1, "{part}\n{text}");
    }
    assert!(!text.contains(KEYS), "the question is left:\n{text}");
    let marks = std::fs::read_to_string(stage.path("target/marks.txt")).unwrap();
    assert_eq!(marks, "first\nother\nfirst\n");
}
