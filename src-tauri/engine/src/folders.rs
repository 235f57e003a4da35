//! New folders for the files of an allowed write.
//!
//! A patch that Codex was allowed runs in a sandbox that may write into existing folders alone, so that a file in a new
//! one fails with "Failed to create parent directories" (0.169.0). What was allowed is to work: the folder is made when
//! the answer is given. The other agents make folders themselves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mo_core::approval::{Action, Answer, ApprovalRequest};
use mo_core::ids::{AgentKind, RequestId};

/// The folders of the writes that wait for an answer.
#[derive(Debug, Default)]
pub(crate) struct Folders {
    needed: bool,
    /// The folder that the worker works in; one that is gone is not made again.
    root: PathBuf,
    waiting: BTreeMap<RequestId, Vec<PathBuf>>,
}

impl Folders {
    pub(crate) fn of(agent: Option<&AgentKind>, root: &Path) -> Self {
        Self { needed: agent == Some(&AgentKind::Codex), root: root.to_owned(), waiting: BTreeMap::new() }
    }

    /// Notes a request whose paths are absolute and resolved.
    pub(crate) fn asked(&mut self, request: &ApprovalRequest) {
        if let (true, Action::Write { paths, .. }) = (self.needed, &request.action) {
            let folders = paths.iter().filter_map(|path| Path::new(path).parent()).map(Path::to_owned);
            self.waiting.insert(request.request.clone(), folders.collect());
        }
    }

    /// Makes them, if they may be written into. The agent itself says what then fails.
    pub(crate) fn answered(&mut self, request: &RequestId, answer: &Answer) {
        let folders = self.waiting.remove(request).unwrap_or_default();
        if *answer != Answer::Allow || !self.root.is_dir() {
            return;
        }
        for folder in folders {
            if let Err(error) = std::fs::create_dir_all(&folder) {
                tracing::warn!(folder = %folder.display(), %error, "a folder for an allowed file was not made");
            }
        }
    }

    /// Forgets what can no longer be answered.
    pub(crate) fn withdrawn(&mut self, request: &RequestId) {
        self.waiting.remove(request);
    }
}

#[cfg(test)]
mod tests {
    use mo_core::approval::AskedVia;

    use super::*;

    #[test]
    fn only_an_allowed_write_of_codex_makes_folders() {
        let root = tempfile::tempdir().unwrap();
        let made = |agent: AgentKind, answer: Answer| {
            let folder = root.path().join(format!("{agent}-{}/deep", matches!(answer, Answer::Allow)));
            let path = folder.join("file.txt").to_string_lossy().into_owned();
            let id = RequestId::new("1");
            let request = ApprovalRequest {
                request: id.clone(),
                item: None,
                via: AskedVia::Permission,
                action: Action::Write { paths: vec![path], diff: None },
                reason: None,
                call: None,
            };
            let mut folders = Folders::of(Some(&agent), root.path());
            folders.asked(&request);
            folders.answered(&id, &answer);
            folders.answered(&id, &answer);
            folder.is_dir()
        };
        assert!(made(AgentKind::Codex, Answer::Allow));
        assert!(!made(AgentKind::Codex, Answer::Deny { message: String::new() }));
        assert!(!made(AgentKind::Claude, Answer::Allow));
        std::fs::remove_dir_all(root.path()).unwrap();
        assert!(!made(AgentKind::Codex, Answer::Allow), "the folder itself is not made again");
    }
}
