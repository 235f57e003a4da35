//! A window manager on a stage's screen, and a person's hands there: keys, a pointer, other programs.
//!
//! It needs the Debian packages openbox and xdotool, and for [`Desktop::choose_folder`] and [`Desktop::drop_folder`] a C
//! compiler with what GTK programs are built with (libwebkit2gtk-4.1-dev brings it).

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::stage::{Group, Stage};

/// How often something is looked at again of which nothing tells.
const AGAIN: Duration = Duration::from_millis(50);

/// A window manager, and a person's hands.
pub struct Desktop<'a> {
    stage: &'a Stage,
    end: Instant,
}

impl<'a> Desktop<'a> {
    /// Starts the window manager where none runs yet. It stays as long as the stage: when one ends, the X server shows
    /// again what was just being hidden.
    pub fn start(stage: &'a Stage) -> Self {
        stage.manager.get_or_init(|| {
            let mut command = Command::new("openbox");
            let command = command.env("DISPLAY", &stage.display).env("HOME", stage.home());
            Group::start(command.stdout(Stdio::null()).stderr(Stdio::null()))
        });
        Self { stage, end: Instant::now() + Duration::from_mins(2) }
    }

    fn xdotool(&self, args: &[&str]) -> bool {
        succeeds(Command::new("xdotool").args(args).env("DISPLAY", &self.stage.display))
    }

    fn answer_of(&self, args: &[&str]) -> Option<String> {
        let done = Command::new("xdotool").args(args).env("DISPLAY", &self.stage.display).output().unwrap();
        done.status.success().then(|| String::from_utf8_lossy(&done.stdout).trim().to_owned())
    }

    fn wait<T>(&self, what: &str, look: impl Fn() -> Option<T>) -> T {
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(Instant::now() < self.end, "{what}: not in time");
            std::thread::sleep(AGAIN);
        }
    }

    /// The X window of that title that is to be seen.
    fn window(&self, title: &str) -> Option<String> {
        let found = self.answer_of(&["search", "--onlyvisible", "--name", &format!("^{title}$")])?;
        found.lines().last().map(str::to_owned)
    }

    /// Waits until the window of that title is to be seen and has the keyboard.
    fn enter(&self, title: &str) -> String {
        self.wait(&format!("the keyboard in the window {title:?}"), || {
            let window = self.window(title)?;
            self.xdotool(&["windowactivate", &window]);
            (self.answer_of(&["getactivewindow"])? == window).then_some(window)
        })
    }

    /// Waits a while for the end of a window.
    fn has_gone(&self, title: &str, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        while self.window(title).is_some() {
            if Instant::now() > end {
                return false;
            }
            std::thread::sleep(AGAIN);
        }
        true
    }

    /// Asks a window to close, by the key that a window manager has for it. A key that is pressed before the window is
    /// ready for it is lost, and nothing tells: a person would press again, too.
    pub fn close_window(&self, title: &str) {
        loop {
            self.enter(title);
            self.xdotool(&["key", "alt+F4"]);
            if self.has_gone(title, Duration::from_secs(3)) {
                return;
            }
        }
    }

    /// Presses a key in the window of that title, by X's name for it.
    pub fn press(&self, title: &str, key: &str) {
        self.enter(title);
        self.xdotool(&["key", key]);
    }

    /// Types a folder into the system's dialog of that title and takes it. The folder is taken only once the dialog's
    /// line is seen to hold it.
    pub fn choose_folder(&self, title: &str, folder: &Path) {
        let folder = folder.to_str().unwrap();
        loop {
            self.enter(title);
            // A slash opens the line for a location; what an earlier try left there is selected, and so replaced.
            self.xdotool(&["key", "ctrl+a"]);
            self.xdotool(&["type", "--delay", "20", folder]);
            self.xdotool(&["key", "ctrl+a"]);
            let typed = self.wait("what was typed", || self.selected());
            // The dialog completes what is typed.
            if typed.trim_end_matches('/') != folder {
                eprintln!("the dialog has {typed:?}");
                continue;
            }
            self.xdotool(&["key", "End"]);
            self.xdotool(&["key", "Return"]);
            if self.has_gone(title, Duration::from_secs(5)) {
                return;
            }
        }
    }

    /// What is selected on the screen.
    fn selected(&self) -> Option<String> {
        let done = self.stage.command(&hand()).arg("selected").output().unwrap();
        done.status.success().then(|| String::from_utf8_lossy(&done.stdout).trim_end_matches('\n').to_owned())
    }

    /// Drags a folder from another program's window into the middle of the one of that title. `over` is called when it
    /// is there and returns once the window shows it; then it is let go.
    pub fn drop_folder(&self, title: &str, folder: &Path, over: impl FnOnce()) {
        let mut command = self.stage.command(&hand());
        command.arg("drag").arg(format!("file://{}", folder.to_str().unwrap()));
        let mut source = Group::start(command.stdout(Stdio::piped()).stderr(Stdio::null()));
        let mut lines = BufReader::new(source.0.stdout.take().unwrap());
        until(&mut lines, "painted");
        let window = self.enter(title);
        let place = self.answer_of(&["getwindowgeometry", "--shell", &window]).expect("a geometry");
        let number = |name: &str| -> i32 {
            let line = place.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            line.expect("a number").parse().unwrap()
        };
        let (x, y) = (number("X") + number("WIDTH") / 2, number("Y") + number("HEIGHT") / 2);
        let to = |x: i32, y: i32| self.xdotool(&["mousemove", &x.to_string(), &y.to_string()]);
        to(1500, 950);
        self.xdotool(&["mousedown", "1"]);
        for step in 1..=10 {
            to(1500 - step * 4, 950 - step * 4);
        }
        until(&mut lines, "begun");
        for step in 0..=10 {
            to(x + (10 - step) * 10, y + (10 - step) * 5);
        }
        over();
        self.xdotool(&["mouseup", "1"]);
        until(&mut lines, "ended");
    }
}

/// Reads up to a word of the hand.
fn until(lines: &mut BufReader<ChildStdout>, word: &str) {
    let mut line = String::new();
    while line.trim() != word {
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "the other program ended before {word:?}");
    }
}

/// The program of `gtk_hand.c`, made once.
fn hand() -> PathBuf {
    static HAND: OnceLock<TempDir> = OnceLock::new();
    let folder = HAND.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/gtk_hand.c");
        let line = "cc -O1 -Wall -Wextra -o \"$2\" \"$1\" $(pkg-config --cflags --libs gtk+-3.0)";
        let made =
            Command::new("sh").args(["-c", line, "sh", source]).arg(folder.path().join("hand")).output();
        let made = made.unwrap();
        assert!(made.status.success(), "{source}: {}", String::from_utf8_lossy(&made.stderr));
        folder
    });
    folder.path().join("hand")
}

pub(crate) fn succeeds(command: &mut Command) -> bool {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.unwrap_or_else(|error| panic!("{name}: {error}; is its Debian package installed?")).success()
}
