//! Reads a shell line with a real parser and flattens it. Whatever this does not know by name is an oddity, so that a
//! form which a later version of the parser learns is asked, not passed over.

use std::panic::{AssertUnwindSafe, catch_unwind};

use brush_parser::ast::{
    AndOr, AndOrList, Command, CommandPrefixOrSuffixItem, CompoundCommand, CompoundList, ExtendedTestExpr,
    IoFileRedirectKind, IoFileRedirectTarget, IoRedirect, Pipeline, RedirectList, SeparatorOperator,
    SimpleCommand, SubshellCommand, Word as Written,
};
use brush_parser::{ParserOptions, SourceInfo, parse_tokens, uncached_tokenize_str};

use super::raw::{
    MAX_DEPTH, comment_in_doubt, compounds, documents_in_doubt, ends_plainly, hides, read_otherwise, too_deep,
};
use super::script::{Invocation, Oddity, Redirect, Script, Word};
use super::words::alternatives;

/// A longer line is not read.
const MAX_LINE: usize = 32 * 1024;
/// Compound commands in a line, within each other or not.
const MAX_COMPOUNDS: usize = 16;
/// Programs and words in a line.
const MAX_WORDS: usize = 1_000;

/// Tests of `[[ ]]` that look at one text or file.
const FILE_TESTS: [&str; 12] = ["-e", "-f", "-d", "-h", "-L", "-r", "-w", "-x", "-s", "-p", "-z", "-n"];

/// Why a line cannot be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// Not a whole shell line.
    Syntax,
    /// Too long or too deep.
    TooLarge,
    /// Contains characters that show as something else or as nothing.
    Hidden,
}

impl Unreadable {
    /// Why it is asked.
    pub fn why(self) -> &'static str {
        match self {
            Self::Syntax => "it cannot be read as a shell line",
            Self::TooLarge => "it is too long or too deeply nested to be judged",
            Self::Hidden => "it contains characters that do not show",
        }
    }
}

/// Reads a line; `home` stands for `~`.
///
/// # Errors
/// Where it cannot be read whole.
pub fn read(line: &str, home: &str) -> Result<Script, Unreadable> {
    if line.len() > MAX_LINE || too_deep(line) || compounds(line) > MAX_COMPOUNDS {
        return Err(Unreadable::TooLarge);
    }
    if line.chars().any(hides) {
        return Err(Unreadable::Hidden);
    }
    if documents_in_doubt(line) {
        return Err(Unreadable::Syntax);
    }
    let mut reader = Reader {
        options: ParserOptions::default(),
        home,
        depth: 0,
        words: 0,
        streams: 0,
        stream: None,
        script: Script::default(),
    };
    // The parser is not ours: what it cannot bear is unreadable, nothing more.
    match catch_unwind(AssertUnwindSafe(|| reader.inner(line))) {
        Ok(Ok(())) => {
            if comment_in_doubt(line) || read_otherwise(line) {
                reader.odd(Oddity::Unread);
            }
            Ok(reader.script)
        }
        Ok(Err(unreadable)) => Err(unreadable),
        Err(_) => Err(Unreadable::Syntax),
    }
}

pub(super) struct Reader<'a> {
    pub(super) options: ParserOptions,
    pub(super) home: &'a str,
    depth: usize,
    words: usize,
    streams: usize,
    stream: Option<usize>,
    script: Script,
}

impl Reader<'_> {
    /// Reads a line inside of the one that is being read.
    pub(super) fn inner(&mut self, line: &str) -> Result<(), Unreadable> {
        if self.depth >= MAX_DEPTH {
            return Err(Unreadable::TooLarge);
        }
        self.depth += 1;
        let tokens =
            uncached_tokenize_str(line, &self.options.tokenizer_options()).map_err(|_| Unreadable::Syntax)?;
        let source = SourceInfo::default();
        let program = parse_tokens(&tokens, &self.options, &source).map_err(|_| Unreadable::Syntax)?;
        for list in &program.complete_commands {
            self.list(list)?;
        }
        self.depth -= 1;
        Ok(())
    }

    pub(super) fn odd(&mut self, oddity: Oddity) {
        if !self.script.oddities.contains(&oddity) {
            self.script.oddities.push(oddity);
        }
    }

    fn list(&mut self, list: &CompoundList) -> Result<(), Unreadable> {
        for item in &list.0 {
            if matches!(item.1, SeparatorOperator::Async) {
                self.odd(Oddity::Background);
            }
            self.and_or(&item.0)?;
        }
        Ok(())
    }

    fn and_or(&mut self, list: &AndOrList) -> Result<(), Unreadable> {
        self.pipeline(&list.first)?;
        for next in &list.additional {
            let (AndOr::And(pipeline) | AndOr::Or(pipeline)) = next;
            self.pipeline(pipeline)?;
        }
        Ok(())
    }

    fn pipeline(&mut self, pipeline: &Pipeline) -> Result<(), Unreadable> {
        let redirected = match pipeline.seq.as_slice() {
            [Command::Simple(simple)] => redirects(simple),
            [Command::Compound(_, redirects)] => redirects.iter().flat_map(|list| &list.0).any(opens_a_file),
            [_] => false,
            _ => true,
        };
        // The outermost counts: `{ cat a; } >> a`.
        let begins = redirected && self.stream.is_none();
        if begins {
            self.streams += 1;
            self.stream = Some(self.streams);
        }
        let read = pipeline.seq.iter().try_for_each(|command| self.command(command));
        if begins {
            self.stream = None;
        }
        read
    }

    fn command(&mut self, command: &Command) -> Result<(), Unreadable> {
        match command {
            Command::Simple(simple) => self.simple(simple),
            Command::Compound(compound, redirects) => {
                self.compound(compound)?;
                self.alone(redirects.as_ref())
            }
            Command::Function(function) => {
                let before = self.script.invocations.len();
                self.compound(&function.body.0)?;
                self.alone(function.body.1.as_ref())?;
                let name = Some(function.fname.value.as_str());
                let calls = |i: &Invocation| i.words.first().and_then(Word::fixed) == name;
                if self.script.invocations[before..].iter().any(calls) {
                    // Said before all that is odd within it.
                    self.script.oddities.insert(0, Oddity::ForkBomb);
                }
                self.odd(Oddity::Function);
                Ok(())
            }
            Command::ExtendedTest(test) => {
                self.script.beyond_sh = true;
                self.test(&test.expr)?;
                let words = vec![Word::Fixed("test".to_owned())];
                self.script.invocations.push(Invocation {
                    words,
                    stream: self.stream,
                    ..Invocation::default()
                });
                Ok(())
            }
        }
    }

    fn compound(&mut self, compound: &CompoundCommand) -> Result<(), Unreadable> {
        match compound {
            CompoundCommand::BraceGroup(group) => self.list(&group.list),
            CompoundCommand::Subshell(subshell) => self.list(&subshell.list),
            CompoundCommand::IfClause(clause) => {
                self.list(&clause.condition)?;
                self.list(&clause.then)?;
                for other in clause.elses.iter().flatten() {
                    if let Some(condition) = &other.condition {
                        self.list(condition)?;
                    }
                    self.list(&other.body)?;
                }
                Ok(())
            }
            CompoundCommand::WhileClause(clause) | CompoundCommand::UntilClause(clause) => {
                // Its second round runs in what the first one left.
                self.odd(Oddity::Unread);
                self.list(&clause.0)?;
                self.list(&clause.1.list)
            }
            CompoundCommand::ForClause(clause) => {
                for value in clause.values.iter().flatten() {
                    self.text(value)?;
                }
                // A loop sets its variable, and with the right name that is an assignment like any other.
                self.odd(Oddity::Assignment);
                self.list(&clause.body.list)
            }
            CompoundCommand::CaseClause(clause) => {
                self.text(&clause.value)?;
                for case in &clause.cases {
                    for pattern in &case.patterns {
                        self.text(pattern)?;
                    }
                    if let Some(list) = &case.cmd {
                        self.list(list)?;
                    }
                }
                Ok(())
            }
            CompoundCommand::Arithmetic(_) => {
                self.odd(Oddity::Unread);
                Ok(())
            }
            CompoundCommand::ArithmeticForClause(clause) => {
                self.odd(Oddity::Unread);
                self.list(&clause.body.list)
            }
        }
    }

    /// What `[[ ]]` looks at.
    fn test(&mut self, expr: &ExtendedTestExpr) -> Result<(), Unreadable> {
        match expr {
            ExtendedTestExpr::And(a, b) | ExtendedTestExpr::Or(a, b) => {
                self.test(a)?;
                self.test(b)
            }
            ExtendedTestExpr::Not(inner) | ExtendedTestExpr::Parenthesized(inner) => self.test(inner),
            // Other tests compute, and computing can set variables (`PATH=0 -eq 0`) or run what stands in an index.
            ExtendedTestExpr::UnaryTest(test, word) => {
                self.only(FILE_TESTS.contains(&test.to_string().as_str()));
                self.operand(word)
            }
            ExtendedTestExpr::BinaryTest(test, a, b) => {
                self.only(["==", "!=", "-nt", "-ot", "-ef"].contains(&test.to_string().as_str()));
                self.operand(a)?;
                self.operand(b)
            }
        }
    }

    fn only(&mut self, plain: bool) {
        if !plain {
            self.odd(Oddity::Unread);
        }
    }

    /// A word that is no operand of a program: read for its substitutions, and for expansions that do more than expand.
    fn text(&mut self, word: &Written) -> Result<(), Unreadable> {
        let open = matches!(self.written(word)?, Word::Open { only_output: false, .. });
        self.only(!open);
        Ok(())
    }

    /// Operands of `[[ ]]`: as paths they only tell whether a file is there.
    fn operand(&mut self, word: &Written) -> Result<(), Unreadable> {
        // Evaluated as arithmetic it would run what stands in brackets, in quotes as well.
        self.only(!(word.value.contains('[') && word.value.contains(['$', '`'])));
        self.text(word)
    }

    fn written(&mut self, word: &Written) -> Result<Word, Unreadable> {
        self.word(&word.value)
    }

    fn simple(&mut self, simple: &SimpleCommand) -> Result<(), Unreadable> {
        let mut invocation = Invocation { stream: self.stream, ..Invocation::default() };
        for item in simple.prefix.iter().flat_map(|prefix| &prefix.0) {
            self.item(item, &mut invocation)?;
        }
        if let Some(name) = &simple.word_or_name {
            let name = self.written(name)?;
            invocation.words.insert(0, name);
        }
        for item in simple.suffix.iter().flat_map(|suffix| &suffix.0) {
            self.item(item, &mut invocation)?;
        }
        if !invocation.words.is_empty() || !invocation.redirects.is_empty() {
            self.words += invocation.words.len() + invocation.redirects.len();
            if self.words > MAX_WORDS {
                return Err(Unreadable::TooLarge);
            }
            self.script.invocations.push(invocation);
        }
        Ok(())
    }

    fn item(
        &mut self,
        item: &CommandPrefixOrSuffixItem,
        invocation: &mut Invocation,
    ) -> Result<(), Unreadable> {
        match item {
            CommandPrefixOrSuffixItem::IoRedirect(redirect) => self.redirect(redirect, invocation),
            CommandPrefixOrSuffixItem::Word(word) if let Some(words) = alternatives(&word.value) => {
                self.script.beyond_sh = true;
                invocation.words.extend(words);
                Ok(())
            }
            CommandPrefixOrSuffixItem::Word(word) => {
                let word = self.written(word)?;
                invocation.words.push(word);
                Ok(())
            }
            CommandPrefixOrSuffixItem::AssignmentWord(_, word) => {
                // After the name it is a word like `dd of=x`, which only some builtins take for an assignment.
                if invocation.words.is_empty() {
                    self.odd(Oddity::Assignment);
                }
                let word = self.written(word)?;
                if !invocation.words.is_empty() {
                    invocation.words.push(word);
                }
                Ok(())
            }
            CommandPrefixOrSuffixItem::ProcessSubstitution(_, inner) => {
                // What is glued to it is another word to some readers.
                self.odd(Oddity::Unread);
                self.substituted(inner)?;
                invocation.words.push(Word::Fixed("/dev/fd/63".to_owned()));
                Ok(())
            }
        }
    }

    fn substituted(&mut self, inner: &SubshellCommand) -> Result<(), Unreadable> {
        self.list(&inner.list)
    }

    fn alone(&mut self, redirects: Option<&RedirectList>) -> Result<(), Unreadable> {
        let mut invocation = Invocation { stream: self.stream, ..Invocation::default() };
        for redirect in redirects.iter().flat_map(|list| &list.0) {
            self.redirect(redirect, &mut invocation)?;
        }
        if !invocation.redirects.is_empty() {
            self.script.invocations.push(invocation);
        }
        Ok(())
    }

    fn redirect(&mut self, redirect: &IoRedirect, invocation: &mut Invocation) -> Result<(), Unreadable> {
        match redirect {
            IoRedirect::File(_, kind, target) => match target {
                IoFileRedirectTarget::Filename(name) => {
                    let file = self.written(name)?;
                    // `>& name` writes a file unless the name is a number.
                    let writes = !matches!(kind, IoFileRedirectKind::Read);
                    // Who reads and writes one file may never come to its end.
                    self.only(!matches!(kind, IoFileRedirectKind::ReadAndWrite));
                    self.opens(writes, file, invocation);
                }
                IoFileRedirectTarget::Fd(_) => {}
                IoFileRedirectTarget::Duplicate(word) => {
                    let file = self.written(word)?;
                    let number = file.fixed().is_some_and(|text| {
                        let digits = text.strip_suffix('-').unwrap_or(text);
                        digits.bytes().all(|b| b.is_ascii_digit())
                    });
                    if !number {
                        self.expanded_twice(word);
                        self.opens(true, file, invocation);
                    }
                }
                IoFileRedirectTarget::ProcessSubstitution(_, inner) => {
                    self.odd(Oddity::Unread);
                    self.substituted(inner)?;
                }
            },
            IoRedirect::HereDocument(_, document) => {
                // Quotes mean nothing in it, and so it is not read like a word; where it ends must be beyond doubt.
                let text = &document.doc.value;
                let open =
                    document.requires_expansion && (text.contains(['$', '`']) || text.contains("\\\n"));
                if open || !ends_plainly(&document.here_end.value) {
                    self.odd(Oddity::Unread);
                }
            }
            IoRedirect::HereString(_, word) => {
                self.script.beyond_sh = true;
                self.text(word)?;
            }
            IoRedirect::OutputAndError(word, _) => {
                self.script.beyond_sh = true;
                let file = self.written(word)?;
                self.expanded_twice(word);
                self.opens(true, file, invocation);
            }
        }
        Ok(())
    }

    /// Behind `>&` bash expands a word, and what came out once more, in quotes or not.
    fn expanded_twice(&mut self, word: &Written) {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./-".contains(&byte);
        self.only(word.value.bytes().all(plain));
    }

    fn opens(&mut self, writes: bool, file: Word, invocation: &mut Invocation) {
        // `>! file` forces in zsh, and names a file `!` elsewhere.
        if file.shown().starts_with('!') {
            self.odd(Oddity::Unread);
        }
        invocation.redirects.push(Redirect { writes, file });
    }
}

/// Whether the program has redirections of its own.
fn redirects(simple: &SimpleCommand) -> bool {
    let before = simple.prefix.iter().flat_map(|prefix| &prefix.0);
    let after = simple.suffix.iter().flat_map(|suffix| &suffix.0);
    before
        .chain(after)
        .any(|item| matches!(item, CommandPrefixOrSuffixItem::IoRedirect(redirect) if opens_a_file(redirect)))
}

fn opens_a_file(redirect: &IoRedirect) -> bool {
    match redirect {
        IoRedirect::File(_, _, IoFileRedirectTarget::Fd(_)) => false,
        IoRedirect::File(_, _, IoFileRedirectTarget::Filename(word)) => word.value != "/dev/null",
        IoRedirect::File(_, _, IoFileRedirectTarget::Duplicate(word)) => {
            word.value.bytes().any(|byte| !byte.is_ascii_digit())
        }
        _ => true,
    }
}
