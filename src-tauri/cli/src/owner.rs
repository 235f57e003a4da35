//! Who owns the data folder: a process to attach to, or this one from now on.

use std::path::Path;
use std::time::{Duration, Instant};

use mo_api::Owner;
use mo_api::client::{AttachError, Client, ClientError};
use mo_core::ids::SessionId;
use mo_journal::{DataDir, JournalError};

use crate::errors::{Failure, exit};
use crate::host::{self, Serves, Taken};
use mo_api::Watch;

/// How long an owner may take to start or to end before it counts as one that cannot be reached.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who owns the data folder.
pub(crate) enum Owned {
    /// Another process, which answers.
    ByAnother(Client),
    /// This one, from now on.
    Here(Taken),
}

/// The living owner; `None` when nobody owns the data folder.
pub(crate) async fn find(data: &Path) -> Result<Option<Client>, Failure> {
    let mut wait = Wait::default();
    loop {
        match attach(data).await? {
            Seen::Owner(client) => return Ok(Some(client)),
            Seen::Free => return Ok(None),
            Seen::Coming(refused) => wait.for_change(data, refused)?,
        }
    }
}

/// The living owner, else this process becomes it. Of two that try at once exactly one does, and the other attaches.
pub(crate) async fn find_or_take(data: &Path) -> Result<Owned, Failure> {
    let mut wait = Wait::default();
    loop {
        let refused = match attach(data).await? {
            Seen::Owner(client) => return Ok(Owned::ByAnother(client)),
            Seen::Coming(refused) => refused,
            Seen::Free => match host::take(data, Serves::Soon) {
                Ok(taken) => return Ok(Owned::Here(taken)),
                Err(Failure::Said(told)) if told.code == "data_folder_locked" => Failure::Said(told),
                Err(other) => return Err(other),
            },
        };
        wait.for_change(data, refused)?;
    }
}

/// Whether the process lives that `owner.json` names. Who is about to own the folder may not be named there yet; of
/// its sessions nothing runs then.
pub(crate) fn lives(data: &DataDir) -> bool {
    let owner = data.owner().ok().flatten();
    owner.and_then(|text| serde_json::from_str::<Owner>(&text).ok()).is_some_and(|owner| owner.is_alive())
}

/// Nobody runs a session any more that nobody has ended.
pub(crate) fn gone(session: &SessionId) -> Failure {
    Failure::new(
        exit::FAILURE,
        "owner_gone",
        format!("the program that ran session {session} went away"),
        format!("`orchestrate resume {session}` goes on"),
    )
}

enum Seen {
    Owner(Client),
    Free,
    /// Somebody who is just starting or ending, with what is to be said if it stays so.
    Coming(Failure),
}

async fn attach(data: &Path) -> Result<Seen, Failure> {
    let dir = match DataDir::existing(data) {
        Ok(dir) => dir,
        Err(JournalError::Missing { .. }) => return Ok(Seen::Free),
        Err(error) => return Err(error.into()),
    };
    match Client::attach(&dir).await {
        Ok(client) => Ok(Seen::Owner(client)),
        Err(error) if error.is_free() => Ok(Seen::Free),
        Err(AttachError::NotServing { pid }) => {
            let refused = JournalError::Locked { folder: data.to_owned(), pid: Some(pid) }.into();
            if never_serves(&dir) { Err(refused) } else { Ok(Seen::Coming(refused)) }
        }
        Err(AttachError::Unanswered(ClientError::Gone(_))) => {
            Ok(Seen::Coming(JournalError::Locked { folder: data.to_owned(), pid: None }.into()))
        }
        Err(error) => {
            let hint = error.hint().unwrap_or("see `orchestrate doctor`").to_owned();
            let refused = Failure::new(exit::REFUSED, error.code().to_owned(), error.to_string(), hint);
            // Its next owner may be about to write it anew.
            if matches!(error, AttachError::Unclear { .. }) {
                Ok(Seen::Coming(refused))
            } else {
                Err(refused)
            }
        }
    }
}

fn never_serves(data: &DataDir) -> bool {
    let owner = data.owner().ok().flatten().and_then(|text| serde_json::from_str::<Owner>(&text).ok());
    owner.is_some_and(|owner| owner.rest.get("serves") == Some(&false.into()))
}

/// Waits for an owner that is starting or ending, told by the system when it has written to the folder.
#[derive(Default)]
struct Wait {
    since: Option<Instant>,
    watch: Option<Watch>,
}

impl Wait {
    /// Returns when it is time for another look; with the refusal when it has taken too long.
    fn for_change(&mut self, data: &Path, refused: Failure) -> Result<(), Failure> {
        let left = PATIENCE.saturating_sub(self.since.get_or_insert_with(Instant::now).elapsed());
        if left.is_zero() {
            return Err(refused);
        }
        let unwatchable = |error| Failure::system("the data folder cannot be watched", &error);
        match &mut self.watch {
            // What happened before the watch stood is seen by the next look.
            None => self.watch = Some(Watch::new([data]).map_err(unwatchable)?),
            Some(watch) => tokio::task::block_in_place(|| watch.wait_at_most(left)).map_err(unwatchable)?,
        }
        Ok(())
    }
}

/// What the owner refused, as if this process had.
impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let exit = match &error {
            ClientError::Refused { status, body } => match (*status, body.code.as_ref()) {
                (404, _) | (_, "target_missing" | "agent_not_installed") => exit::NOT_FOUND,
                (400 | 413 | 415 | 422, _) => exit::USAGE,
                (403 | 409, _) => exit::REFUSED,
                _ => exit::FAILURE,
            },
            ClientError::Gone(_) | ClientError::Silent | ClientError::Unreadable(_) => exit::FAILURE,
        };
        let hint = error.hint().unwrap_or("`orchestrate status` shows how the sessions stand").to_owned();
        Self::new(exit, error.code().to_owned(), error.to_string(), hint)
    }
}
