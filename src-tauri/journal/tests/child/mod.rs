//! A test that runs another test of the same binary as a process of its own, to kill it or to have it refused.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::process::Command;

use mo_core::ids::{SessionId, WorkerName};
use mo_core::record::Record;
use mo_core::time::Timestamp;

/// The test `name` of this binary as a command; its data folder is `folder`.
pub(crate) fn command(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--ignored", "--nocapture"]).env("MO_TEST_FOLDER", folder);
    command
}

/// The folder given to this child.
pub(crate) fn folder() -> PathBuf {
    std::env::var_os("MO_TEST_FOLDER").expect("only as a child").into()
}

/// The seed given, or one of the moment.
pub(crate) fn seed() -> u64 {
    let given = std::env::var("MO_SEED").ok().and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        u64::from(now.subsec_nanos()) + now.as_secs()
    })
}

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

pub(crate) fn session(number: u16) -> SessionId {
    SessionId::new(format!("orch_20261122_104207_{number:04x}"))
}

/// The one record that may have this number in this session; lengths differ, some are large.
pub(crate) fn record(session: &SessionId, seq: u64) -> Record {
    let mut random = Random(seq.wrapping_mul(31) + session.as_str().len() as u64);
    let length = if random.below(200) == 0 { 20_000 } else { random.below(600) };
    let filler = "abcdefghij".repeat(usize::try_from(length / 10).unwrap());
    Record {
        seq,
        at: Timestamp(1_800_000_000_000 + seq.cast_signed()),
        session: session.clone(),
        worker: seq.is_multiple_of(2).then(|| WorkerName::new("codex-reviewer")),
        kind: Cow::Borrowed("item_updated"),
        data: format!(r#"{{"of":"{session}","number":{seq},"text":"{filler}"}}"#),
    }
}

pub(crate) fn records(session: &SessionId, seqs: std::ops::RangeInclusive<u64>) -> Vec<Record> {
    seqs.map(|seq| record(session, seq)).collect()
}
