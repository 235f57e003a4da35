//! A shell line as the policy sees it: which programs it starts with which words, what it redirects, and whatever makes
//! it less than plain.

/// Everything that a shell line would start, in the order of its text. The nesting is gone: what the policy says of a
/// line is the strictest of what it says of each part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    /// The programs.
    pub invocations: Vec<Invocation>,
    /// What cannot be judged by its parts.
    pub oddities: Vec<Oddity>,
    /// Whether it has `[[ ]]`, which the plainer shells take for a program, and what is in it for a line; or `{a,b}`,
    /// which is a name to them; or `&> file`, behind which they begin another program.
    pub beyond_sh: bool,
}

/// One program with its words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Invocation {
    /// The program's name first; empty for a redirection that stands alone.
    pub words: Vec<Word>,
    /// Files that it reads or writes by redirection.
    pub redirects: Vec<Redirect>,
    /// Which of the script's streams it is part of: what may read what another part of it writes, while it writes.
    pub stream: Option<usize>,
}

/// One word after the shell's expansions, as far as they can be known beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// Known to the letter.
    Fixed(String),
    /// A pattern that the shell replaces by the names of files.
    Glob(String),
    /// Comes from a variable, a substitution or arithmetic.
    Open {
        /// As it stands in the line.
        shown: String,
        /// Whether nothing but the output of programs of this script, or of text, goes into it: no variable.
        only_output: bool,
    },
}

impl Word {
    /// The text where it is known to the letter.
    pub fn fixed(&self) -> Option<&str> {
        match self {
            Self::Fixed(text) => Some(text),
            Self::Glob(_) | Self::Open { .. } => None,
        }
    }

    /// For a person.
    pub fn shown(&self) -> &str {
        match self {
            Self::Fixed(text) | Self::Glob(text) | Self::Open { shown: text, .. } => text,
        }
    }
}

/// A file that the shell itself opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// Whether it may create or change the file.
    pub writes: bool,
    /// Which file.
    pub file: Word,
}

/// What makes a line less than plain. Each is asked, whatever the programs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Oddity {
    /// `X=1 program`, `export X=1`.
    Assignment,
    /// `program &`, a coprocess.
    Background,
    /// A function is defined.
    Function,
    /// A function is defined that calls itself: `:(){ :|:& };:`.
    ForkBomb,
    /// A form of the shell that is not looked into, such as arithmetic that may run commands.
    Unread,
}

impl Oddity {
    /// The stable name of the rule that asks.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Assignment => "shell_assignment",
            Self::Background => "shell_background",
            Self::Function => "shell_function",
            Self::ForkBomb => "fork_bomb",
            Self::Unread => "shell_unread",
        }
    }

    /// Why it is asked.
    pub fn why(self) -> &'static str {
        match self {
            Self::Assignment => "it sets a variable, which can change what the programs after it do",
            Self::Background => "it leaves a program running in the background",
            Self::ForkBomb => "it defines a shell function that starts itself again and again",
            Self::Function => "it defines a shell function, which can stand in for any program",
            Self::Unread => "it uses a form of the shell that cannot be judged beforehand",
        }
    }
}
