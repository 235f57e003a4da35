//! Running a line in a real shell: as nobody, without a network, in a world of processes of its own.

use std::process::{Command, Stdio};

use crate::ground::{Ground, NOBODY};

/// A shell that is installed here.
pub(crate) struct Shell {
    pub(crate) name: &'static str,
    /// Its options before the line.
    options: &'static [&'static str],
}

/// What was seen of a run.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Its output, both streams.
    pub(crate) said: String,
    /// Processes that it left.
    pub(crate) left: usize,
}

/// The first process of the line's world: runs the shell, then counts who else is there and does not go in a
/// second. No file grows beyond a mebibyte: `tee -a b < b` has no end. Who is dead and was not asked after is not there.
const FIRST: &str = "ulimit -f 2048; \"$@\" </dev/null; \
    for try in 1 2 3 4 5 6 7 8 9 10; do \
        left=0; for one in /proc/[0-9]*; do [ \"$one\" = /proc/1 ] || ! grep -q '^State:.[^Z]' \"$one/status\" 2>/dev/null || left=$((left + 1)); done; \
        [ $left -le 1 ] && break; sleep 0.1; \
    done; printf '\\nLEFT %s\\n' \"$left\"";

impl Shell {
    pub(crate) fn found() -> Vec<Self> {
        // `sh` is reached by `sh -c` within a line; no agent gives its lines to it.
        let all: [(&str, &[&str]); 2] = [("bash", &["--norc", "-c"]), ("zsh", &["-f", "-c"])];
        let has =
            |name: &str| ["/usr/bin", "/bin"].iter().any(|at| std::path::Path::new(at).join(name).exists());
        let found = all.into_iter().filter(|(name, _)| has(name));
        found.map(|(name, options)| Self { name, options }).collect()
    }

    /// Runs the line in the target.
    pub(crate) fn run(&self, line: &str, ground: &Ground) -> Seen {
        let base = ground.base();
        let mut command = Command::new("unshare");
        if rustix::process::geteuid().is_root() {
            let nobody = NOBODY.to_string();
            command.args(["--net", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc", "setpriv"]);
            command.args(["--reuid", &nobody, "--regid", &nobody, "--clear-groups", "--no-new-privs", "--"]);
        } else {
            command.args([
                "--map-root-user",
                "--net",
                "--ipc",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
            ]);
        }
        command.args(["timeout", "-k", "1", "10", "/bin/sh", "-c", FIRST, "first", self.name]);
        command.args(self.options).arg(line);
        let path = format!("{}/bin:/usr/bin:/bin", base.display());
        command.env_clear().env("PATH", path).env("HOME", base.join("home")).env("LANG", "C.UTF-8");
        command.env("PWD", ground.target()).current_dir(ground.target()).stdin(Stdio::null());
        let done = command.output().unwrap();
        let said =
            String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        let told = said
            .rsplit_once("\nLEFT ")
            .and_then(|(_, rest)| rest.lines().next()?.trim().parse::<usize>().ok());
        // `timeout` is the first process, and the counting shell the second. Who is still at it when the time is over,
        // such as `tail -f`, was ended with all its processes.
        let left = told.map_or(0, |all| all.saturating_sub(1));
        Seen { said, left }
    }
}
