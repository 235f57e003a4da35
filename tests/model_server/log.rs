//! The record of every request, one JSON line each, for tests to read.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use axum::http::{Method, Uri};
use serde_json::{Value, json};

use crate::conversation::Api;
use crate::play::Answer;

/// The log file, or nothing.
#[derive(Debug)]
pub(crate) struct Log(Option<Mutex<(File, u64)>>);

impl Log {
    /// Opens `path` for appending; without a path nothing is kept.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(crate) fn open(path: Option<&Path>) -> std::io::Result<Self> {
        let Some(path) = path else { return Ok(Self(None)) };
        let file = File::options().create(true).append(true).open(path)?;
        Ok(Self(Some(Mutex::new((file, 0)))))
    }

    /// A model request that a rule answers. `step` equals the number of the rule's steps when they have run out.
    pub(crate) fn played(&self, method: &Method, uri: &Uri, api: Api, body: &Value, answer: &Answer) {
        self.line(
            method,
            uri,
            body,
            &json!({"api": api, "rule": answer.rule, "step": answer.step, "answer": answer.steps}),
        );
    }

    /// A model request that the script has no answer for.
    pub(crate) fn refused(&self, method: &Method, uri: &Uri, api: Api, body: &Value, why: &str) {
        self.line(method, uri, body, &json!({"api": api, "rule": null, "refused": why}));
    }

    /// Anything else that the CLIs ask.
    pub(crate) fn side(&self, method: &Method, uri: &Uri, body: &Value, what: &str) {
        self.line(method, uri, body, &json!({"side": what}));
    }

    fn line(&self, method: &Method, uri: &Uri, body: &Value, more: &Value) {
        let Some(log) = &self.0 else { return };
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        log.1 += 1;
        let mut line = json!({"n": log.1, "method": method.as_str(), "path": uri.to_string()});
        if let (Some(line), Some(more)) = (line.as_object_mut(), more.as_object()) {
            line.extend(more.clone());
            line.insert("body".to_owned(), body.clone());
        }
        // One write a line, so that a reader never sees half of one.
        if let Err(error) = log.0.write_all(format!("{line}\n").as_bytes()) {
            eprintln!("model-server: cannot write the log: {error}");
        }
    }
}
