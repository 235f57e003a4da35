//! A network namespace with loopback alone and the scripted model in it.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context, Result, ensure};

/// The model's port. The namespace is private, so that every sandbox can use the same one.
pub const MODEL_PORT: u16 = 8123;

/// Holds the namespace open; dropping it ends the model, and with its last process the namespace.
#[derive(Debug)]
pub(crate) struct Namespace {
    holder: Child,
    /// Closed at drop, which is what ends the model.
    lifeline: Option<ChildStdin>,
}

impl Namespace {
    /// A new user and network namespace with the model listening in it.
    pub(crate) fn start(script: &Path, log: &Path) -> Result<Self> {
        let mut holder = Command::new("unshare")
            .arg("-rn")
            .arg(model_server()?)
            .args([OsStr::new("--script"), script.as_os_str(), OsStr::new("--log"), log.as_os_str()])
            .args(["--port", &MODEL_PORT.to_string(), "--bring-up-loopback"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("`unshare` (util-linux) does not run; it makes the network namespace of the tests")?;
        let lifeline = holder.stdin.take();
        let stdout = holder.stdout.take();
        let namespace = Self { holder, lifeline };
        let mut line = String::new();
        if let Some(stdout) = stdout {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        ensure!(
            line.starts_with("listening on "),
            "the scripted model did not start (unprivileged user namespaces must be allowed); it said: {line:?}"
        );
        Ok(namespace)
    }

    /// What stands before a command line so that it runs inside.
    pub(crate) fn entrance(&self) -> Vec<String> {
        let holder = self.holder.id().to_string();
        ["nsenter", "-t", &holder, "-U", "-n", "--preserve-credentials", "--"].map(str::to_owned).into()
    }

    /// A command that runs inside. `nsenter` replaces itself with it, so that the child's pid is the command's.
    pub(crate) fn command(&self, program: &OsStr) -> Command {
        let mut entrance = self.entrance().into_iter();
        let mut command = Command::new(entrance.next().unwrap_or_default());
        command.args(entrance).arg(program);
        command
    }

    /// Another model inside, at another port; it ends with its stdin.
    pub(crate) fn another_model(&self, script: &Path, log: &Path, port: u16) -> Result<Child> {
        let mut command = self.command(model_server()?.as_os_str());
        command.args([OsStr::new("--script"), script.as_os_str(), OsStr::new("--log"), log.as_os_str()]);
        let mut model = command
            .args(["--port", &port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = model.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        ensure!(line.starts_with("listening on "), "the second model did not start; it said: {line:?}");
        Ok(model)
    }

    /// Every other process that runs inside, and every one of which `owns` says by its environment that it belongs
    /// here: a CLI's own sandbox may have made a further namespace. Each as its pid and command line.
    pub(crate) fn processes(&self, owns: impl Fn(&[u8]) -> bool) -> Result<Vec<(u32, String)>> {
        let namespace = |pid: u32| fs::read_link(format!("/proc/{pid}/ns/net"));
        let here = namespace(self.holder.id())?;
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc")? {
            let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            if pid == self.holder.id() {
                continue;
            }
            // What cannot be read has ended meanwhile or is not ours.
            let inside = namespace(pid).is_ok_and(|namespace| namespace == here)
                || fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| owns(&environment));
            if inside {
                let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                found.push((pid, String::from_utf8_lossy(&line).replace('\0', " ")));
            }
        }
        Ok(found)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        // It ends by itself when its stdin closes; the kill only keeps a broken one from blocking the test.
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// The model's binary: cargo builds it for every suite of this package, one folder above the suite's own.
fn model_server() -> Result<PathBuf> {
    let suite = std::env::current_exe()?;
    let path = suite
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join("model-server"))
        .find(|path| path.is_file())
        .with_context(|| {
            format!("no model-server beside {}; run `cargo build -p mo-tests --bins`", suite.display())
        })?;
    Ok(path)
}
