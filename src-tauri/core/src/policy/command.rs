//! Judges a shell line: the strictest of what is said of each program, each file that it names, and each form of the
//! shell that it uses.

use std::cell::{Cell, RefCell};

use super::ground::Ground;
use super::programs::{self, GitFolder, Known};
use super::ruling::{Permit, Risk, Ruling};
use super::shell::{self, Invocation, Script, Word};
use super::streams::{Opens, Stream};
use super::{dangers, path_with_rules, paths, with_rules};
use crate::ceiling::Freedom;

/// Shells whose `-c` is read.
const SHELLS: [&str; 3] = ["bash", "zsh", "sh"];
/// Those of them that know `[[ ]]` and `{a,b}`.
const BEYOND_SH: [&str; 2] = ["bash", "zsh"];
/// Programs that fetch, and with a shell behind them run what others wrote.
const FETCHERS: [&str; 2] = ["curl", "wget"];
/// Lines within lines.
const MAX_INNER: u32 = 6;
/// Patterns of file names in a line, each looked up in every folder that it may be in.
const MAX_PATTERNS: usize = 12;
/// Folders that a line may have changed to: after `cd x` a path may be below the one or the other.
const MAX_FOLDERS: usize = 8;

/// Judges a line that would run in this folder.
pub(super) fn judge(line: &str, cwd: Option<&str>, ground: &Ground<'_>) -> Ruling {
    let root = ground.bounds.root.as_str();
    let cwd = absolute(cwd.unwrap_or(root), root);
    let mut judge = Judge {
        ground,
        folders: vec![cwd.clone()],
        inner: 0,
        beyond_sh: true,
        patterns: Cell::new(0),
        did: Did::default(),
        stream: RefCell::new(None),
    };
    let here = judge.read(&cwd).verdict;
    let ruling = judge.line(line);
    if here == Permit::Allow {
        return ruling;
    }
    let outside = Ruling::ask("outside", Risk::High, format!("it runs outside the project folder, in {cwd}"));
    ruling.strictest(outside)
}

/// What the programs of a line do together.
#[derive(Default)]
struct Did {
    /// How many name places, or look where they are.
    with_places: u32,
    /// Whether one moves or copies.
    relocates: bool,
    writes: bool,
    uses_git: bool,
}

struct Judge<'a> {
    ground: &'a Ground<'a>,
    did: Did,
    /// Every folder that the line may be in by now.
    folders: Vec<String>,
    inner: u32,
    /// Whether the shell knows `[[ ]]` and `{a,b}`.
    beyond_sh: bool,
    /// Patterns that were looked up.
    patterns: Cell<usize>,
    /// What is read and written by the programs that run together with the one that is looked at.
    stream: RefCell<Option<Stream>>,
}

impl Judge<'_> {
    fn line(&mut self, line: &str) -> Ruling {
        match shell::read(line, &self.ground.bounds.home) {
            Ok(script) => self.script(&script),
            Err(unreadable) => Ruling::ask("shell_unread", Risk::High, unreadable.why()),
        }
    }

    fn script(&mut self, script: &Script) -> Ruling {
        let fetches =
            script.invocations.iter().any(|i| name_of(i).is_some_and(|name| FETCHERS.contains(&name)));
        let interprets = script.invocations.iter().any(|i| {
            name_of(i).is_some_and(|name| {
                name == "sudo"
                    || dangers::of(name, &i.words).is_some_and(|d| ["inline_code", "shell"].contains(&d.rule))
            })
        });
        let mut said: Vec<Ruling> = Vec::new();
        if fetches && interprets {
            let why = "it runs what it fetches from the network";
            said.push(Ruling::ask("fetch_and_run", Risk::High, why));
        }
        // A line within a part of a stream is part of that stream.
        let within = self.stream.get_mut().is_some();
        let mut last = None;
        for invocation in &script.invocations {
            if !within && invocation.stream != last {
                last = invocation.stream;
                let before = self.stream.replace(last.map(|_| Stream::default()));
                said.extend(before.and_then(|stream| stream.ruling()));
            }
            said.push(self.invocation(invocation));
        }
        if !within {
            said.extend(self.stream.take().and_then(|stream| stream.ruling()));
        }
        if script.beyond_sh && !self.beyond_sh {
            said.push(Ruling::ask("shell_unread", Risk::High, "it uses a form that not every `sh` knows"));
        }
        said.extend(self.together());
        said.extend(script.oddities.iter().map(|odd| Ruling::ask(odd.rule(), Risk::High, odd.why())));
        said.into_iter()
            .reduce(Ruling::strictest)
            .unwrap_or_else(|| Ruling::ask("empty", Risk::Low, "there is nothing in it that would run"))
    }

    /// A line is judged on what stands before it. What one program of it makes, another must not rest on.
    fn together(&self) -> Option<Ruling> {
        let Did { with_places, relocates, writes, uses_git } = self.did;
        let rests = (relocates && with_places > 1) || (writes && uses_git);
        rests.then(|| {
            Ruling::ask("rests_on_itself", Risk::Medium, "one part of it rests on what another part changes")
        })
    }

    fn invocation(&mut self, invocation: &Invocation) -> Ruling {
        self.did.writes |= invocation.redirects.iter().any(|redirect| redirect.writes);
        self.did.with_places += u32::from(!invocation.redirects.is_empty());
        if let Some(stream) = self.stream.get_mut() {
            stream.redirects();
        }
        let redirected =
            invocation.redirects.iter().map(|redirect| self.place(&redirect.file, redirect.writes, true));
        let redirected = redirected.reduce(Ruling::strictest);
        let program = (!invocation.words.is_empty()).then(|| self.program(&invocation.words));
        redirected
            .into_iter()
            .chain(program)
            .reduce(Ruling::strictest)
            .unwrap_or_else(|| Ruling::allow("read_only", "it does nothing"))
    }

    fn program(&mut self, words: &[Word]) -> Ruling {
        let Some((first, rest)) = words.split_first() else {
            return Ruling::allow("read_only", "it does nothing");
        };
        let Some(written) = first.fixed() else {
            let why = format!("the program's name, {}, is known only when it runs", first.shown());
            return Ruling::ask("open_name", Risk::High, why);
        };
        let name = plain_name(written);
        let built_in = match self.unwrapped(name, rest) {
            Some(ruling) => ruling,
            None => self.named(name, written, rest),
        };
        // A rule that allows is for what no rule is about; what is known to do harm is asked all the same.
        let for_want = built_in.rule == "unknown_program" || built_in.rule == "not_plain";
        let lifts = for_want.then_some(Freedom::Programs);
        let named: Vec<Word> =
            std::iter::once(Word::Fixed(name.to_owned())).chain(rest.iter().cloned()).collect();
        with_rules(built_in, lifts, self.ground, |rule| rule.matches_command(&named))
    }

    /// A program that only runs another one, which is judged instead.
    fn unwrapped(&mut self, name: &str, rest: &[Word]) -> Option<Ruling> {
        let fixed: Vec<Option<&str>> = rest.iter().map(Word::fixed).collect();
        match (name, fixed.as_slice()) {
            (shell, [Some(flags), Some(line), ..])
                if SHELLS.contains(&shell) && is_command_flag(flags) && self.inner < MAX_INNER =>
            {
                Some(self.nested(line, BEYOND_SH.contains(&shell)))
            }
            ("command", [Some("-v" | "-V"), ..]) => None,
            ("command" | "builtin" | "exec", [Some(next), ..]) if !next.starts_with('-') => {
                Some(self.program(rest))
            }
            ("env", [Some(next), ..]) if !next.starts_with('-') && !next.contains('=') => {
                Some(self.program(rest))
            }
            ("timeout", [Some(time), Some(next), ..]) if is_time(time) && !next.starts_with('-') => {
                Some(self.program(&rest[1..]))
            }
            ("nice" | "time", [Some(next), ..]) if !next.starts_with('-') => Some(self.program(rest)),
            ("nice", [Some("-n"), Some(_), Some(next), ..]) if !next.starts_with('-') => {
                Some(self.program(&rest[2..]))
            }
            _ => None,
        }
    }

    /// A line in a shell of its own: what it changes to ends with it.
    fn nested(&mut self, line: &str, beyond_sh: bool) -> Ruling {
        self.inner += 1;
        let folders = self.folders.clone();
        let tests = std::mem::replace(&mut self.beyond_sh, beyond_sh);
        let ruling = self.line(line);
        self.beyond_sh = tests;
        self.folders = folders;
        self.inner -= 1;
        ruling
    }

    fn named(&mut self, name: &str, written: &str, rest: &[Word]) -> Ruling {
        if name == "command" && only_looks(rest) {
            return Ruling::allow("read_only", "it only looks for a program");
        }
        match programs::known(name, rest) {
            Some(Ok(known)) => self.known(name, &known),
            _ if let Some(denied) = rest.iter().find_map(|word| self.names_forbidden(word)) => denied,
            doubted => {
                if let Some(danger) = dangers::of(name, rest) {
                    return Ruling::ask(danger.rule, danger.risk, format!("`{name}` {}", danger.why));
                }
                if let Some(Err(doubt)) = doubted {
                    return Ruling::ask("not_plain", Risk::Medium, format!("`{name}` {doubt}"));
                }
                let why = format!("`{written}` is not among the programs that are known to only read");
                Ruling::ask("unknown_program", Risk::Medium, why)
            }
        }
    }

    fn known(&mut self, name: &str, known: &Known) -> Ruling {
        let names = !known.reads.is_empty() || !known.writes.is_empty() || known.git_in.is_some();
        self.did.with_places += u32::from(names);
        self.did.relocates |= known.relocates;
        self.did.writes |= !known.writes.is_empty();
        self.did.uses_git |= known.git_in.is_some();
        self.begins(name, known);
        let reads = known.reads.iter().map(|word| self.place(word, false, false));
        let may_read = known.may_read.iter().filter_map(|word| self.possible_place(word));
        let reads = reads.chain(may_read);
        let writes = known.writes.iter().map(|word| self.place(word, true, false));
        let fresh = known.fresh.iter().filter_map(|word| self.stands(word));
        let git = known.git_in.as_ref().map(|folder| self.git(folder));
        let shows = known.shows.iter().filter_map(|word| self.names_forbidden(word));
        let mut said = reads.chain(shows).chain(writes).chain(fresh).chain(git).reduce(Ruling::strictest);
        if let Some(folder) = &known.moves_to {
            self.move_to(folder);
            let here = self.place(&Word::Fixed(".".to_owned()), false, false);
            said = said.into_iter().chain([here]).reduce(Ruling::strictest);
        }
        match said {
            Some(ruling) if ruling.verdict != Permit::Allow => ruling,
            Some(ruling) if !known.writes.is_empty() => ruling,
            _ => Ruling::allow("read_only", format!("`{name}` only reads")),
        }
    }

    /// A program of a stream begins: what it opens from now on is noted as its own. What is moved or copied is read to
    /// its end first.
    fn begins(&self, name: &str, known: &Known) {
        let mut stream = self.stream.borrow_mut();
        let Some(stream) = stream.as_mut() else { return };
        let first = stream.begins(if known.relocates {
            Opens::Nothing
        } else if known.searches {
            Opens::Trees
        } else {
            Opens::Files
        });
        // Without a place it searches where it runs, unless it reads what comes down the pipeline.
        if known.searches && known.reads.is_empty() && (first || name != "rg") {
            stream.opens(&self.folders, false);
        }
    }

    fn git(&self, folder: &GitFolder) -> Ruling {
        let plain = match folder {
            GitFolder::Here => self.folders.iter().all(|at| self.ground.places.git_is_plain(at)),
            GitFolder::Named(word) => word.fixed().is_some_and(|text| {
                self.folders.iter().all(|at| self.ground.places.git_is_plain(&absolute(text, at)))
            }),
        };
        if plain {
            Ruling::allow("read_only", "git only shows")
        } else {
            let why = "git would run here with settings of the project, which can start programs";
            Ruling::ask("git_settings", Risk::Medium, why)
        }
    }

    fn move_to(&mut self, folder: &Word) {
        let Some(text) = folder.fixed() else { return };
        if self.folders.len() > MAX_FOLDERS {
            return;
        }
        let mut moved: Vec<String> = self.folders.iter().map(|at| absolute(text, at)).collect();
        // The shell itself takes `link/..` by its text.
        moved.extend(moved.clone().iter().map(|at| by_text(at)));
        for at in moved {
            if !self.folders.contains(&at) {
                self.folders.push(at);
            }
        }
    }

    /// Where a folder is copied over another, what stands there decides where its files go.
    fn stands(&self, word: &Word) -> Option<Ruling> {
        let text = word.fixed()?;
        let stands = self.folders.iter().any(|at| self.ground.places.exists(&absolute(text, at)));
        stands.then(|| {
            let why = format!("it copies a folder over what stands at {text}");
            Ruling::ask("not_plain", Risk::Medium, why)
        })
    }

    /// A word that names a place if it looks like one or something of that name is there.
    fn possible_place(&self, word: &Word) -> Option<Ruling> {
        let (Word::Fixed(text) | Word::Glob(text)) = word else {
            return Some(self.place(word, false, false));
        };
        let looks = text.starts_with(['/', '~']) || text.split('/').any(|part| part == "..");
        let exists = || self.folders.iter().any(|at| self.ground.places.exists(&absolute(text, at)));
        (looks || matches!(word, Word::Glob(_)) || exists()).then(|| self.place(word, false, false))
    }

    /// A file that a program opens, or the shell for it.
    fn place(&self, word: &Word, writes: bool, by_shell: bool) -> Ruling {
        let (Word::Fixed(text) | Word::Glob(text)) = word else {
            let why = format!("it uses {}, which is known only when it runs", word.shown());
            return Ruling::ask("open_name", Risk::Medium, why);
        };
        if self.folders.len() > MAX_FOLDERS {
            return Ruling::ask("too_many_folders", Risk::Medium, "it changes its folder too often");
        }
        // Where zsh is told to, it takes these for patterns: `.env~x` is `.env`.
        if text.contains(['^', '#']) || text.get(1..).is_some_and(|rest| rest.contains('~')) {
            let why = format!("some shells take {text} for a pattern of file names");
            return Ruling::ask("open_name", Risk::Medium, why);
        }
        if matches!(word, Word::Glob(_)) {
            self.patterns.set(self.patterns.get() + self.folders.len());
            if self.patterns.get() > MAX_PATTERNS {
                return Ruling::ask("open_name", Risk::Medium, "it has too many patterns of file names");
            }
        }
        let each = self.folders.iter().map(|at| absolute(text, at)).map(|path| {
            if (by_shell || !writes) && paths::is_harmless_device(&path, writes) {
                return Ruling::allow("read_inside", "it names no file");
            }
            if writes { self.write(&path) } else { self.read(&path) }
        });
        each.reduce(Ruling::strictest)
            .unwrap_or_else(|| Ruling::ask("nowhere", Risk::Medium, "it runs nowhere"))
    }

    fn read(&self, path: &str) -> Ruling {
        self.resolved(path, false)
    }

    fn write(&self, path: &str) -> Ruling {
        self.resolved(path, true)
    }

    fn resolved(&self, path: &str, writes: bool) -> Ruling {
        // The place as written counts too: a secret that is not there yet, a link whose own name is protected.
        let as_written = paths::forbidden(path, self.ground);
        if let Some(denied) = as_written {
            return denied;
        }
        // A pattern that begins outside is not even looked up.
        if let Some(at) = path.find(['*', '?']) {
            let folder = path[..at].rsplit_once('/').map_or("/", |(folder, _)| folder);
            let outside = match self.ground.places.resolve(if folder.is_empty() { "/" } else { folder }) {
                Some(places) => {
                    places.iter().map(|place| paths::read(place, self.ground)).reduce(Ruling::strictest)
                }
                None => None,
            };
            match outside {
                Some(ruling) if ruling.verdict == Permit::Allow => {}
                Some(ruling) => return ruling,
                None => return Ruling::ask("open_name", Risk::Medium, format!("{path} cannot be looked up")),
            }
        }
        match self.ground.places.resolve(path) {
            Some(places) if !places.is_empty() => {
                if let Some(stream) = self.stream.borrow_mut().as_mut() {
                    stream.opens(&places, writes);
                }
                let each = places.iter().map(|place| path_with_rules(place, writes, self.ground));
                each.reduce(Ruling::strictest)
                    .unwrap_or_else(|| Ruling::ask("nowhere", Risk::Medium, "it names no place"))
            }
            _ => {
                let why = format!("it cannot be said beforehand which files {path} names");
                Ruling::ask("open_name", Risk::Medium, why)
            }
        }
    }

    /// A word of any program that names a secret or our own files: `-F=@/home/x/.ssh/id_rsa` too.
    fn names_forbidden(&self, word: &Word) -> Option<Ruling> {
        let (Word::Fixed(text) | Word::Glob(text)) = word else { return None };
        let ends =
            text.char_indices().filter(|(_, c)| matches!(c, '=' | '@' | ':' | ',')).map(|(at, _)| at + 1);
        std::iter::once(0).chain(ends).take(16).find_map(|from| {
            let part = &text[from..];
            let part = part.strip_prefix("~/").map_or_else(
                || part.to_owned(),
                |rest| format!("{}/{rest}", self.ground.bounds.home.trim_end_matches('/')),
            );
            let path = absolute(&part, self.folders.first()?);
            let named = paths::forbidden(&path, self.ground);
            named.or_else(|| {
                let looks_like_path = part.contains('/');
                let places = looks_like_path.then(|| self.ground.places.resolve(&path)).flatten()?;
                places.iter().find_map(|place| paths::forbidden(place, self.ground))
            })
        })
    }
}

fn name_of(invocation: &Invocation) -> Option<&str> {
    invocation.words.first().and_then(Word::fixed).map(plain_name)
}

/// `/bin/ls` is `ls`; anything else with a folder is a program of its own.
fn plain_name(written: &str) -> &str {
    ["/usr/bin/", "/bin/"]
        .iter()
        .find_map(|folder| written.strip_prefix(folder).filter(|name| !name.contains('/')))
        .unwrap_or(written)
}

/// `-c`, `-lc`, `-ec` …
fn is_command_flag(flags: &str) -> bool {
    flags
        .strip_prefix('-')
        .and_then(|letters| letters.strip_suffix('c'))
        .is_some_and(|letters| letters.chars().all(|letter| matches!(letter, 'l' | 'e' | 'u' | 'x')))
}

/// `command -v NAME…`; without that option it runs what it names.
fn only_looks(words: &[Word]) -> bool {
    let Some((first, names)) = words.split_first() else { return false };
    let plain = |word: &Word| word.fixed().is_some_and(|text| !text.starts_with('-'));
    matches!(first.fixed(), Some("-v" | "-V")) && names.iter().all(plain)
}

fn is_time(text: &str) -> bool {
    let digits = text.trim_end_matches(['s', 'm', 'h']);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// The path as text, made absolute; `..` stays for whoever resolves it, since links decide what it means.
fn absolute(path: &str, folder: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", folder.trim_end_matches('/')) }
}

/// The path without `.` and `..`, whatever links there are.
fn by_text(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}
