//! What looking for secrets costs a line of 300 B that has none. Build with `--release`.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use mo_journal::Redactor;

fn main() -> Result<(), Box<dyn Error>> {
    let secrets = || (0..6).map(|n| format!("environment-secret-{n}-of-some-length"));
    let redactor = Redactor::new(secrets())?;
    let prose =
        "The disk-usage task reads src/lib.rs and writes a risk-free desk-check; npm test passes. ".repeat(4);
    let code = r#"fn main() -> Result<(), Error> {\n    let path = std::env::args().nth(1).ok_or(Error::Usage)?;\n    for line in read(&path)? { println!(\"{line}\"); }\n    Ok(())\n}\n"#.repeat(3);
    let dashes =
        "--- a/src/lib.rs +++ b/src/lib.rs ---------------------------------------- | ---- | ".repeat(4);
    let hex = "4f9d0c88b1e07a66d3c5e2f1908b7a6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f00 ".repeat(5);
    for (name, text) in [("code", code), ("prose with nine sk-", prose), ("dashes", dashes), ("hex", hex)] {
        let line = format!(r#"{{"type":"text","text":"{}"}}"#, &text[..270]);
        let rounds = 1_000_000_u32;
        let started = Instant::now();
        for _ in 0..rounds {
            black_box(redactor.redact(black_box(&line)));
        }
        println!(
            "{name}: {} B, {:.0} ns a line",
            line.len(),
            started.elapsed().as_secs_f64() * 1e9 / f64::from(rounds)
        );
    }
    Ok(())
}
