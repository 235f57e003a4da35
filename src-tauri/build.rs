//! Builds the shell's context. The page itself is built beforehand (`npm ci && npm run build` in `ui/`, which
//! `./run` and `./test` do): a build script that downloads would make an offline build impossible.
#![allow(clippy::print_stdout, reason = "a build script speaks to cargo on stdout")]

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    println!("cargo:rerun-if-changed=ui/dist");
    if !Path::new("ui/dist/index.html").is_file() {
        println!(
            "cargo::error=ui/dist is missing: run `npm ci && npm run build` in ui/ first (./run does it for you)"
        );
        return ExitCode::FAILURE;
    }
    let attributes =
        tauri_build::Attributes::new().capabilities_path_pattern("./src-tauri/capabilities/*.json");
    match tauri_build::try_build(attributes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error={}", format!("{error:#}").replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}
