//! A worker that speaks Claude Code's control protocol and then writes as fast as its pipe takes it.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, BufWriter, Write};
use std::str::FromStr;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use mo_engine::config::AgentConfig;

use crate::figures::whole;
use crate::goals::FLOOD_RATE;

/// The environment variable that makes this program a worker, and says what it writes.
pub(crate) const VARIABLE: &str = "MO_BENCH_FLOOD";
/// The length of a line, its newline included.
pub(crate) const LINE: usize = 300;
/// In the mixed flood one line in so many is durable.
pub(crate) const DURABLE_EVERY: u64 = 20;
/// How far apart the messages of a worker are that does not flood.
pub(crate) const TICK: Duration = Duration::from_millis(5);
/// What stands before the time in a tick's text, in microseconds since 1970.
pub(crate) const TICK_TEXT: &str = "tick ";
/// A prompt that has this says what is written, up to the next `|`.
pub(crate) const PROMPT: &str = "flood=";
/// How much is written at once.
const CHUNK: usize = 64 << 10;

const PROSE: &str = "The reader takes one chunk at a time and the decoder sees whole lines only; what is left of a \
                     line waits for the next chunk, so memory stays bounded however long the worker talks, and a slow \
                     journal holds back the pipe rather than the other way round. ";

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flood {
    kind: Kind,
    /// Lines, or the bytes of the one long line.
    pub(crate) amount: u64,
    /// Without the handshake, for a reader that knows no protocol.
    bare: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Whole messages, each durable.
    Durable,
    /// Pieces of messages, and one whole message in [`DURABLE_EVERY`] lines.
    Mixed,
    /// One line without a newline.
    LongLine,
    /// A message every [`TICK`] that says when it was written.
    Ticks,
    /// As durable, at [`FLOOD_RATE`].
    Paced,
    /// Nothing at all: its turn goes on until its input ends.
    Silent,
}

impl Flood {
    pub(crate) fn durable(lines: u64) -> Self {
        Self { kind: Kind::Durable, amount: lines, bare: false }
    }

    pub(crate) fn mixed(lines: u64) -> Self {
        Self { kind: Kind::Mixed, amount: lines, bare: false }
    }

    pub(crate) fn long_line(bytes: u64) -> Self {
        Self { kind: Kind::LongLine, amount: bytes, bare: false }
    }

    pub(crate) fn ticks(amount: u64) -> Self {
        Self { kind: Kind::Ticks, amount, bare: false }
    }

    pub(crate) fn paced(lines: u64) -> Self {
        Self { kind: Kind::Paced, amount: lines, bare: false }
    }

    pub(crate) fn silent() -> Self {
        Self { kind: Kind::Silent, amount: 0, bare: false }
    }

    /// The same lines without the handshake.
    pub(crate) fn without_protocol(self) -> Self {
        Self { bare: true, ..self }
    }

    /// How many durable messages an engine must deliver.
    pub(crate) fn messages(&self) -> u64 {
        match self.kind {
            Kind::Durable | Kind::Ticks | Kind::Paced => self.amount,
            Kind::Mixed => self.amount / DURABLE_EVERY,
            Kind::LongLine | Kind::Silent => 0,
        }
    }

    /// How many bytes of text the pieces of messages have, all together.
    pub(crate) fn piece_bytes(&self) -> u64 {
        if self.kind != Kind::Mixed {
            return 0;
        }
        let text = |line: &str| -> Option<u64> {
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            Some(line.pointer("/event/delta/text")?.as_str()?.len() as u64)
        };
        (self.amount - self.messages()) * text(&piece(1)).unwrap_or(0)
    }

    /// Whether the one long line must be delivered as malformed.
    pub(crate) fn is_long_line(&self) -> bool {
        self.kind == Kind::LongLine
    }

    /// Plays the worker on stdin and stdout.
    pub(crate) fn play(&self) -> Result<()> {
        let mut out = BufWriter::with_capacity(CHUNK, io::stdout().lock());
        if self.bare {
            self.lines(&mut out)?;
            return Ok(out.flush()?);
        }
        let mut input = io::stdin().lock();
        let mut line = String::new();
        while input.read_line(&mut line)? > 0 {
            let message: serde_json::Value =
                serde_json::from_str(&line).context("a line that is no JSON came in")?;
            match message["type"].as_str() {
                Some("control_request") => {
                    let answer = serde_json::json!({"type": "control_response", "response": {
                        "subtype": "success", "request_id": message["request_id"], "response": {}}});
                    writeln!(out, "{answer}")?;
                }
                Some("user") => {
                    writeln!(
                        out,
                        r#"{{"type":"system","subtype":"init","session_id":"f","model":"m","claude_code_version":"0"}}"#
                    )?;
                    let asked = line.split_once(PROMPT).and_then(|(_, asked)| asked.split('|').next());
                    let asked = asked.map_or(Ok(*self), str::parse)?;
                    if asked.kind == Kind::Silent {
                        out.flush()?;
                        io::copy(&mut input, &mut io::sink())?;
                        return Ok(());
                    }
                    asked.lines(&mut out)?;
                    writeln!(
                        out,
                        r#"{{"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"done","session_id":"f"}}"#
                    )?;
                }
                other => bail!("a message of type {other:?} came in"),
            }
            out.flush()?;
            line.clear();
        }
        Ok(())
    }

    fn lines(&self, out: &mut impl Write) -> Result<()> {
        match self.kind {
            Kind::LongLine => return long_line(self.amount, out),
            Kind::Ticks => return ticks(self.amount, out),
            Kind::Paced => return paced(self.amount, out),
            Kind::Mixed | Kind::Durable | Kind::Silent => {}
        }
        for number in 1..=self.amount {
            let line = if self.kind == Kind::Durable || number % DURABLE_EVERY == 0 {
                message(number)
            } else {
                piece(number)
            };
            ensure!(line.len() == LINE, "line {number} has {} bytes", line.len());
            out.write_all(line.as_bytes())?;
        }
        Ok(())
    }
}

/// A whole message, as Claude Code writes one.
fn message(number: u64) -> String {
    let start = format!(
        r#"{{"type":"assistant","message":{{"id":"msg_{number:09}","content":[{{"type":"text","text":""#
    );
    filled(start, r#""}]},"session_id":"f"}"#)
}

/// A piece of a message that is being written.
fn piece(number: u64) -> String {
    let start = format!(
        r#"{{"type":"stream_event","uuid":"{number:09}","session_id":"f","event":{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":""#
    );
    filled(start, r#""}}}"#)
}

fn filled(mut line: String, end: &str) -> String {
    let mut room = LINE.saturating_sub(line.len() + end.len() + 1);
    while room > 0 {
        let part = PROSE.get(..room).unwrap_or(PROSE);
        line.push_str(part);
        room -= part.len();
    }
    line.push_str(end);
    line.push('\n');
    line
}

fn long_line(bytes: u64, out: &mut impl Write) -> Result<()> {
    let start = r#"{"type":"assistant","message":{"content":[{"type":"text","text":""#;
    out.write_all(start.as_bytes())?;
    let chunk = vec![b'x'; CHUNK];
    let mut left = bytes.saturating_sub(start.len() as u64);
    while left > 0 {
        let now = left.min(CHUNK as u64);
        out.write_all(chunk.get(..usize::try_from(now)?).unwrap_or(&chunk))?;
        left -= now;
    }
    Ok(out.write_all(b"\n")?)
}

fn ticks(amount: u64, out: &mut impl Write) -> Result<()> {
    for number in 1..=amount {
        std::thread::sleep(TICK);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_micros();
        writeln!(
            out,
            r#"{{"type":"assistant","message":{{"id":"msg_{number}","content":[{{"type":"text","text":"{TICK_TEXT}{now}"}}]}},"session_id":"f"}}"#
        )?;
        out.flush()?;
    }
    Ok(())
}

/// At a steady rate, a few lines at a time as a CLI writes them.
fn paced(amount: u64, out: &mut impl Write) -> Result<()> {
    let start = Instant::now();
    let mut written = 0;
    while written < amount {
        std::thread::sleep(TICK);
        let due = whole(FLOOD_RATE) * start.elapsed().as_secs_f64();
        while written < amount && whole(written) < due {
            written += 1;
            out.write_all(message(written).as_bytes())?;
        }
        out.flush()?;
    }
    Ok(())
}

/// This program as an agent that plays a flood, unless its prompt names another.
pub(crate) fn agent(flood: &Flood) -> Result<AgentConfig> {
    let env = BTreeMap::from([(VARIABLE.to_owned(), flood.to_string())]);
    Ok(AgentConfig { path: Some(std::env::current_exe()?), env, ..AgentConfig::default() })
}

impl fmt::Display for Flood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Durable => "durable",
            Kind::Mixed => "mixed",
            Kind::LongLine => "long-line",
            Kind::Ticks => "ticks",
            Kind::Paced => "paced",
            Kind::Silent => "silent",
        };
        write!(f, "{kind}:{}{}", self.amount, if self.bare { ":bare" } else { "" })
    }
}

impl FromStr for Flood {
    type Err = anyhow::Error;

    fn from_str(word: &str) -> Result<Self> {
        let (kind, amount) = word.split_once(':').with_context(|| format!("{word:?} says no flood"))?;
        let kind = match kind {
            "durable" => Kind::Durable,
            "mixed" => Kind::Mixed,
            "long-line" => Kind::LongLine,
            "ticks" => Kind::Ticks,
            "paced" => Kind::Paced,
            "silent" => Kind::Silent,
            other => bail!("there is no flood {other:?}"),
        };
        let (amount, bare) = amount.strip_suffix(":bare").map_or((amount, false), |amount| (amount, true));
        Ok(Self { kind, amount: amount.parse()?, bare })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_json_of_the_measured_length() {
        for flood in [Flood::durable(41), Flood::mixed(41)] {
            let mut out = Vec::new();
            flood.lines(&mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            assert_eq!(text.lines().count(), 41);
            let (mut messages, mut piece_bytes) = (0, 0);
            for line in text.lines() {
                assert_eq!(line.len() + 1, LINE);
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                messages += u64::from(line["type"] == "assistant");
                piece_bytes += line["event"]["delta"]["text"].as_str().map_or(0, str::len) as u64;
            }
            assert_eq!((messages, piece_bytes), (flood.messages(), flood.piece_bytes()));
        }
    }

    #[test]
    fn the_long_line_has_its_length_and_one_newline_at_its_end() {
        let mut out = Vec::new();
        Flood::long_line(1_000_000).lines(&mut out).unwrap();
        assert_eq!(out.len(), 1_000_001);
        assert_eq!(out.iter().position(|byte| *byte == b'\n'), Some(1_000_000));
    }

    #[test]
    fn a_flood_is_read_as_it_is_written() {
        for flood in [Flood::durable(7), Flood::mixed(8).without_protocol(), Flood::paced(9), Flood::silent()]
        {
            assert_eq!(flood.to_string().parse::<Flood>().unwrap(), flood);
        }
        assert!("noise:3".parse::<Flood>().is_err());
    }
}
