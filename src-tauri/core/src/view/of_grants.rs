//! Permissions that last, as people see them: whose, what exactly, from whom, till when.

use super::of_recovery::loosened;
use super::status::GrantView;
use crate::approval::Action;
use crate::grant::{GrantedBy, Scope};
use crate::policy::{About, Rule};
use crate::state::{Given, Grants};

/// Those in force, in their order.
pub(super) fn grants(grants: &Grants) -> Vec<GrantView> {
    grants.given.iter().map(view).collect()
}

/// One of them, or of those that are over.
pub(super) fn view(given: &Given) -> GrantView {
    let grant = &given.grant;
    let (what, exactly, ends) = match &grant.scope {
        Scope::Action { action } => (action.in_words(), bound(action), END.to_owned()),
        Scope::Rule { rule } => (
            may(rule),
            format!("what the rule `{}` matches{}", rule.name, where_it_holds(rule)),
            format!("{END}; taken back, it is asked in this session, and the rule stays in your rules.toml"),
        ),
        Scope::Remedy { remedy } => (
            format!("be started {}", loosened(*remedy)),
            "the one option of its command line that says so, and nothing else".to_owned(),
            format!("{END}; taken back, what was started with it is ended"),
        ),
    };
    GrantView {
        id: grant.grant.to_string(),
        worker: grant.worker.to_string(),
        what,
        exactly,
        by: grant.by.as_str().to_owned(),
        rule: match &grant.scope {
            Scope::Rule { rule } => Some(rule.name.clone()),
            Scope::Action { .. } | Scope::Remedy { .. } => None,
        },
        given_at: given.at.to_string(),
        ends,
    }
}

const END: &str = "when the session ends";

/// What exactly a grant of this action lets through: the very same, and nothing more.
pub(super) fn bound(action: &Action) -> String {
    match action {
        Action::Command { cwd: Some(cwd), .. } => format!("exactly this command, in {cwd}"),
        Action::Command { .. } => "exactly this command".to_owned(),
        Action::Read { .. } => "exactly these places".to_owned(),
        Action::Write { .. } => "exactly these files, with any content".to_owned(),
        Action::Fetch { .. } => "exactly this address".to_owned(),
        Action::Internal { .. } | Action::Tool { .. } => "with exactly this input".to_owned(),
    }
}

/// What a rule lets a worker do; completes "it may …".
fn may(rule: &Rule) -> String {
    match &rule.about {
        About::Command(pattern) => format!("run `{pattern}`"),
        About::Read(pattern) => format!("read {pattern}"),
        About::Write(pattern) => format!("write {pattern}"),
        About::Host(pattern) => format!("reach {pattern}"),
        About::Tool(pattern) => format!("use the tool `{pattern}`"),
    }
}

fn where_it_holds(rule: &Rule) -> String {
    let works_as = rule.role.map(|role| format!(", as {}", role.as_str())).unwrap_or_default();
    let folder = rule.folder.as_ref().map(|folder| format!(", in {folder}")).unwrap_or_default();
    format!("{works_as}{folder}")
}

/// The timeline's words for a grant that nobody was asked for.
pub(super) fn words(by: GrantedBy, scope: &Scope) -> Option<String> {
    match (by, scope) {
        (GrantedBy::Rule, Scope::Rule { rule }) => {
            Some(format!("may {}, by your rule `{}`", may(rule), rule.name))
        }
        // An answer tells of its own, and a recovery of its remedy.
        _ => None,
    }
}
