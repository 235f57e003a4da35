//! A client under anything at all: bytes, a CLI's own lines in any order, and our own acts between them.

use mo_core::approval::Answer;
use mo_core::ids::RequestId;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::protocol::{Exchange, Exit, Line, Protocol, TurnPrompt};

/// One thing that happens to a client.
#[derive(Debug, Clone)]
pub(crate) enum Happens {
    Bytes(Vec<u8>),
    Line(usize, i64),
    Prompt(bool),
    Answer(u8, bool),
    Cancel,
}

pub(crate) fn anything(lines: usize) -> impl Strategy<Value = Happens> {
    prop_oneof![
        1 => proptest::collection::vec(any::<u8>(), 0..80).prop_map(Happens::Bytes),
        12 => (0..lines, 0..9_i64).prop_map(|(line, id)| Happens::Line(line, id)),
        2 => any::<bool>().prop_map(Happens::Prompt),
        2 => (0..4_u8, any::<bool>()).prop_map(|(id, allow)| Happens::Answer(id, allow)),
        1 => Just(Happens::Cancel),
    ]
}

/// What a client does when it happens; the number of prompts comes back.
pub(crate) fn live(client: &mut dyn Protocol, pool: &[Value], all: &[Happens], out: &mut Exchange) -> usize {
    let mut prompts = 0;
    client.open(out);
    for happens in all {
        match happens {
            Happens::Bytes(bytes) => client.line(Line::Whole(bytes), out),
            Happens::Line(line, id) => {
                let mut message = pool[*line].clone();
                if message.get("id").is_some() {
                    message["id"] = json!(id);
                }
                client.line(Line::Whole(message.to_string().as_bytes()), out);
            }
            Happens::Prompt(schema) => {
                prompts += 1;
                let schema = schema.then(|| json!({}));
                client.prompt(TurnPrompt { text: "p".to_owned(), schema }, out);
            }
            Happens::Answer(id, allow) => {
                let answer = if *allow { Answer::Allow } else { Answer::Deny { message: String::new() } };
                client.answer(&RequestId::new(id.to_string()), &answer, out);
            }
            Happens::Cancel => client.cancel(out),
        }
    }
    client.close(Exit::default(), b"", out);
    prompts
}

/// The CLI's lines of these recordings.
pub(crate) fn pool(recordings: &[&str]) -> Vec<Value> {
    let lines = recordings.iter().flat_map(|recording| recording.lines());
    let messages = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    messages.filter(|line| line["dir"] == "recv").map(|line| line["msg"].clone()).collect()
}
