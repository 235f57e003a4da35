//! Commands in blockers name the session and, where it is not the default one, the data folder. The core knows neither:
//! it writes `<session>`.

use std::path::{Path, PathBuf};

use mo_core::event::{Blocker, Event};
use mo_core::ids::SessionId;

use crate::environment::Environment;

/// What stands in the core's texts for the session.
const PLACE: &str = "<session>";

/// Fills in what the core does not know.
pub(crate) struct Naming {
    /// ` --data-dir …`, or nothing.
    options: String,
}

impl Naming {
    pub(crate) fn new(data: &Path, environment: &Environment) -> Self {
        // The XDG specification: a relative path counts as not set.
        let var = |name: &str| environment.var(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let under = var("XDG_DATA_HOME").or_else(|| Some(var("HOME")?.join(".local/share")));
        let default = under.is_some_and(|folder| folder.join("meta-orchestrator") == data);
        let options =
            if default { String::new() } else { format!(" --data-dir {}", word(&data.to_string_lossy())) };
        Self { options }
    }

    /// Completes the commands of a blocker.
    pub(crate) fn complete(&self, session: &SessionId, event: &mut Event) {
        let Event::PermissionBlocker(Blocker { required_actions, suggestions, .. }) = event else { return };
        for text in required_actions.iter_mut().chain(suggestions) {
            if text.contains(PLACE) {
                *text = text.replace(PLACE, &format!("{session}{}", self.options));
            }
        }
    }
}

/// One word of a shell's command line.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:,@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_names_the_session_and_a_data_folder_of_its_own() {
        let environment = Environment::new([("HOME".to_owned(), "/h".to_owned())], []).unwrap();
        let completed = |data: &str| {
            let mut event = Event::PermissionBlocker(Blocker {
                title: String::new(),
                details: "<session>".to_owned(),
                required_actions: vec!["orchestrate logs <session> codex".to_owned()],
                suggestions: Vec::new(),
            });
            Naming::new(Path::new(data), &environment).complete(&SessionId::new("orch_1"), &mut event);
            let Event::PermissionBlocker(blocker) = event else { panic!() };
            assert_eq!(blocker.details, "<session>", "evidence stays as it came");
            blocker.required_actions[0].clone()
        };
        assert_eq!(completed("/h/.local/share/meta-orchestrator"), "orchestrate logs orch_1 codex");
        assert_eq!(completed("/it's"), "orchestrate logs orch_1 --data-dir '/it'\\''s' codex");
    }
}
