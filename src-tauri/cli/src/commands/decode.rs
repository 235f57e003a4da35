//! `orchestrate decode AGENT FILE`: what a CLI printed, as events (design.md §11).

use std::fs::File;
use std::io::Read;
use std::path::Path;

use mo_agents::decode::{Decode as Decoder, Summary};
use mo_agents::protocol::Exit;
use mo_core::agent_event::Decoded;
use mo_core::ids::AgentKind;
use serde::Serialize;

use crate::args::{Decode, DecodedAgent};
use crate::context::Context;
use crate::errors::{Failure, exit};
use crate::output::Out;

/// How much is read at once.
const PIECE: usize = 64 * 1024;
/// The most of a stderr that is looked at: errors stand at its end.
const STDERR: u64 = 1 << 20;

#[derive(Serialize)]
struct Last {
    summary: Summary,
}

/// Prints the events and the summary.
pub(super) fn decode(context: &mut Context, args: &Decode) -> Result<u8, Failure> {
    let agent = match args.agent {
        DecodedAgent::Claude => AgentKind::Claude,
        DecodedAgent::Codex => AgentKind::Codex,
        DecodedAgent::Gemini => AgentKind::Gemini,
        DecodedAgent::Acp => AgentKind::Acp("acp".to_owned()),
    };
    let stderr = args.stderr.as_deref().map(tail).transpose()?.unwrap_or_default();
    let mut input: Box<dyn Read> = if args.file == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(open(&args.file)?)
    };
    let mut decoder = Decoder::new(&agent);
    let mut events = Vec::new();
    let mut piece = vec![0; PIECE];
    loop {
        let read = match input.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::file(&args.file, &error)),
        };
        decoder.feed(piece.get(..read).unwrap_or_default(), &mut events);
        print(&mut context.out, &mut events)?;
    }
    let exit = args.exit_code.map(Exit::from_number).unwrap_or_default();
    let summary = decoder.finish(exit, &stderr, &mut events);
    print(&mut context.out, &mut events)?;
    context.out.json(&Last { summary })?;
    Ok(exit::DONE)
}

fn print(out: &mut Out, events: &mut Vec<Decoded>) -> Result<(), Failure> {
    events.drain(..).try_for_each(|event| out.json(&event))
}

fn open(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| Failure::file(path, &error))
}

fn tail(path: &Path) -> Result<Vec<u8>, Failure> {
    use std::io::{Seek, SeekFrom};
    let failed = |error: std::io::Error| Failure::file(path, &error);
    let mut file = open(path)?;
    let length = file.metadata().map_err(failed)?.len();
    // A pipe has no length and no places in it.
    if length > STDERR {
        file.seek(SeekFrom::Start(length - STDERR)).map_err(failed)?;
    }
    let mut text = Vec::new();
    file.take(STDERR).read_to_end(&mut text).map_err(failed)?;
    Ok(text)
}
