//! What a folder's `.gitignore` files ignore, whether or not it is a git repository. No global or
//! parent ignore files and no `.git/info/exclude`: the answer depends on the target alone.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The longest `.gitignore` that is used, in bytes; the longest real ones have a few thousand.
pub(crate) const MAX_RULES: u64 = 256 << 10;

/// The rules in force in one folder: its own first, then those of the folders above.
pub(crate) struct Rules {
    above: Option<Arc<Rules>>,
    /// How many bytes of a path stand before what these rules are matched against.
    strip: usize,
    matcher: Gitignore,
}

impl Rules {
    /// Adds the text of a `.gitignore` in `folder` (empty: the target). Nothing when the rules as a
    /// whole are too complicated; a single line that is no pattern is passed over, as git does.
    pub(crate) fn parse(above: Option<Arc<Rules>>, folder: &[u8], text: &[u8]) -> Option<Arc<Rules>> {
        let mut builder = GitignoreBuilder::new(".");
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        for line in text.split(|b| *b == b'\n') {
            // A pattern that is no UTF-8 then matches nothing, and its files are recorded.
            let _ = builder.add_line(None, &String::from_utf8_lossy(line));
        }
        let matcher = builder.build().ok()?;
        let strip = if folder.is_empty() { 0 } else { folder.len() + 1 };
        Some(Arc::new(Self { above, strip, matcher }))
    }

    /// Whether an entry is ignored. The folders above it are known not to be.
    pub(crate) fn ignore(&self, path: &[u8], is_folder: bool) -> bool {
        let mut rules = Some(self);
        while let Some(here) = rules {
            let rest = Path::new(OsStr::from_bytes(path.get(here.strip..).unwrap_or_default()));
            match here.matcher.matched(rest, is_folder) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => rules = here.above.as_deref(),
            }
        }
        false
    }
}
