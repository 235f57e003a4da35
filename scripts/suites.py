"""What ./test consists of: the suites in their order, what belongs to each, and how long each may take."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Suite:
    """One line of the table at the end."""

    name: str
    what: str
    # How long it may take on a warm machine with two cores, in seconds. Over it is a warning, not a failure.
    budget: int
    # Commands to run one after the other, each one check; empty for a suite of test programs.
    commands: tuple = ()
    # Which test programs: pairs of package and target name; None is every target of the package.
    programs: tuple = ()
    # How often they run, one time after the other, each in its normal length.
    times: int = 1
    # How many of its tests run side by side, where they mostly wait; as many as there are cores if 0.
    lanes: int = 0


CHECKS = [
    Suite("format", "rustfmt", 10, (("cargo", "fmt", "--all", "--check"),)),
    Suite("sizes", "no source file over 500 lines", 5, (
        ("scripts/check-file-sizes", "--self-test"),
        ("scripts/check-file-sizes",),
    )),
    Suite("rules", "who may depend on whom, who may spawn, who may reach out", 10, (
        ("scripts/check-dependencies", "--self-test"),
        ("scripts/check-dependencies",),
    )),
    Suite("docs", "the documents agree with the sources", 5, (
        ("scripts/check-docs", "--self-test"),
        ("scripts/check-docs",),
    )),
    Suite("scripts", "run and test on machines that lack things", 10, (("scripts/check-scripts",),)),
    Suite("deny", "licences, banned crates, sources", 15, (
        ("scripts/cargo-deny", "--locked", "check", "bans", "licenses", "sources"),
        # The fuzz targets are a workspace of their own, built with --long only: their lock file must not fall behind.
        ("cargo", "fetch", "--locked", "--quiet", "--manifest-path", "fuzz/Cargo.toml"),
    )),
    Suite("ui", "the page: types, tests", 30, (
        ("npm", "--prefix", "ui", "run", "--silent", "check"),
        ("npm", "--prefix", "ui", "run", "--silent", "test", "--", "--reporter=default", "--reporter=json",
         "--outputFile.json={logs}/vitest.json"),
    )),
    Suite("clippy", "clippy, warnings are errors", 60, (
        ("cargo", "clippy", "--locked", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"),
    )),
]

# With --long, or when named.
LONG = [
    Suite("package", "the packages, on a fresh Debian in a folder", 1800, (("scripts/check-package",),)),
    Suite("fuzz", "the decoders under libFuzzer, a minute each", 600, (("fuzz/run", "60"),)),
]

# One build for all test programs: another selection of packages would unify features differently and compile much of
# the tree a second time.
BUILD = ("cargo", "build", "--locked", "--workspace", "--all-targets", "--message-format=json-render-diagnostics")
BUILD_BUDGET = 90
# All of it, warm.
WHOLE_BUDGET = 1200

TESTS = [
    Suite("core", "the rules", 20, programs=(("mo-core", None),)),
    Suite("agents", "command lines, decoders, 207 recorded runs", 30, programs=(("mo-agents", None),)),
    Suite("journal", "durable events, killed writers, full disks", 50, programs=(("mo-journal", None),)),
    Suite("process", "real child processes", 30, programs=(("mo-process", None),)),
    Suite("checkpoint", "snapshots of folders", 30, programs=(("mo-checkpoint", None),)),
    Suite("engine", "dispatcher, configuration, paths", 10, programs=(("mo-engine", None),)),
    Suite("api", "HTTP and events on the owner's socket", 30, programs=(("mo-api", None),)),
    Suite("scripted", "scripted agents against the real protocols' clients", 20, programs=(("mo-scripted", None),)),
    Suite("rig", "the tests' own tools: scripted model, sandbox", 15, programs=(
        ("mo-tests", "mo_tests"), ("mo-tests", "model-server"), ("mo-tests", "actor"),
        ("mo-tests", "model_server_http"), ("mo-tests", "rig"), ("mo-screen", None),
    )),
    Suite("bench", "the measures' own parts", 5, programs=(("mo-bench", None), ("mo-empty-window", None))),
    Suite("session", "whole sessions with scripted agents", 60, programs=(("mo-tests", "session"),)),
    Suite("cli", "the command orchestrate, end to end", 120, programs=(("orchestrate", None), ("mo-tests", "cli"))),
    Suite("policy", "what the policy lets through, run in real shells under a witness", 60, programs=(
        ("mo-tests", "policy"),
    )),
    Suite("faults", "agents, workers and owners that break", 90, programs=(("mo-tests", "faults"),)),
    Suite("app", "the desktop shell", 10, programs=(("meta-orchestrator", None),)),
    Suite("real-agents", "the pinned real CLIs against a scripted model", 300, programs=(
        ("mo-tests", "real_agents_wire"), ("mo-tests", "real_agents"),
    )),
    Suite("window", "the real window, driven", 120, programs=(("mo-tests", "window"),), lanes=3),
]

# With --long, or when named: suites again, as often as it takes to call them reliable.
AGAIN = [
    Suite("window-all", "the window's whole suite, three times", 500, programs=(("mo-tests", "window"),), times=3,
          lanes=3),
]
