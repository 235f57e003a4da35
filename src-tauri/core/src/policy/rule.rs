//! The person's own rules.

use serde::{Deserialize, Serialize};

use super::ruling::Permit;
use super::shell::{self, Word};
use crate::ids::Role;

/// One rule of a person's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Entry", into = "Entry")]
pub struct Rule {
    /// What it is called where it decides.
    pub name: String,
    /// What it says.
    pub verdict: Permit,
    /// What it is about.
    pub about: About,
    /// Only in this role; every role where it is left out.
    pub role: Option<Role>,
    /// Only in this target folder, absolute; in every one where it is left out.
    pub folder: Option<String>,
    /// Why, in the person's words.
    pub why: Option<String>,
    /// Lines that it must match; `rules test` runs them.
    pub matches: Vec<String>,
    /// Lines that it must not match.
    pub not_match: Vec<String>,
}

/// What a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A program with its words, `cargo test **`: `*` stands for anything within a word, `**` at the end for any
    /// further words.
    Command(String),
    /// Reading at paths, `docs/**`: relative ones are below the target.
    Read(String),
    /// Writing at paths.
    Write(String),
    /// Reaching a host, `*.example.org`.
    Host(String),
    /// A tool of the agent's by its name, `mcp__*`.
    Tool(String),
}

impl About {
    /// Why no action is ever one of it; `None` where one can be.
    fn never_matches(&self) -> Option<&'static str> {
        match self {
            Self::Command(pattern) => {
                let words: Vec<&str> = pattern.split_whitespace().collect();
                let inner = words.iter().rev().skip(1).any(|word| *word == "**");
                if words.is_empty() || words == ["**"] {
                    Some("it names no program")
                } else if inner {
                    Some("`**` stands for further words only at the end")
                } else {
                    None
                }
            }
            Self::Read(pattern) | Self::Write(pattern) => {
                let up = pattern.split('/').any(|part| part == "..");
                (pattern.is_empty() || up).then_some("paths are absolute or below the target, without `..`")
            }
            Self::Host(pattern) | Self::Tool(pattern) => pattern.is_empty().then_some("it is empty"),
        }
    }

    /// For a person.
    pub fn in_words(&self) -> String {
        match self {
            Self::Command(pattern) => format!("command {pattern}"),
            Self::Read(pattern) => format!("reading {pattern}"),
            Self::Write(pattern) => format!("writing {pattern}"),
            Self::Host(pattern) => format!("host {pattern}"),
            Self::Tool(pattern) => format!("tool {pattern}"),
        }
    }
}

impl Rule {
    /// What it says, as people read it: `command cargo test: allowed to the implementer in /code/shop`.
    pub fn in_words(&self) -> String {
        let verdict = match self.verdict {
            Permit::Allow => "allowed",
            Permit::Ask => "asked",
            Permit::Deny => "denied",
        };
        let role = self.role.map(|role| format!(" to the {}", role.as_str())).unwrap_or_default();
        let folder = self.folder.as_ref().map(|folder| format!(" in {folder}")).unwrap_or_default();
        format!("{}: {verdict}{role}{folder}", self.about.in_words())
    }
}

/// A rule as it stands in `rules.toml`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    verdict: Option<Permit>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    read: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    write: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tool: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(default, rename = "match", skip_serializing_if = "Vec::is_empty")]
    matches: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    not_match: Vec<String>,
}

impl TryFrom<Entry> for Rule {
    type Error = String;

    fn try_from(entry: Entry) -> Result<Self, String> {
        let Entry { name, verdict, command, read, write, host, tool, role, folder, why, matches, not_match } =
            entry;
        let about: Vec<About> = [
            command.map(About::Command),
            read.map(About::Read),
            write.map(About::Write),
            host.map(About::Host),
            tool.map(About::Tool),
        ]
        .into_iter()
        .flatten()
        .collect();
        let [about] = <[About; 1]>::try_from(about).map_err(|found| {
            format!(
                "the rule `{name}` must name exactly one of command, read, write, host, tool; it names {}",
                found.len()
            )
        })?;
        let verdict = verdict.ok_or_else(|| {
            format!("the rule `{name}` has no verdict; say verdict = \"allow\", \"ask\" or \"deny\"")
        })?;
        if name.trim().is_empty() {
            return Err("a rule has no name; give it one, it is shown where the rule decides".to_owned());
        }
        if super::BUILT_IN.iter().any(|(built_in, ..)| *built_in == name) {
            return Err(format!("the rule `{name}` has the name of a built-in rule; call it something else"));
        }
        if let Some(why) = about.never_matches() {
            return Err(format!("the rule `{name}` can never match: {why}"));
        }
        if folder.as_deref().is_some_and(|folder| !folder.starts_with('/')) {
            return Err(format!("the rule `{name}` has a folder that is not absolute"));
        }
        Ok(Self { name, verdict, about, role, folder, why, matches, not_match })
    }
}

impl From<Rule> for Entry {
    fn from(rule: Rule) -> Self {
        let mut entry = Self {
            name: rule.name,
            verdict: Some(rule.verdict),
            role: rule.role,
            folder: rule.folder,
            why: rule.why,
            matches: rule.matches,
            not_match: rule.not_match,
            ..Self::default()
        };
        match rule.about {
            About::Command(pattern) => entry.command = Some(pattern),
            About::Read(pattern) => entry.read = Some(pattern),
            About::Write(pattern) => entry.write = Some(pattern),
            About::Host(pattern) => entry.host = Some(pattern),
            About::Tool(pattern) => entry.tool = Some(pattern),
        }
        entry
    }
}

impl Rule {
    /// Whether the rule holds for this role in this folder.
    pub fn holds_for(&self, role: Role, root: &str) -> bool {
        let folder = self.folder.as_deref().map(|folder| folder.trim_end_matches('/'));
        self.role.is_none_or(|only| only == role)
            && folder.is_none_or(|only| only == root.trim_end_matches('/'))
    }

    /// Whether it is about a program with these words. A word that is not known to the letter matches no rule that
    /// allows and every rule that does not: neither is waved through.
    pub fn matches_command(&self, words: &[Word]) -> bool {
        let About::Command(pattern) = &self.about else { return false };
        let mut patterns: Vec<&str> = pattern.split_whitespace().collect();
        let open_end = patterns.last() == Some(&"**");
        if open_end {
            patterns.pop();
        }
        let enough = if open_end { words.len() >= patterns.len() } else { words.len() == patterns.len() };
        let one = |(pattern, word): (&&str, &Word)| match word.fixed() {
            Some(text) => wildcard(pattern, text),
            None => self.verdict != Permit::Allow,
        };
        let rest_known = words.iter().skip(patterns.len()).all(|word| word.fixed().is_some());
        enough
            && !patterns.is_empty()
            && patterns.iter().zip(words).all(one)
            && (rest_known || self.verdict != Permit::Allow)
    }

    /// What is wrong with the first example that the rule does not do justice to, in words.
    pub fn broken_example(&self) -> Option<String> {
        let name = &self.name;
        let unmatched = self.matches.iter().find(|example| !self.matches_example(example));
        let matched = self.not_match.iter().find(|example| self.matches_example(example));
        unmatched
            .map(|example| format!("the rule `{name}` does not match its own example `{example}`"))
            .or_else(|| Some(format!("the rule `{name}` matches `{}`, which it says it does not", matched?)))
    }

    /// Whether an example, as text, is a case of it: a shell line of which one program matches, a path, a host, a tool.
    fn matches_example(&self, example: &str) -> bool {
        match &self.about {
            About::Command(_) => shell::read(example, "/home").is_ok_and(|script| {
                script.invocations.iter().any(|invocation| self.matches_command(&invocation.words))
            }),
            About::Read(_) | About::Write(_) => {
                let path =
                    if example.starts_with('/') { example.to_owned() } else { format!("/target/{example}") };
                self.matches_path(&path, matches!(self.about, About::Write(_)), "/target")
            }
            About::Host(_) => self.matches_host(example),
            About::Tool(_) => self.matches_tool(example),
        }
    }

    /// Whether it is about reading, or writing, at this resolved path.
    pub fn matches_path(&self, path: &str, writes: bool, root: &str) -> bool {
        let pattern = match &self.about {
            About::Read(pattern) if !writes => pattern,
            About::Write(pattern) if writes => pattern,
            _ => return false,
        };
        let whole = if pattern.starts_with('/') {
            pattern.clone()
        } else {
            format!("{}/{pattern}", root.trim_end_matches('/'))
        };
        path_pattern(&whole, path)
    }

    /// Whether it is about this host.
    pub fn matches_host(&self, host: &str) -> bool {
        matches!(&self.about, About::Host(pattern) if wildcard(&pattern.to_ascii_lowercase(), &host.to_ascii_lowercase()))
    }

    /// Whether it is about this tool.
    pub fn matches_tool(&self, tool: &str) -> bool {
        matches!(&self.about, About::Tool(pattern) if wildcard(pattern, tool))
    }
}

/// `*` stands for any run of characters. Linear in the text for each star, so no pattern makes it slow.
fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

/// `*` within one part of a path, `**` for any number of parts.
fn path_pattern(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    // Which lengths of the path the pattern so far can end at.
    let mut reach = vec![false; path.len() + 1];
    reach[0] = true;
    for part in pattern {
        let mut next = vec![false; path.len() + 1];
        for at in 0..=path.len() {
            if part == "**" {
                next[at] = reach[at] || (at > 0 && next[at - 1]);
            } else if at > 0 {
                next[at] = reach[at - 1] && wildcard(part, path[at - 1]);
            }
        }
        reach = next;
    }
    reach[path.len()]
}
