//! A scripted agent on its own, for the tests of this crate: `scripted-agent __scripted claude --script FILE -- …`.

fn main() -> std::process::ExitCode {
    if let Some(code) = mo_scripted::reexec_entry() {
        std::process::exit(code);
    }
    eprintln!(
        "usage: scripted-agent __scripted <claude|codex|gemini> --script FILE [--fast] [--pace X] -- ARGV…"
    );
    std::process::ExitCode::from(2)
}
