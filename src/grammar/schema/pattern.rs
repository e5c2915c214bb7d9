//! Regular expressions: from ECMA-262, which JSON Schema uses, to the engine's syntax.
//!
//! The result is anchored at both ends and says the same of every text: `.` leaves out all four line
//! ends, `\d` and `\w` are ASCII, `\s` is ECMA's. What the engine lacks (lookarounds, back-references,
//! word boundaries, anchors inside) gives `None`, and so does what asks for a character that answers don't write.

use std::iter::Peekable;
use std::str::Chars;

use super::limit;
use super::walk::is_writable;

/// ECMA's white space and line ends, inside of a class.
const SPACES: &str = r"\t\n\x0B\x0C\r \x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{FEFF}";
const DIGITS: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
const ANYTHING: &str = "(?s:.)*";
/// Groups within groups.
const MAX_NESTING: usize = 24;

/// `pattern` in the engine's syntax, for whole texts.
pub(super) fn translate(pattern: &str) -> Option<String> {
    if pattern.len() > limit::PATTERN_BYTES {
        return None;
    }
    let mut reader = Reader {
        rest: pattern.chars().peekable(),
        out: String::new(),
        branches: Vec::new(),
        groups: 0,
        repeatable: false,
        starts: false,
        ends: false,
        at_start: true,
    };
    while let Some(c) = reader.rest.next() {
        reader.element(c)?;
    }
    reader.close_branch();
    (reader.groups == 0).then(|| format!("^(?:{})$", reader.branches.join("|")))
}

/// The one text that `pattern` matches, if it is written plainly: `^name$`.
pub(super) fn literal(pattern: &str) -> Option<&str> {
    let inner = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' ' | '@' | ':');
    inner.chars().all(plain).then_some(inner)
}

struct Reader<'p> {
    rest: Peekable<Chars<'p>>,
    /// The alternative that is being read, without its anchors.
    out: String,
    /// Alternatives that are read, each for whole texts.
    branches: Vec<String>,
    groups: usize,
    /// Whether a quantifier may come.
    repeatable: bool,
    /// Whether the alternative is anchored at its start.
    starts: bool,
    /// Whether it is at its end.
    ends: bool,
    at_start: bool,
}

/// A member of a class.
enum Member {
    One(char),
    Set(String),
}

impl Reader<'_> {
    fn element(&mut self, c: char) -> Option<()> {
        let at_start = std::mem::replace(&mut self.at_start, false);
        match c {
            '^' if at_start && self.groups == 0 => {
                self.starts = true;
                self.repeatable = false;
                return Some(());
            }
            '$' if self.groups == 0 && matches!(self.rest.peek(), None | Some('|')) => {
                self.ends = true;
                return Some(());
            }
            '^' | '$' => return None,
            '|' if self.groups == 0 => {
                self.close_branch();
                return Some(());
            }
            '|' => {
                self.out.push('|');
                self.repeatable = false;
                return Some(());
            }
            '(' => return self.open(),
            ')' => {
                self.groups = self.groups.checked_sub(1)?;
                self.out.push(')');
            }
            '*' | '+' | '?' => return self.quantifier(&c.to_string()),
            '{' => {
                if let Some(counts) = self.counts()? {
                    return self.quantifier(&counts);
                }
                put(&mut self.out, '{');
            }
            '.' => self.out.push_str(r"[^\n\r\x{2028}\x{2029}]"),
            '[' => self.class()?,
            '\\' => match self.escape(false)? {
                Member::One(c) => self.one(c)?,
                Member::Set(set) => self.out.push_str(&set),
            },
            c => self.one(c)?,
        }
        self.repeatable = true;
        Some(())
    }

    /// A character that stands for itself. The engine would leave out one that can't be written.
    fn one(&mut self, c: char) -> Option<()> {
        let written = is_written(c, c);
        written.then(|| put(&mut self.out, c))
    }

    /// Ends an alternative: where it is not anchored, anything may stand.
    fn close_branch(&mut self) {
        let start = if self.starts { "" } else { ANYTHING };
        let end = if self.ends { "" } else { ANYTHING };
        let branch = format!("{start}{}{end}", self.out);
        self.branches.push(branch);
        self.out.clear();
        (self.starts, self.ends, self.at_start) = (false, false, true);
        self.repeatable = false;
    }

    fn open(&mut self) -> Option<()> {
        if self.rest.next_if_eq(&'?').is_some() {
            match self.rest.next()? {
                ':' => {}
                // A name; a lookbehind has no letter here.
                '<' if self.rest.peek()?.is_ascii_alphabetic() => while self.rest.next()? != '>' {},
                _ => return None,
            }
        }
        self.groups += 1;
        self.out.push_str("(?:");
        self.repeatable = false;
        (self.groups <= MAX_NESTING).then_some(())
    }

    fn quantifier(&mut self, text: &str) -> Option<()> {
        if !self.repeatable {
            return None;
        }
        // Lazy or not: the same texts.
        self.rest.next_if_eq(&'?');
        self.out.push_str(text);
        self.repeatable = false;
        Some(())
    }

    /// Reads `n}`, `n,}` or `n,m}`; `Some(None)` where the bracket is text.
    fn counts(&mut self) -> Option<Option<String>> {
        let ahead: String = self.rest.clone().take_while(|c| *c != '}').collect();
        let (least, most) = ahead.split_once(',').unwrap_or((&ahead, &ahead));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let closed = self.rest.clone().nth(ahead.chars().count()) == Some('}');
        if !closed || !is_number(least) || !(most.is_empty() || is_number(most)) {
            return Some(None);
        }
        let number = |text: &str| {
            text.parse::<u32>()
                .ok()
                .filter(|n| *n <= limit::REPETITIONS)
        };
        let low = number(least)?;
        if !most.is_empty() && number(most)? < low {
            return None;
        }
        self.rest.nth(ahead.chars().count());
        Some(Some(format!("{{{ahead}}}")))
    }

    /// Reads a class, up to its closing bracket.
    fn class(&mut self) -> Option<()> {
        let negated = self.rest.next_if_eq(&'^').is_some();
        let mut members = String::new();
        let mut written = false;
        loop {
            let c = self.rest.next()?;
            if c == ']' {
                break;
            }
            let from = self.member(c)?;
            written |= match from {
                Member::One(c) => is_written(c, c),
                Member::Set(_) => true,
            };
            // A dash between two characters makes a range; anywhere else it is one.
            let mut after = self.rest.clone();
            let ranges = after.next() == Some('-') && after.next().is_some_and(|c| c != ']');
            match from {
                Member::One(from) if ranges => {
                    self.rest.next();
                    let next = self.rest.next()?;
                    match self.member(next)? {
                        Member::One(to) if from <= to => {
                            written |= is_written(from, to);
                            code(&mut members, from);
                            members.push('-');
                            code(&mut members, to);
                        }
                        Member::One(_) => return None,
                        Member::Set(set) => {
                            written = true;
                            code(&mut members, from);
                            members.push_str(r"\-");
                            members.push_str(&set);
                        }
                    }
                }
                Member::One(c) => code(&mut members, c),
                Member::Set(set) => members.push_str(&set),
            }
        }
        let class = match (negated, members.is_empty()) {
            (true, true) => "(?s:.)".to_owned(),
            (true, false) => format!("[^{members}]"),
            (false, _) => format!("[{members}]"),
        };
        // A class may hold nothing, or only what `one` refuses.
        let is_sound = if negated {
            has_written(&class)
        } else {
            written
        };
        is_sound.then(|| self.out.push_str(&class))
    }

    fn member(&mut self, c: char) -> Option<Member> {
        match c {
            '\\' => self.escape(true),
            c => Some(Member::One(c)),
        }
    }

    /// Reads what follows a backslash.
    fn escape(&mut self, in_class: bool) -> Option<Member> {
        let set = |inner: &str, negated: bool| {
            Some(Member::Set(match (in_class, negated) {
                (true, false) => inner.to_owned(),
                (_, true) => format!("[^{inner}]"),
                (false, false) => format!("[{inner}]"),
            }))
        };
        let c = self.rest.next()?;
        Some(Member::One(match c {
            'd' => return set(DIGITS, false),
            'D' => return set(DIGITS, true),
            'w' => return set(WORD, false),
            'W' => return set(WORD, true),
            's' => return set(SPACES, false),
            'S' => return set(SPACES, true),
            'p' | 'P' => {
                self.rest.next_if_eq(&'{')?;
                let name: String = self.rest.by_ref().take_while(|c| *c != '}').collect();
                let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '=');
                return name
                    .chars()
                    .all(fits)
                    .then(|| Member::Set(format!("\\{c}{{{name}}}")));
            }
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\x0C',
            'v' => '\x0B',
            'b' if in_class => '\x08',
            '0' if !self.rest.peek().is_some_and(char::is_ascii_digit) => '\0',
            'c' => {
                let letter = self.rest.next().filter(char::is_ascii_alphabetic)?;
                char::from(u8::try_from(letter).ok()? & 31)
            }
            'x' => self.hex(2)?,
            'u' => self.unicode()?,
            c if c.is_ascii_alphanumeric() => return None,
            c => c,
        }))
    }

    fn unicode(&mut self) -> Option<char> {
        if self.rest.next_if_eq(&'{').is_some() {
            let digits: String = self.rest.by_ref().take_while(|c| *c != '}').collect();
            return char::from_u32(u32::from_str_radix(&digits, 16).ok()?);
        }
        let high = self.number(4)?;
        if !(0xD800..0xDC00).contains(&high) {
            return char::from_u32(high);
        }
        self.rest.next_if_eq(&'\\')?;
        self.rest.next_if_eq(&'u')?;
        let low = self
            .number(4)?
            .checked_sub(0xDC00)
            .filter(|low| *low < 0x400)?;
        char::from_u32(0x10000 + ((high - 0xD800) << 10) + low)
    }

    fn hex(&mut self, digits: usize) -> Option<char> {
        char::from_u32(self.number(digits)?)
    }

    fn number(&mut self, digits: usize) -> Option<u32> {
        let text: String = self.rest.by_ref().take(digits).collect();
        let whole = text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit());
        whole.then(|| u32::from_str_radix(&text, 16).ok())?
    }
}

/// Whether one of these characters can be written in an answer.
fn is_written(from: char, to: char) -> bool {
    // Those that can't are fewer than these.
    let mut first = (from..=to).take(64);
    first.any(|c| is_writable(c.encode_utf8(&mut [0; 4])))
}

/// Whether a class holds a character that can be written, one of those that classes leave in.
fn has_written(class: &str) -> bool {
    let others = [
        '\n', '\t', '\r', '\x08', '\x0C', 'é', 'ß', 'Ω', 'Ж', '中', '😀',
    ];
    let text: String = (' '..='~').chain(others).collect();
    regex::Regex::new(class).is_ok_and(|class| class.is_match(&text))
}

/// Adds a character that stands for itself.
fn put(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() || !c.is_ascii() {
        out.push(c);
    } else {
        code(out, c);
    }
}

/// Adds a character by its number: means itself anywhere.
fn code(out: &mut String, c: char) {
    out.push_str(&format!("\\x{{{:X}}}", u32::from(c)));
}
