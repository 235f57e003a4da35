//! Gemini CLI as recorded: stream-json, the pretty object, ACP lines, or a duplex recording of the latter.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::stream::GeminiStreamDecoder;
use crate::acp;
use crate::decode::Decoder;
use crate::protocol::{Exchange, Exit, Line};
use crate::shared::json::is_blank;

/// Finds the format from the first line that says something: ACP lines have a `jsonrpc`.
#[derive(Default)]
pub(super) struct GeminiRecording {
    found: Option<Box<dyn Decoder>>,
}

/// The field that only ACP has.
#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    jsonrpc: Option<IgnoredAny>,
}

impl GeminiRecording {
    fn stream() -> Box<dyn Decoder> {
        Box::new(GeminiStreamDecoder::new())
    }
}

impl Decoder for GeminiRecording {
    fn line(&mut self, line: Line<'_>, out: &mut Exchange) {
        let bytes = match line {
            Line::Whole(bytes) => bytes,
            Line::TooLong { excerpt, .. } => excerpt,
        };
        if self.found.is_none() && is_blank(bytes) {
            return;
        }
        let decoder = self.found.get_or_insert_with(|| {
            let acp = serde_json::from_slice::<Fields>(bytes).is_ok_and(|read| read.jsonrpc.is_some());
            if acp { acp::decoder() } else { Self::stream() }
        });
        decoder.line(line, out);
    }

    fn sent(&mut self, message: &Value, out: &mut Exchange) {
        // Only ACP is a conversation.
        self.found.get_or_insert_with(acp::decoder).sent(message, out);
    }

    fn close(&mut self, exit: Exit, stderr: &[u8], out: &mut Exchange) {
        self.found.get_or_insert_with(Self::stream).close(exit, stderr, out);
    }
}
