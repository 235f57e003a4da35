//! `orchestrate verify RECEIPT`: whether a receipt is as it was written, and whether the rule leads to what it says.
//! Needs nothing but the files: no journal, no owner, no data folder.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use mo_engine::receipts::{self, Verified};

use crate::args::Verify;
use crate::context::Context;
use crate::errors::{Failure, exit};
use crate::output::paint::Tone;
use crate::output::words::{first_line, one_line};

/// The most bytes of a receipt.
const MOST: u64 = 64 << 20;

/// Checks it with those before it, which stand beside it.
pub(super) fn verify(context: &mut Context, args: &Verify) -> Result<u8, Failure> {
    let text = read(&args.receipt).map_err(|error| Failure::file(&args.receipt, &error))?;
    let beside = args.receipt.parent().unwrap_or(Path::new("")).to_owned();
    let before = |number: usize| read(&beside.join(format!("{}.json", receipts::name(number)))).ok();
    let verified = receipts::verify(&text, &before);
    let code = if verified.problems.is_empty() { exit::DONE } else { exit::FAILURE };
    if context.out.json {
        let receipt = verified.receipt.as_ref();
        let told = serde_json::json!({ "verified": {
            "file": args.receipt,
            "good": verified.problems.is_empty(),
            "session": receipt.map(|r| &r.session),
            "number": receipt.map(|r| r.number),
            "decision": receipt.map(|r| r.decision),
            "chain": verified.chain,
            "problems": verified.problems,
        }});
        context.out.json(&told)?;
    } else {
        tell(context, &args.receipt, &verified)?;
    }
    Ok(code)
}

fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MOST).read_to_string(&mut text)?;
    Ok(text)
}

fn tell(context: &mut Context, path: &Path, verified: &Verified) -> Result<(), Failure> {
    let shown = path.display().to_string();
    let (shown, paint) = (one_line(&shown), context.out.paint);
    if let Some(receipt) = &verified.receipt {
        let decision = paint.text(Tone::of_verdict(receipt.decision.as_str()), receipt.decision.as_str());
        let (session, rule) = (receipt.session.as_str(), first_line(&receipt.rule));
        context.out.line(&format!(
            "{shown}: decision {} of {}: {decision} ({rule})",
            receipt.number,
            one_line(session)
        ))?;
    }
    if verified.problems.is_empty() {
        let chain = match verified.chain {
            1 => "it is the first of its session".to_owned(),
            number => format!("so are the {} before it", number - 1),
        };
        let good = paint.text(Tone::Ok, "good");
        return context.out.line(&format!("{good}: it is as it was written, the rule leads to it, {chain}"));
    }
    let bad = paint.text(Tone::Bad, "wrong");
    verified
        .problems
        .iter()
        .try_for_each(|problem| context.out.line(&format!("{bad}: {}", one_line(problem))))
}
