//! A sealed place for a test: private folders, a network namespace of its own, an environment of its own.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::agents::{Agent, agents_dir};
use crate::duplex::Duplex;
use crate::namespace::{MODEL_PORT, Namespace};

/// The folders `home`, `tmp`, `data`, `config` and a target, and the namespace with the scripted model. All of it
/// goes when this is dropped; keep it with `MO_KEEP=1` in the environment, its path is then printed.
#[derive(Debug)]
pub struct Sandbox {
    // Before `root`: the model must have ended before its folder goes.
    namespace: Namespace,
    root: TempDir,
    target: PathBuf,
}

impl Sandbox {
    /// A sandbox whose model plays `script` (see `tests/model_server/script.rs`), with an empty target.
    ///
    /// # Errors
    /// When the folders, the namespace or the model cannot be made, or the script is not valid.
    pub fn new(script: &Value) -> Result<Self> {
        Self::with_target(script, "target")
    }

    /// The same with a target folder of another name.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_target(script: &Value, name: &str) -> Result<Self> {
        let mut root = tempfile::Builder::new().prefix("mo-").tempdir()?;
        if std::env::var_os("MO_KEEP").is_some() {
            root.disable_cleanup(true);
            eprintln!("kept: {}", root.path().display());
        }
        let target = root.path().join(name);
        for folder in ["home", "tmp", "data", "config"] {
            fs::create_dir(root.path().join(folder))?;
        }
        fs::set_permissions(root.path().join("data"), fs::Permissions::from_mode(0o700))?;
        fs::create_dir(&target)?;
        // The first, because Gemini else takes its base URL for a gateway, which it cannot log in to; the second
        // is the only way to switch its usage statistics off.
        let settings = json!({
            "security": {"auth": {"selectedType": "gemini-api-key"}},
            "privacy": {"usageStatisticsEnabled": false},
        });
        fs::create_dir(root.path().join("home/.gemini"))?;
        fs::write(root.path().join("home/.gemini/settings.json"), settings.to_string())?;
        let script_file = root.path().join("model-script.json");
        fs::write(&script_file, script.to_string())?;
        let namespace = Namespace::start(&script_file, &root.path().join("model-log.jsonl"))?;
        Ok(Self { namespace, root, target })
    }

    /// The folder that holds all others.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// `HOME` inside.
    pub fn home(&self) -> PathBuf {
        self.root().join("home")
    }

    /// `TMPDIR` inside.
    pub fn tmp(&self) -> PathBuf {
        self.root().join("tmp")
    }

    /// A data folder for the orchestrator.
    pub fn data(&self) -> PathBuf {
        self.root().join("data")
    }

    /// The folder the work is done on.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Writes a file of the target, with its folders.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &str, content: &str) -> Result<()> {
        let path = self.target.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, content).with_context(|| path.display().to_string())
    }

    /// Starts the model once more, at a port where nobody listens yet; it ends when its stdin is dropped.
    ///
    /// # Errors
    /// When it does not start.
    pub fn another_model(&self, port: u16) -> Result<Child> {
        let (script, log) = (self.root().join("model-script.json"), self.root().join("model-log.jsonl"));
        self.namespace.another_model(&script, &log, port)
    }

    /// Every request the model has had, oldest first; `rule` names the rule that answered, null a refusal.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn requests(&self) -> Result<Vec<Value>> {
        let log = fs::read_to_string(self.root().join("model-log.jsonl"))?;
        log.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }

    /// What runs inside besides the model: pid and command line.
    ///
    /// # Errors
    /// When `/proc` cannot be read.
    pub fn processes(&self) -> Result<Vec<(u32, String)>> {
        let home = format!("HOME={}", self.home().display());
        self.namespace
            .processes(|environment| environment.split(|byte| *byte == 0).any(|pair| pair == home.as_bytes()))
    }

    /// The environment of everything that runs inside: no variable of the caller comes through.
    ///
    /// # Errors
    /// When the pinned CLIs or node cannot be found.
    pub fn env(&self) -> Result<BTreeMap<String, String>> {
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        let path = [
            // Empty unless a test puts something there.
            text(self.root().join("bin")),
            text(agents_dir()?.join("bin")),
            text(node_folder()?),
            "/usr/local/bin:/usr/bin:/bin".to_owned(),
        ];
        Ok([
            ("HOME", text(self.home())),
            ("TMPDIR", text(self.tmp())),
            ("PATH", path.join(":")),
            ("LANG", "C.UTF-8".to_owned()),
            ("TERM", "dumb".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into())
    }

    /// What an agent needs in its environment to talk to the model here.
    pub fn agent_env(agent: Agent) -> Vec<(&'static str, String)> {
        let url = format!("http://127.0.0.1:{MODEL_PORT}");
        match agent {
            Agent::Claude => vec![("ANTHROPIC_BASE_URL", url), ("ANTHROPIC_API_KEY", "sk-test-dummy".into())],
            Agent::Codex => vec![("MODEL_SERVER_KEY", "sk-test-dummy".into())],
            Agent::Gemini => vec![("GOOGLE_GEMINI_BASE_URL", url), ("GEMINI_API_KEY", "test-dummy".into())],
        }
    }

    /// The arguments an agent needs for the same: Codex takes its provider by `-c`.
    pub fn agent_args(agent: Agent) -> Vec<String> {
        if agent != Agent::Codex {
            return Vec::new();
        }
        let provider = format!(
            "model_providers.scripted={{name=\"scripted\",base_url=\"http://127.0.0.1:{MODEL_PORT}/v1\",wire_api=\"responses\",env_key=\"MODEL_SERVER_KEY\",request_max_retries=1,stream_max_retries=1}}"
        );
        ["-c", "model_provider=\"scripted\"", "-c", "model=\"gpt-5.5\"", "-c", &provider]
            .map(str::to_owned)
            .into()
    }

    /// Writes a config by which the orchestrator uses the pinned CLIs and the model here, followed by `more` (TOML).
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_config(&self, more: &str) -> Result<PathBuf> {
        let mut agents = toml::Table::new();
        for agent in Agent::ALL {
            let env: toml::Table = Self::agent_env(agent)
                .into_iter()
                .map(|(name, value)| (name.to_owned(), toml::Value::String(value)))
                .collect();
            let args = Self::agent_args(agent).into_iter().map(toml::Value::String).collect();
            let mut table = toml::Table::new();
            table.insert("path".into(), toml::Value::String(agent.program()?.to_string_lossy().into_owned()));
            table.insert("args".into(), toml::Value::Array(args));
            table.insert("env".into(), toml::Value::Table(env));
            agents.insert(agent.name().into(), toml::Value::Table(table));
        }
        let mut config = toml::Table::new();
        config.insert("agents".into(), toml::Value::Table(agents));
        let path = self.root().join("config/config.toml");
        fs::write(&path, format!("{config}\n{more}\n"))?;
        Ok(path)
    }

    /// What stands before a command line so that it runs inside the namespace, whoever starts it. The command is root
    /// there.
    pub fn entrance(&self) -> Vec<String> {
        self.namespace.entrance()
    }

    /// A command inside the namespace, in the target, with [`Self::env`] alone. Its pid is the program's own.
    ///
    /// # Errors
    /// As [`Self::env`].
    pub fn command(&self, program: impl AsRef<OsStr>) -> Result<Command> {
        let mut command = self.namespace.command(program.as_ref());
        command.env_clear().envs(self.env()?).current_dir(&self.target);
        Ok(command)
    }

    /// A pinned CLI alone, ready for a conversation in JSON lines, its telemetry and updates off.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn converse(&self, agent: Agent, args: &[&str]) -> Result<Duplex> {
        let mut command = self.command(agent.program()?)?;
        command.args(args).args(Self::agent_args(agent)).envs(Self::agent_env(agent));
        match agent {
            Agent::Claude => command.envs([
                ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
                ("DISABLE_TELEMETRY", "1"),
                ("DISABLE_AUTOUPDATER", "1"),
                ("DISABLE_ERROR_REPORTING", "1"),
                ("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS", "1"),
                ("CLAUDE_BASH_MAINTAIN_PROJECT_WORKING_DIR", "1"),
            ]),
            Agent::Codex => command.args([
                "-c",
                "analytics.enabled=false",
                "-c",
                "check_for_update_on_startup=false",
                "--disable",
                "plugins",
            ]),
            Agent::Gemini => command.env("GEMINI_CLI_NO_RELAUNCH", "1"),
        };
        Duplex::start(command)
    }
}

/// How a command ended.
#[derive(Debug)]
pub struct Finished {
    /// Its status.
    pub status: ExitStatus,
    /// All of its stdout.
    pub stdout: String,
    /// All of its stderr.
    pub stderr: String,
    /// From the start to the end.
    pub took: Duration,
}

/// Runs a command to its end with no stdin.
///
/// # Errors
/// When it does not start, or not end in `limit`; it is then killed.
pub fn finish(mut command: Command, limit: Duration) -> Result<Finished> {
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let status = wait(&mut child, limit)?;
    let took = begun.elapsed();
    Ok(Finished { status, stdout: stdout.recv()?, stderr: stderr.recv()?, took })
}

/// Waits for a child, without polling, for at most `limit`; then kills it.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Result<ExitStatus> {
    let pid = rustix::process::Pid::from_child(child);
    let (ended, wake) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        let late = matches!(wake.recv_timeout(limit), Err(mpsc::RecvTimeoutError::Timeout));
        if late {
            // Not reaped yet, so the pid is still the child's: `wait` below comes after this thread has decided.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        late
    });
    // Waits without reaping, so that the watchdog can never meet another process under this pid.
    rustix::process::waitid(
        rustix::process::WaitId::Pid(pid),
        rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT,
    )?;
    drop(ended);
    let late = watchdog.join().unwrap_or(false);
    let status = child.wait()?;
    if late {
        bail!("did not end in {limit:?} and was killed");
    }
    Ok(status)
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is still worth showing.
            let _ = pipe.read_to_end(&mut bytes);
        }
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

/// Where node is: Gemini's launcher needs it on PATH.
fn node_folder() -> Result<PathBuf> {
    std::env::var_os("PATH")
        .and_then(|path| std::env::split_paths(&path).find(|folder| folder.join("node").is_file()))
        .context("node is not on PATH; Gemini CLI needs it")
}
