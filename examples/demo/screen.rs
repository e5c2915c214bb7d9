//! What the demo looks like in a terminal: headings, facts, quoted text, a text that grows.

use std::io::{self, IsTerminal as _, Write as _};

/// Widest line.
const WIDTH: usize = 80;
/// Before everything below a heading.
const INDENT: &str = "   ";
/// Before quoted text.
const BAR: &str = "   │ ";

/// How something is marked, where the terminal shows colours.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ink {
    Bold,
    Dim,
    Good,
    Bad,
    /// Personal data.
    Person,
    /// What stands for personal data.
    Placeholder,
}

impl Ink {
    fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Bad => "1;31",
            Self::Person => "35",
            Self::Placeholder => "33",
        }
    }
}

/// Standard output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    colours: bool,
}

impl Screen {
    /// With colours on a terminal, unless `NO_COLOR` says otherwise.
    pub(crate) fn new() -> Self {
        let unwanted = bailiwick_fetch::environment("NO_COLOR").is_some_and(|it| !it.is_empty());
        Self {
            colours: io::stdout().is_terminal() && !unwanted,
        }
    }

    pub(crate) fn ink(self, ink: Ink, text: &str) -> String {
        if self.colours {
            format!("\x1b[{}m{text}\x1b[0m", ink.code())
        } else {
            text.to_owned()
        }
    }

    /// Writes as it is. A closed pipe is not an error: the checks go on.
    pub(crate) fn put(self, text: &str) {
        let mut out = io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    pub(crate) fn line(self, text: &str) {
        self.put(&format!("{INDENT}{text}\n"));
    }

    pub(crate) fn heading(self, title: &str) {
        let rule = "─".repeat(WIDTH.saturating_sub(title.chars().count() + 4));
        let title = self.ink(Ink::Bold, title);
        self.put(&format!("\n── {title} {}\n", self.ink(Ink::Dim, &rule)));
    }

    /// An empty line.
    pub(crate) fn gap(self) {
        self.put("\n");
    }

    /// A paragraph, wrapped.
    pub(crate) fn say(self, text: &str) {
        for line in wrap(text, WIDTH - INDENT.len()) {
            self.line(&line);
        }
    }

    /// What the next lines are.
    pub(crate) fn label(self, text: &str) {
        self.gap();
        self.line(&self.ink(Ink::Dim, text));
    }

    /// A name and its value in two columns.
    pub(crate) fn fact(self, name: &str, value: &str) {
        const COLUMN: usize = 17;
        let mut name = format!("{name:COLUMN$}");
        for line in wrap(value, WIDTH - INDENT.len() - COLUMN) {
            self.line(&format!("{}{line}", self.ink(Ink::Dim, &name)));
            name = " ".repeat(COLUMN);
        }
    }

    /// Text of others behind a bar, wrapped; `marked` strings in the given ink.
    pub(crate) fn quote(self, text: &str, ink: Ink, marked: &[&str]) {
        for line in text.lines() {
            let deeper = line.len() - line.trim_start().len();
            for (at, part) in wrap(line, WIDTH - 5).into_iter().enumerate() {
                let hangs = at > 0 && deeper > 0;
                let hanging = " ".repeat(if hangs { deeper + 2 } else { 0 });
                let part = self.marked(&part, ink, marked);
                self.put(&format!("{}{hanging}{part}\n", self.ink(Ink::Dim, BAR)));
            }
        }
    }

    /// The text with every occurrence of `marked` strings in the given ink.
    pub(crate) fn marked(self, text: &str, ink: Ink, marked: &[&str]) -> String {
        let mut text = text.to_owned();
        for mark in marked {
            text = text.replace(mark, &self.ink(ink, mark));
        }
        text
    }

    /// Begins text that comes bit by bit.
    pub(crate) fn flow(self) -> Flow {
        Flow {
            screen: self,
            column: 0,
            word: String::new(),
        }
    }
}

/// Text that comes bit by bit, wrapped word by word.
#[derive(Debug)]
pub(crate) struct Flow {
    screen: Screen,
    column: usize,
    word: String,
}

impl Flow {
    pub(crate) fn push(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\n' => {
                    self.end_word();
                    self.new_line();
                }
                c if c.is_whitespace() => self.end_word(),
                c => self.word.push(c),
            }
        }
    }

    /// The last word.
    pub(crate) fn finish(mut self) {
        self.end_word();
        self.new_line();
    }

    fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        if word.is_empty() {
            return;
        }
        let width = word.chars().count();
        if self.column > 0 && self.column + 1 + width > WIDTH - 5 {
            self.new_line();
        }
        if self.column == 0 {
            self.screen.put(&self.screen.ink(Ink::Dim, BAR));
        } else {
            self.screen.put(" ");
            self.column += 1;
        }
        self.screen.put(&word);
        self.column += width;
    }

    fn new_line(&mut self) {
        if self.column > 0 {
            self.screen.put("\n");
        }
        self.column = 0;
    }
}

/// Lines of at most `width` characters, broken at spaces; the first keeps its indentation.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let indent = text.len() - text.trim_start().len();
    let mut lines = vec![" ".repeat(indent)];
    let mut column = indent;
    let mut first = true;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if !first && column + 1 + length > width {
            lines.push(String::new());
            column = 0;
            first = true;
        }
        if let Some(line) = lines.last_mut() {
            if !first {
                line.push(' ');
                column += 1;
            }
            line.push_str(word);
        }
        column += length;
        first = false;
    }
    lines
}
