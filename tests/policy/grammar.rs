//! Shell lines from a seed: ordinary work, and the tricks by which a line says one thing and does another.

/// A small generator; the seed is the whole line.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    pub(crate) fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.roll(all.len())]
    }

    pub(crate) fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }
}

/// Places that may be read and written.
const INSIDE: [&str; 14] = [
    "a.rs", "b", "sub/c", "sub/d.rs", "sub", ".", "in/c", "new", "sub/new", "./a.rs", "sub/../b", "in",
    "\"a b\"", "a\\ b",
];
/// Places that may not, or that lead to such.
const BEYOND: [&str; 30] = [
    "../outside/secret",
    "out/secret",
    "out/new",
    "out",
    "dangling",
    "~/notes",
    "~/.ssh/id_rsa",
    "$HOME/notes",
    ".git/config",
    ".git/hooks/x",
    "hooks/x",
    ".envrc",
    ".ENVRC",
    "/proc/self/root/etc/hostname",
    "/proc/self/cwd/../outside/secret",
    "in/../../outside/secret",
    "sub/lent",
    "sub/*",
    "out/*",
    "*",
    "?rs",
    "{a.rs,../outside/secret}",
    "/dev/tcp/x/1",
    "..",
    "../p/../outside/secret",
    "~+/../outside/secret",
    ".vscode/tasks.json",
    ".gi*/hooks/x",
    "out/../data/journal.db",
    "s?b/lent",
];
const READERS: [&str; 22] = [
    "cat",
    "head",
    "tail",
    "wc",
    "ls",
    "grep fn",
    "grep -r fn",
    "sort",
    "uniq",
    "diff a.rs",
    "stat",
    "nl",
    "tac",
    "cut -c1-3",
    "od",
    "find",
    "file",
    "sed -n 1p",
    "sed s/fn/gn/",
    "md5sum",
    "du",
    "cmp a.rs",
];
const WRITERS: [&str; 10] =
    ["touch", "mkdir", "mkdir -p", "tee", "tee -a", "cp a.rs", "cp -r sub", "mv b", "mv sub/c", "cp -R in"];
/// Options that do more than their program's name says.
const OPTIONS: [&str; 34] = [
    "-n1",
    "-o",
    "-onew",
    "--output=new",
    "--output",
    "-exec evil {} ;",
    "-exec evil {} \\;",
    "-delete",
    "-fprint new",
    "-ok evil \\;",
    "-i",
    "-ni",
    "-e 'w new'",
    "-n '1e evil'",
    "s/f/evil/e",
    "--files0-from=b",
    "-t out",
    "--target-directory=out",
    "-tout",
    "-f",
    "-l",
    "-S",
    "-b",
    "--backup=simple",
    "--in-place",
    "--in-pl",
    "-T",
    "--compress-program=evil",
    "-r",
    "-L",
    "--",
    "-s",
    "-P",
    "--parents",
];
const OTHERS: [&str; 22] = [
    "evil",
    "rm",
    "rm -rf",
    "python3 -c 'x'",
    "make",
    "xargs evil",
    "awk 1",
    "eval evil",
    "source b",
    ". ./b",
    "trap evil EXIT",
    "alias ls=evil",
    "exec evil",
    "./evil",
    "git log",
    "git status",
    "git -c core.pager=evil log",
    "git diff",
    "hash -p /bin/x ls",
    "enable",
    "command evil",
    "builtin eval evil",
];
const QUIET: [&str; 12] = [
    "true",
    ":",
    "pwd",
    "echo x",
    "echo fn",
    "printf '%s' x",
    "seq 3",
    "test -f a.rs",
    "[ -d sub ]",
    "basename a/b",
    "date",
    "cd sub",
];

/// A line and what it is mostly made of.
pub(crate) fn line(dice: &mut Dice) -> (String, &'static str) {
    let (mut line, mut kind) = simple(dice);
    for _ in 0..dice.roll(3) {
        let (next, of) = simple(dice);
        let joint = dice.of(&["; ", " && ", " || ", " | ", "\n", " |& ", " & ", ";", "&&"]);
        line = format!("{line}{joint}{next}");
        kind = if of == "plain" { kind } else { of };
    }
    if dice.one_in(3) {
        line = wrapped(dice, &line);
        kind = "wrapped";
    }
    (line, kind)
}

fn simple(dice: &mut Dice) -> (String, &'static str) {
    let (mut text, kind) = match dice.roll(10) {
        0..=3 => (format!("{} {}", program(dice, &READERS), place(dice)), "reads"),
        4 | 5 => (format!("{} {}", program(dice, &WRITERS), place(dice)), "writes"),
        6 | 7 => (dice.of(&QUIET).to_owned(), "plain"),
        8 => (format!("{} {} {}", program(dice, &READERS), dice.of(&OPTIONS), place(dice)), "options"),
        _ => (format!("{} {}", dice.of(&OTHERS), place(dice)), "others"),
    };
    if dice.one_in(4) {
        let to = place(dice);
        let shape =
            dice.of(&[">", ">>", " 2>", "<", "<>", ">|", "&>", ">&", " 3>", "{fd}>", " >./", "<<<", " 1> "]);
        text = format!("{text} {shape}{to}");
    }
    if dice.one_in(24) {
        let end = dice.of(&["E", "'E'", "\\E", "-E"]);
        let inside = dice.of(&["x", "$(evil)", "`evil`", "$HOME", "${x:=y}"]);
        text = format!("{text} <<{end}\n{inside}\nE");
    }
    if dice.one_in(30) {
        let name = dice.of(&["PATH=.", "IFS=/", "x=$(evil)", "BASH_ENV=b", "LD_PRELOAD=b", "GREP_COLOR=1"]);
        text = format!("{name} {text}");
    }
    (text, kind)
}

/// The name as it may be written, too.
fn program(dice: &mut Dice, all: &[&str]) -> String {
    let whole = dice.of(all);
    let (name, rest) = whole.split_once(' ').map_or((whole, ""), |(name, rest)| (name, rest));
    let name = match dice.roll(24) {
        0 => format!("\"{name}\""),
        1 => format!("\\{name}"),
        2 => format!("/bin/{name}"),
        3 => format!("{}''{}", &name[..1], &name[1..]),
        4 => format!("$(echo {name})"),
        5 => format!("./{name}"),
        6 => format!("{name}$IFS"),
        7 => name.replace('a', "\u{430}"),
        8 => format!("$'\\x{:x}'{}", name.as_bytes()[0], &name[1..]),
        _ => name.to_owned(),
    };
    if rest.is_empty() { name } else { format!("{name} {rest}") }
}

/// A place, in one of the ways in which a shell can be told of it.
fn place(dice: &mut Dice) -> String {
    let place = if dice.one_in(3) { dice.of(&BEYOND) } else { dice.of(&INSIDE) };
    let first = place.chars().next().unwrap();
    match dice.roll(22) {
        0 => format!("'{place}'"),
        1 => format!("\"{place}\""),
        2 => format!("\\{place}"),
        3 => format!("{first}\"\"{}", &place[first.len_utf8()..]),
        4 => format!("$'{}'", place.replace('.', "\\x2e")),
        5 => format!("$(echo {place})"),
        6 => format!("`echo {place}`"),
        7 => format!("${{x:-{place}}}"),
        8 => format!("{{{place},b}}"),
        9 => format!("./{place}"),
        10 => format!("in/../{place}"),
        11 => format!("{place}/"),
        12 => format!("{place}/../b"),
        13 => place.replace('e', "?"),
        14 => place.replace('e', "[e]"),
        15 => place.replace('/', "//"),
        16 => format!("{place} {}", dice.of(&INSIDE)),
        17 => place.replace('/', "\u{2215}"),
        _ => place.to_owned(),
    }
}

fn wrapped(dice: &mut Dice, line: &str) -> String {
    let quoted = format!("'{}'", line.replace('\'', "'\\''"));
    match dice.roll(22) {
        0 => format!("bash -c {quoted}"),
        1 => format!("sh -c {quoted}"),
        2 => format!("env {line}"),
        3 => format!("nice {line}"),
        4 => format!("timeout 5 {line}"),
        5 => format!("({line})"),
        6 => format!("{{ {line}; }}"),
        7 => format!("if true; then {line}; fi"),
        8 => format!("for x in a b; do {line}; done"),
        9 => format!("cd sub && {line}"),
        10 => format!("cd in/.. ; {line}"),
        11 => format!("cd out; {line}"),
        12 => format!("! {line}"),
        13 => format!("command {line}"),
        14 => format!("mv out sub/moved && {line}"),
        15 => format!("cp -r out moved; cat moved/secret; {line}"),
        16 => format!("case x in x) {line};; esac"),
        17 => format!("echo \"$({line})\""),
        18 => format!("cat <({line})"),
        19 => format!("{line} #'"),
        20 => format!("mkdir -p t && cd t && {line}"),
        _ => format!("while false; do {line}; done; {line}"),
    }
}
