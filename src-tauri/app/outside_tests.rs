use std::fs;

use super::*;

fn found(names: &'static [&'static str]) -> impl Fn(&str) -> Option<PathBuf> {
    move |name| {
        let bare = Path::new(name).file_name()?.to_str()?;
        names.contains(&bare).then(|| Path::new("/usr/bin").join(bare))
    }
}

#[test]
fn only_what_is_inside_the_target_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target");
    fs::create_dir_all(target.join("src")).unwrap();
    fs::write(target.join("src/a.rs"), "").unwrap();
    fs::write(folder.path().join("secret"), "").unwrap();
    std::os::unix::fs::symlink(folder.path().join("secret"), target.join("link")).unwrap();
    std::os::unix::fs::symlink("/", target.join("root")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, target.join("pipe"), rustix::fs::Mode::RWXU).unwrap();
    let real = target.canonicalize().unwrap();
    assert_eq!(inside(&target, None).unwrap(), real);
    assert_eq!(inside(&target, Some("src/a.rs")).unwrap(), real.join("src/a.rs"));
    let written = real.join("src/a.rs").display().to_string();
    assert_eq!(inside(&target, Some(&written)).unwrap(), real.join("src/a.rs"));
    for (path, code) in [
        ("../secret", "place_outside"),
        ("/etc/passwd", "place_outside"),
        ("link", "place_outside"),
        ("root/etc/passwd", "place_outside"),
        ("src/../..", "place_outside"),
        ("pipe", "place_special"),
        ("src/b.rs", "place_gone"),
        ("a\0b", "place_gone"),
    ] {
        assert_eq!(inside(&target, Some(path)).unwrap_err().code, code, "{path}");
    }
}

#[test]
fn each_editor_is_told_the_file_and_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a b.rs");
    fs::write(&file, "").unwrap();
    let shown = file.display().to_string();
    let args = |editor: &'static [&'static str], line| {
        let command = super::editor(&Tastes::default(), found(editor), &file, line).unwrap();
        assert_eq!(command.folder, folder.path());
        command.args.into_iter().map(|arg| arg.into_string().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(args(&["code"], Some(7)), ["-g".to_owned(), format!("{shown}:7")]);
    assert_eq!(args(&["zed"], Some(7)), [format!("{shown}:7")]);
    assert_eq!(args(&["gedit"], Some(7)), ["+7".to_owned(), shown.clone()]);
    assert_eq!(args(&["kate"], Some(7)), ["--line".to_owned(), "7".to_owned(), shown.clone()]);
    assert_eq!(args(&["code"], None), std::slice::from_ref(&shown));
    // A folder has no lines.
    let command = super::editor(&Tastes::default(), found(&["code"]), folder.path(), Some(7)).unwrap();
    assert_eq!((command.args, command.folder), (vec![folder.path().into()], folder.path().to_owned()));
}

#[test]
fn the_persons_choice_comes_first_where_it_has_a_window() {
    let folder = tempfile::tempdir().unwrap();
    let chosen = |editor: &str| {
        let tastes = Tastes { editor: Some(editor.to_owned()), ..Tastes::default() };
        super::editor(&tastes, found(&["code", "kate", "vi"]), folder.path(), None).map(|one| one.program)
    };
    assert_eq!(chosen("kate --block").unwrap(), Path::new("/usr/bin/kate"));
    assert_eq!(chosen("/opt/kate").unwrap(), Path::new("/usr/bin/kate"));
    assert_eq!(chosen("vi").unwrap(), Path::new("/usr/bin/code"), "it has no window of its own");
    let none = super::editor(&Tastes::default(), found(&["vi"]), folder.path(), None);
    assert_eq!(none, None);
}

#[test]
fn a_terminal_is_told_its_folder() {
    let folder = Path::new("/code/shop");
    let of = |tastes: &Tastes, there: &'static [&'static str]| terminal(tastes, found(there), folder);
    let plain = of(&Tastes::default(), &["xterm", "konsole"]).unwrap();
    assert_eq!(plain.program, Path::new("/usr/bin/konsole"));
    assert_eq!((plain.args, plain.folder.as_path()), (vec!["--workdir".into(), folder.into()], folder));
    let wished = Tastes { terminal: Some("xterm".to_owned()), ..Tastes::default() };
    let command = of(&wished, &["xterm", "konsole"]).unwrap();
    assert_eq!((command.program.as_path(), command.args.len()), (Path::new("/usr/bin/xterm"), 0));
    assert_eq!(of(&Tastes::default(), &[]), None);
}

#[tokio::test]
async fn a_missing_editor_or_terminal_is_said_with_what_helps() {
    let folder = tempfile::tempdir().unwrap();
    let refused = open_editor(Tastes::default(), folder.path().to_owned(), None).await.unwrap_err();
    assert_eq!(refused.code, "no_editor");
    assert!(refused.hint.unwrap().contains("VISUAL"));
    let refused = open_terminal(Tastes::default(), folder.path().to_owned()).await.unwrap_err();
    assert!(refused.hint.unwrap().contains(&folder.path().display().to_string()));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_program_that_fails_at_once_or_does_not_start_is_named_with_what_helps() {
    use std::os::unix::fs::PermissionsExt;
    let (tools, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let tastes = || Tastes { path: tools.path().into(), ..Tastes::default() };
    let tool = |name: &str, text: &str| {
        let path = tools.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    let refused = |result: Result<(), Refusal>| {
        let Refusal { code, message, hint } = result.unwrap_err();
        (code, message, hint.unwrap())
    };
    let target = target.path().to_owned();
    let (code, message, hint) = refused(open_folder(tastes(), target.clone()).await);
    assert!(code == "no_file_manager" && message.contains("xdg-open"), "{code}: {message}");
    assert!(hint.contains("xdg-utils") && hint.contains(target.to_str().unwrap()), "{hint}");

    // No program of the desktop's for it, as xdg-open says it; no display; an interpreter that is gone.
    tool("xdg-open", "#!/bin/sh\nexit 3\n");
    tool("code", "#!/bin/sh\nexit 1\n");
    tool("xterm", "#!/nowhere/at/all\n");
    // On a busy machine even such a one may take longer than it is watched for.
    let mut failed = open_folder(tastes(), target.clone()).await;
    while failed.is_ok() {
        failed = open_folder(tastes(), target.clone()).await;
    }
    let (code, message, hint) = refused(failed);
    assert!(code == "program_failed" && message.contains("xdg-open failed at once"), "{code}: {message}");
    assert!(hint.contains(target.to_str().unwrap()), "{hint}");
    let mut failed = open_editor(tastes(), target.clone(), None).await;
    while failed.is_ok() {
        failed = open_editor(tastes(), target.clone(), None).await;
    }
    let (code, message, _) = refused(failed);
    assert!(code == "program_failed" && message.contains("code failed at once"), "{code}: {message}");
    let (code, message, hint) = refused(open_terminal(tastes(), target.clone()).await);
    assert!(code == "program_not_started" && message.contains("xterm does not start"), "{code}: {message}");
    assert!(hint.contains("by hand"), "{hint}");

    tool("xdg-open", "#!/bin/sh\nexit 0\n");
    open_folder(tastes(), target.clone()).await.unwrap();
}
