//! The policy against real shells: lines are made from a seed, with every trick that the grammar knows; what the policy
//! lets through is really run, as nobody, without a network, in a folder that is thrown away, and a witness looks whether
//! anything changed, was read or ran that was not judged.
//!
//! `MO_LONG=1` runs many more lines; `MO_POLICY_SEED` and `MO_POLICY_LINES` choose which.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's own code may stop it")]

mod endings;
mod grammar;
mod ground;
mod shells;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use grammar::Dice;
use ground::Ground;
use mo_core::ceiling::Ceiling;
use mo_core::ids::Role;
use mo_core::policy::Permit;
use mo_engine::survey;
use shells::Shell;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// How many lines are made.
fn lines() -> u64 {
    let long = std::env::var_os("MO_LONG").is_some();
    number("MO_POLICY_LINES").unwrap_or(if long { 60_000 } else { 400 })
}

fn allows(line: &str, ground: &Ground) -> bool {
    let data = ground.base().join("data");
    let (role, home) = (Role::Implementer, ground.base().join("home"));
    let ruling = survey::explain(line, role, &ground.target(), Some(&home), &data, &[], Ceiling::ALL);
    ruling.verdict == Permit::Allow
}

#[test]
fn what_is_let_through_touches_nothing_that_was_not_judged() {
    let shells = Shell::found();
    assert!(shells.iter().any(|shell| shell.name == "bash"), "there is no bash here");
    let mut ground = Ground::new();
    let (mut let_through, mut wrong) = (BTreeMap::<&str, u32>::new(), String::new());
    let first = number("MO_POLICY_SEED").unwrap_or(0);
    let mut allowed = 0;
    for seed in first..first + lines() {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491);
        let (line, kind) = grammar::line(&mut dice);
        if !allows(&line, &ground) {
            continue;
        }
        allowed += 1;
        *let_through.entry(kind).or_default() += 1;
        for shell in &shells {
            let seen = shell.run(&line, &ground);
            for what in ground.settle(&seen) {
                let _ = writeln!(wrong, "seed {seed}, {}: {what}\n    {line:?}", shell.name);
            }
        }
    }
    println!("{allowed} of {} lines from seed {first} were let through: {let_through:?}", lines());
    assert!(wrong.is_empty(), "{wrong}");
    // The lines are not all asked: else nothing was tried.
    assert!(allowed * 12 > lines(), "only {allowed} of {}", lines());
}

/// The witness sees what it is there to see.
#[test]
fn the_witness_sees_each_kind_of_harm() {
    let shells = Shell::found();
    let mut ground = Ground::new();
    for (line, what) in [
        ("echo x > ../outside/new", "outside"),
        ("echo x > .git/hooks/post", "protected"),
        ("echo x >> .envrc", "protected"),
        ("echo x > out/new", "outside"),
        ("mv a.rs ../outside/", "outside"),
        ("cat ../outside/secret", "was read"),
        ("cat ~/.ssh/id_rsa", "was read"),
        ("evil now", "ran"),
        ("/bin/sh -c 'evil now'", "ran"),
    ] {
        for shell in &shells {
            let seen = shell.run(line, &ground);
            let found = ground.settle(&seen);
            assert!(found.iter().any(|one| one.contains(what)), "{line} in {}: {found:?}", shell.name);
        }
    }
    for shell in &shells {
        let seen = shell.run("sleep 3 & :", &ground);
        assert!(ground.settle(&seen).iter().any(|one| one.contains("left")), "{} {seen:?}", shell.name);
        let seen = shell.run("cat a.rs; echo x > new", &ground);
        assert_eq!(ground.settle(&seen), Vec::<String>::new(), "{}", shell.name);
    }
}
