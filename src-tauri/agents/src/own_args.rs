//! The person's own arguments of an agent: none of them may take the asking away behind our back.

use mo_core::ids::AgentKind;

use crate::launch::LaunchError;

/// What takes the asking away in one CLI.
struct Bypass {
    flags: &'static [&'static str],
    /// An option's names, and the value of it that does.
    option: (&'static [&'static str], &'static str),
}

const CLAUDE: Bypass = Bypass {
    flags: &["--dangerously-skip-permissions", "--allow-dangerously-skip-permissions"],
    option: (&["--permission-mode"], "bypassPermissions"),
};
const CODEX: Bypass = Bypass {
    flags: &["--dangerously-bypass-approvals-and-sandbox", "--yolo"],
    option: (&["--sandbox", "-s"], "danger-full-access"),
};
const GEMINI: Bypass = Bypass { flags: &["--yolo", "-y"], option: (&["--approval-mode"], "yolo") };

/// Refuses arguments with which the agent would ask nobody. What the arguments of an ACP agent mean is its own affair.
///
/// # Errors
/// [`LaunchError::Unsupported`].
pub fn check(agent: &AgentKind, args: &[String]) -> Result<(), LaunchError> {
    let bypass = match agent {
        AgentKind::Claude => CLAUDE,
        AgentKind::Codex => CODEX,
        AgentKind::Gemini => GEMINI,
        AgentKind::Acp(_) => return Ok(()),
    };
    if args.iter().enumerate().any(|(at, arg)| bypass.is_asked_for(arg, args.get(at + 1))) {
        let what = "take a bypass flag from `args`; only `permission = \"bypass\"` gives it";
        return Err(LaunchError::unsupported(agent.as_str(), what));
    }
    Ok(())
}

impl Bypass {
    fn is_asked_for(&self, arg: &str, next: Option<&String>) -> bool {
        let (names, value) = self.option;
        match arg.split_once('=') {
            Some((name, given)) if names.contains(&name) => given.eq_ignore_ascii_case(value),
            Some((flag, _)) => self.flags.contains(&flag),
            None if names.contains(&arg) => next.is_some_and(|given| given.eq_ignore_ascii_case(value)),
            None => self.flags.contains(&arg),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AgentKind, check};

    #[test]
    fn the_persons_arguments_cannot_take_the_asking_away() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (agent, refused, taken) in [
            (
                AgentKind::Claude,
                [
                    "--dangerously-skip-permissions",
                    "--allow-dangerously-skip-permissions=true",
                    "--permission-mode bypassPermissions",
                    "--permission-mode=bypasspermissions",
                    "--effort high --dangerously-skip-permissions",
                ]
                .as_slice(),
                "--permission-mode acceptEdits",
            ),
            (
                AgentKind::Codex,
                &["--dangerously-bypass-approvals-and-sandbox", "--yolo", "-s danger-full-access"],
                "-c model=\"x\" -s read-only",
            ),
            (AgentKind::Gemini, &["-y", "--yolo=true", "--approval-mode=yolo"], "--approval-mode plan"),
        ] {
            for line in refused {
                let error = check(&agent, &words(line)).unwrap_err();
                assert_eq!(error.code(), "launch_unsupported", "{line}");
                assert!(
                    error.to_string().starts_with(&format!("{agent} cannot take a bypass flag")),
                    "{error}"
                );
            }
            assert_eq!(check(&agent, &words(taken)), Ok(()));
        }
        assert_eq!(check(&AgentKind::Acp("goose".into()), &words("--yolo")), Ok(()));
    }
}
