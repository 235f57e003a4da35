//! Calls that a person has edited: what they do, and what the file system says of that.

use std::path::Path;
use std::sync::Arc;

use mo_agents::kinds::{self, EditError};
use mo_core::approval::ToolCall;
use mo_core::input::Edited;
use mo_core::policy::{Bounds, Rule};
use serde_json::Value;

use crate::{paths, survey};

/// The whole input that the edit makes, and what is known of what it does. Looks at the file system.
pub(crate) fn edited(
    call: &ToolCall,
    edit: Value,
    cwd: Option<&str>,
    bounds: &Bounds,
    rules: &Arc<[Rule]>,
) -> Result<(Value, Edited), EditError> {
    let (input, mut action) = kinds::edited(call, edit, cwd)?;
    paths::resolve_action(&mut action, Path::new(&bounds.root));
    let survey = survey::survey(&action, bounds, rules);
    Ok((input, Edited { action, survey }))
}
