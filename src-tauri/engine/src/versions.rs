//! Whether an agent's version is one that this program knows. Others work as they can, and it is said.

use mo_core::ids::AgentKind;

/// The version on which everything about an agent was measured. A newer one is no cause for a warning: what it says
/// anew is counted and shown.
fn measured(agent: &AgentKind) -> Option<&'static str> {
    match agent {
        AgentKind::Claude => Some("2.1.330"),
        AgentKind::Codex => Some("0.169.0"),
        AgentKind::Gemini => Some("0.61.0"),
        AgentKind::Acp(_) => None,
    }
}

/// What a person should know of the version that an agent says it is.
pub fn doubt(agent: &AgentKind, said: Option<&str>) -> Option<String> {
    let measured = measured(agent)?;
    match (said, said.and_then(parse)) {
        (_, Some(version)) if Some(version) >= parse(measured) => None,
        (Some(said), Some(_)) => Some(format!(
            "{agent} says it is {said}; everything here was measured with {measured}, and an older one may say and do \
             things differently: update it"
        )),
        (Some(said), None) => Some(format!(
            "the version of {agent} is not known (it says `{said}`); everything here was measured with {measured}"
        )),
        (None, _) => {
            Some(format!("{agent} does not say its version; everything here was measured with {measured}"))
        }
    }
}

/// The first `1.2` or `1.2.3` of a text.
fn parse(text: &str) -> Option<[u64; 3]> {
    let words = text.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    words.filter(|word| word.contains('.')).find_map(|word| {
        let mut parts = word.split('.').map(str::parse::<u64>);
        let (major, minor) = (parts.next()?.ok()?, parts.next()?.ok()?);
        Some([major, minor, parts.next().and_then(Result::ok).unwrap_or(0)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_older_and_unknown_versions_are_doubted() {
        for (agent, said) in [
            (AgentKind::Claude, "2.1.330 (Claude Code)"),
            (AgentKind::Claude, "2.2.0 (Claude Code)"),
            (AgentKind::Codex, "codex-cli 0.169.0"),
            (AgentKind::Codex, "codex-cli 1.0.0-alpha.3"),
            (AgentKind::Gemini, "0.61.0"),
            (AgentKind::Gemini, "v0.100.2"),
            (AgentKind::Acp("goose".into()), "whatever"),
        ] {
            assert_eq!(doubt(&agent, Some(said)), None, "{agent} {said}");
        }
        for (agent, said, part) in [
            (AgentKind::Claude, Some("1.0.3 (Claude Code)"), "2.1.330, and an older one"),
            (AgentKind::Codex, Some("codex-cli 0.9.12"), "codex says it is codex-cli 0.9.12"),
            (AgentKind::Gemini, Some("0.60"), "an older one"),
            (AgentKind::Gemini, Some("nightly"), "is not known (it says `nightly`)"),
            (AgentKind::Gemini, Some("99999999999999999999.1"), "is not known"),
            (AgentKind::Claude, None, "does not say its version"),
        ] {
            let doubt = doubt(&agent, said).unwrap();
            assert!(doubt.contains(part), "{doubt}");
        }
        assert_eq!(doubt(&AgentKind::Acp("goose".into()), None), None);
    }
}
