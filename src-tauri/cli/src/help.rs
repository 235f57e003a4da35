//! The words of the help that clap does not make of the definitions.

/// The whole of `-h`: commands in groups, options, then [`AFTER`].
pub(crate) const TEMPLATE: &str = "\
{about}

Usage: orchestrate <COMMAND> [OPTIONS]

Work
  run          Put the team to work on a folder
  resume       Go on with a session that rests, also after a crash
  demo         Watch scripted agents do a whole session: no CLI, no login

Steer
  pause        Stop a session for now; it can be resumed as it was
  stop         End a session
  review       Have the work reviewed now
  message      Tell a worker something; it hears it after its turn
  approvals    List the questions that wait for you
  approve      Allow what a worker asks
  deny         Refuse what a worker asks
  grants       List what you allowed for a whole session
  revoke       Take such a permission back
  blockers     List what only you can resolve, with the steps that do
  resolve      Say that a blocker is resolved
  restore      Bring files back; what is there now is saved first
  delete       Delete a session with everything that was kept of it

Look
  status       Show sessions: state, workers, decisions, what needs you
  logs         Tell what the workers said and did, in words
  events       Print the events of a session as JSON lines
  diff         Show what a session changed
  verify       Check the receipt of a decision, without anything else

Set up
  serve        Run the sessions of other commands until Ctrl+C
  doctor       Show what is found here: agents, places, guarantees
  config       Show the settings in effect and where each comes from
  rules        Show, test and explain the rules for what agents ask
  completions  Print a completion script for a shell
  decode       Decode what an agent CLI printed, for a bug report

Everywhere
{options}{after-help}
";

/// Examples and exit codes.
pub(crate) const AFTER: &str = "\
`orchestrate <COMMAND> -h` tells more.

Examples
  orchestrate demo
  orchestrate run \"add a --version flag, with a test\" -C ~/src/tool
  orchestrate run - -C . --fix-rounds 1 --timeout 30m < goal.txt
  orchestrate status
  orchestrate diff

Exit codes
  0 done      1 our failure   2 usage, config   3 not found    4 refused, locked
  10 warned   11 paused       12 needs you      13 escalated   14 stopped
  130 SIGINT  143 SIGTERM";

/// After `run -h`.
pub(crate) const RUN: &str = "\
A first Ctrl+C stops the team gracefully, a second one at once; both end with the summary.

A team file (the implementer's work must have a reviewer):
  [[worker]]
  agent = \"claude\"
  role = \"implementer\"
  [[worker]]
  agent = \"codex\"
  role = \"reviewer\"
  [[review]]
  reviewer = \"codex\"
  subject = \"claude\"

Examples:
  orchestrate run \"fix the failing tests\" -C .
  orchestrate run - -C ~/src/tool --team pair.toml --json < goal.txt

Exit codes:
  0 done, 10 done with a warning, 11 paused, 12 blocked, 13 escalated,
  14 stopped, 130 and 143 stopped by a signal; 1 to 4 as everywhere";

/// After `rules -h`.
pub(crate) const RULES: &str = "\
Your rules stand in rules.toml beside the configuration. The strictest rule that
matches wins: deny, then ask, then allow. A rule that allows is for what no
built-in rule is about; what is known to do harm is asked all the same.

  [[rule]]
  name = \"tests\"
  verdict = \"allow\"              # allow, ask, deny
  command = \"cargo test **\"      # or read, write, host, tool
  match = [\"cargo test -p core\"]
  not_match = [\"cargo publish\"]

Examples:
  orchestrate rules explain -- \"cargo test && git push\"
  orchestrate rules explain --role reviewer -C ~/src/tool -- cat .env
  orchestrate rules test";

/// After `resume -h`.
pub(crate) const RESUME: &str = "\
Takes what is paused, blocked, stopped or crashed, and with -m also what has
finished. Returns like `run`, with the same output and exit codes.

Examples:
  orchestrate resume                   the newest session
  orchestrate resume -m \"now add a test for it\"";

/// After `restore -h`.
pub(crate) const RESTORE: &str = "\
What is there now becomes a further checkpoint, so that a restore can be undone.
Ignored files and `.git` are not touched.

Examples:
  orchestrate restore orch_20260102_030405_0a1b 0
  orchestrate restore orch_20260102_030405_0a1b 1 src/lib.rs docs";

/// After `demo -h`.
pub(crate) const DEMO: &str = "\
The scripted agents speak the real wire formats of Claude Code, Codex and
Gemini CLI; everything else is the real thing: supervision, reviews, decision
rule, journal. Afterwards `status`, `logs`, `events` and `diff` show the
session like any other.

Example:
  orchestrate demo --fast /tmp/sample";

/// After `logs -h`.
pub(crate) const LOGS: &str = "\
Examples:
  orchestrate logs                     the newest session
  orchestrate logs claude              its worker that is Claude
  orchestrate logs orch_20260102_030405_0a1b claude-implementer --follow
  orchestrate logs codex --raw | jq .  the lines of its protocol";

/// After `diff -h`.
pub(crate) const DIFF: &str = "\
Examples:
  orchestrate diff                     all that the newest session changed
  orchestrate diff --from 1 --to 2     what happened between two reviews
  orchestrate diff > changes.patch";

/// After `completions -h`.
pub(crate) const COMPLETIONS: &str = "\
Examples:
  orchestrate completions bash > ~/.local/share/bash-completion/completions/orchestrate
  orchestrate completions zsh > ~/.zfunc/_orchestrate
  orchestrate completions fish > ~/.config/fish/completions/orchestrate.fish";

/// After `decode -h`.
pub(crate) const DECODE: &str = "\
Prints each decoded event as a JSON line, then a last line {\"summary\":{events,
  malformed,unrecognised,outcome,class,session_id,usage,cost_usd}}
A duplex recording has lines {\"dir\":\"recv\",\"msg\":…} and {\"dir\":\"send\",\"msg\":…}.

Example:
  orchestrate decode codex session.jsonl --stderr session.err --exit-code 1";
