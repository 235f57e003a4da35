use super::{Stat, children, parse_stat, stat};

#[test]
fn a_name_with_brackets_and_blanks_does_not_mislead() {
    let text = b"42 (a) R 9 (b ) S 7 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 123456 9 9";
    assert_eq!(
        parse_stat(text),
        Some(Stat { parent: 7, worked: 5 + 6, waited_for: 7 + 8, start_time: 123_456 })
    );
    for cut in 0..text.len() - 5 {
        let _ = parse_stat(&text[..cut]);
    }
    assert_eq!(parse_stat(b"42 (x) S 1"), None);
}

#[test]
fn knows_this_process_and_its_child() {
    let me = i32::try_from(std::process::id()).unwrap();
    let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
    let pid = i32::try_from(child.id()).unwrap();
    let seen = stat(pid).unwrap();
    assert_eq!(seen.parent, me);
    assert!(seen.start_time >= stat(me).unwrap().start_time);
    let mut found = Vec::new();
    children(me, &mut found);
    assert!(found.contains(&pid), "{found:?} has {pid}");
    drop(child.stdin.take());
    child.wait().unwrap();
    assert!(stat(pid).is_err(), "a reaped process has no identity");
}
