use super::{ArgvError, Flag, Takes, read};

const TABLE: &[Flag] = &[
    (&["print"], Some('p'), Takes::Nothing),
    (&["model"], Some('m'), Takes::Value),
    (&["add-dir"], None, Takes::Many),
    (&["resume"], Some('r'), Takes::Maybe),
    (&["allowedTools", "allowed-tools"], None, Takes::Many),
];

fn strings(argv: &[&str]) -> Vec<String> {
    argv.iter().map(|arg| (*arg).to_owned()).collect()
}

#[test]
fn flags_values_and_the_rest_are_told_apart() {
    let argv = strings(&["-p", "say hi", "--model=opus", "-r", "--allowed-tools", "A", "B", "--", "--free"]);
    let read = read(TABLE, &argv).unwrap();
    assert!(read.has("print") && read.has("resume"));
    assert_eq!(read.value("model"), Some("opus"));
    assert_eq!(read.value("resume"), None);
    assert_eq!(read.values("allowedTools").collect::<Vec<_>>(), ["A", "B"]);
    assert_eq!(read.free, ["say hi", "--free"]);
}

#[test]
fn a_variadic_flag_swallows_the_prompt_as_the_real_one_does() {
    let read = read(TABLE, &strings(&["--add-dir", "/a", "write it", "-p"])).unwrap();
    assert_eq!(read.values("add-dir").collect::<Vec<_>>(), ["/a", "write it"]);
    assert!(read.free.is_empty() && read.has("print"));
}

#[test]
fn what_does_not_exist_or_lacks_its_value_is_named_as_given() {
    let bad = |argv: &[&str]| read(TABLE, &strings(argv)).unwrap_err();
    assert_eq!(bad(&["--nonexistent-flag"]), ArgvError::Unknown("--nonexistent-flag".to_owned()));
    assert_eq!(bad(&["-x"]), ArgvError::Unknown("-x".to_owned()));
    assert_eq!(bad(&["--model", "-p"]), ArgvError::NoValue("--model".to_owned()));
    assert_eq!(bad(&["--add-dir"]), ArgvError::NoValue("--add-dir".to_owned()));
}
