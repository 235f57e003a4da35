//! The environment of a worker: an allow-list of our own, the agent's own variables, then its configuration.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mo_core::ids::AgentKind;
use mo_journal::Redactor;
use mo_journal::redact::TooManySecrets;
use tokio::sync::OnceCell;

use crate::login_shell::LoginShell;

/// Variables that every worker gets.
const COMMON: [&str; 6] = ["HOME", "USER", "PATH", "LANG", "TERM", "TMPDIR"];
/// Beginnings of variables that every worker gets.
const COMMON_STARTS: [&str; 3] = ["LC_", "XDG_", "SSL_CERT_"];
/// Ends of variables that every worker gets.
const COMMON_ENDS: [&str; 2] = ["_PROXY", "_proxy"];
/// Never handed on, wherever they come from: either switches off Claude Code's own refusal to run unconfined as root
/// (read from 2.1.330).
const PRETENDED: [&str; 2] = ["IS_SANDBOX", "CLAUDE_CODE_BUBBLEWRAP"];
/// Variables that count as secrets wherever their values turn up.
const SECRET_PARTS: [&str; 6] = ["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL"];

/// Our own environment as it was at the start, given in as data.
pub struct Environment {
    vars: BTreeMap<String, String>,
    /// Takes the secrets of this environment out of what is written.
    pub(crate) redactor: Arc<Redactor>,
    /// What the person's login shell has on its PATH, once it was asked.
    pub(crate) login: OnceCell<LoginShell>,
}

impl Environment {
    /// Takes our environment; `configured` are the values that the configuration gives to agents.
    ///
    /// # Errors
    /// When the secrets among them are too many to search for.
    pub fn new(
        vars: impl IntoIterator<Item = (String, String)>,
        configured: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, TooManySecrets> {
        let vars: BTreeMap<String, String> = vars.into_iter().collect();
        let secrets: Vec<String> = vars
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .chain(configured)
            .filter(|(name, _)| SECRET_PARTS.iter().any(|part| name.to_uppercase().contains(part)))
            .map(|(_, value)| value)
            .collect();
        let redactor = Arc::new(Redactor::new(secrets.into_iter())?);
        Ok(Self { vars, redactor, login: OnceCell::new() })
    }

    /// A variable of ours.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str)
    }

    /// The home folder, if it is known.
    pub fn home(&self) -> Option<PathBuf> {
        self.var("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
    }

    /// The whole environment of a check: what every worker gets, and nothing of any agent's.
    pub(crate) fn of_check(&self) -> Vec<(OsString, OsString)> {
        let common = self.vars.iter().filter(|(name, _)| is_common(name) && name.as_str() != "PATH");
        let path = self.path(None).map(|path| (OsString::from("PATH"), path));
        common.map(|(name, value)| (name.into(), value.into())).chain(path).collect()
    }

    /// The whole environment of a worker whose program that is.
    pub(crate) fn of_worker(
        &self,
        agent: &AgentKind,
        program: &Path,
        configured: &BTreeMap<String, String>,
        shape: &[(&'static str, &'static str)],
    ) -> Vec<(OsString, OsString)> {
        let path = self.path(Some(program));
        let mut given: BTreeMap<&str, &OsStr> = self
            .vars
            .iter()
            .filter(|(name, _)| is_common(name) || is_of_agent(agent, name))
            .map(|(name, value)| (name.as_str(), OsStr::new(value)))
            .collect();
        given.extend(path.as_deref().map(|path| ("PATH", path)));
        given.extend(shape.iter().map(|(name, value)| (*name, OsStr::new(*value))));
        given.extend(configured.iter().map(|(name, value)| (name.as_str(), OsStr::new(value))));
        for name in PRETENDED {
            given.remove(name);
        }
        given.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
    }
}

fn is_common(name: &str) -> bool {
    COMMON.contains(&name)
        || COMMON_STARTS.iter().any(|start| name.starts_with(start))
        || COMMON_ENDS.iter().any(|end| name.ends_with(end))
}

fn is_of_agent(agent: &AgentKind, name: &str) -> bool {
    let starts: &[&str] = match agent {
        AgentKind::Claude => &["ANTHROPIC_", "CLAUDE_"],
        AgentKind::Codex => &["OPENAI_", "CODEX_"],
        AgentKind::Gemini => &["GEMINI_", "GOOGLE_"],
        AgentKind::Acp(_) => &[],
    };
    starts.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_gets_the_allow_list_and_its_own_variables_alone() {
        let vars = [
            ("HOME", "/h"),
            ("PATH", "/bin"),
            ("LC_ALL", "C"),
            ("XDG_CONFIG_HOME", "/c"),
            ("https_proxy", "p"),
            ("SSL_CERT_FILE", "f"),
            ("ANTHROPIC_API_KEY", "a"),
            ("OPENAI_API_KEY", "o"),
            ("GEMINI_API_KEY", "g"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
            ("IS_SANDBOX", "1"),
            ("CLAUDE_CODE_BUBBLEWRAP", "1"),
            ("LD_PRELOAD", "x"),
            ("EDITOR", "vi"),
        ];
        let environment = Environment::new(vars.map(|(n, v)| (n.to_owned(), v.to_owned())), []).unwrap();
        let configured = ["EXTRA", "IS_SANDBOX"].map(|name| (name.to_owned(), "1".to_owned())).into();
        let given = |agent| -> Vec<String> {
            environment
                .of_worker(&agent, Path::new("/bin/agent"), &configured, &[("DISABLE_TELEMETRY", "1")])
                .into_iter()
                .map(|(name, _)| name.into_string().unwrap())
                .collect()
        };
        let common = [
            "DISABLE_TELEMETRY",
            "EXTRA",
            "HOME",
            "LC_ALL",
            "PATH",
            "SSL_CERT_FILE",
            "XDG_CONFIG_HOME",
            "https_proxy",
        ];
        let with = |own: &str| {
            let mut all: Vec<String> =
                common.iter().map(|n| (*n).to_owned()).chain([own.to_owned()]).collect();
            all.sort();
            all
        };
        assert_eq!(given(AgentKind::Claude), with("ANTHROPIC_API_KEY"));
        assert_eq!(given(AgentKind::Codex), with("OPENAI_API_KEY"));
        assert_eq!(given(AgentKind::Gemini), with("GEMINI_API_KEY"));
        assert_eq!(given(AgentKind::Acp("goose".into())).len(), common.len());
        let check: Vec<_> = environment.of_check().into_iter().map(|(name, _)| name).collect();
        assert_eq!(check, ["HOME", "LC_ALL", "SSL_CERT_FILE", "XDG_CONFIG_HOME", "https_proxy", "PATH"]);
    }
    #[test]
    fn a_path_has_no_folder_that_the_target_could_be() {
        let path = |own: &str, program: Option<&str>| {
            let vars = [("PATH".to_owned(), own.to_owned())];
            Environment::new(vars, []).unwrap().path(program.map(Path::new)).map(|p| p.into_string().unwrap())
        };
        for (own, program, expected) in [
            ("/bin:/usr/bin", None, Some("/bin:/usr/bin")),
            ("/bin:/bin", None, Some("/bin:/bin")),
            (".:/bin", None, Some("/bin")),
            ("/bin:", None, Some("/bin")),
            ("node_modules/.bin:/bin::/usr/bin", None, Some("/bin:/usr/bin")),
            (".:/bin", Some("/opt/x/agent"), Some("/bin:/opt/x")),
            (".", None, None),
        ] {
            assert_eq!(path(own, program).as_deref(), expected, "{own}");
        }
    }
}
