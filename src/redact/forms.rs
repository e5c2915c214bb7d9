//! Invented values that stand in a text, and how they are told there again.
//!
//! A *form* is a text that was put in place of something. [`Forms::read`] tells one at a place of a text, in any case;
//! of a name also its genitive ("Hartmanns") and the endings of languages that inflect names, which are forms of
//! their own. Both sides use it: the restorer on answers, and the redactor on later texts, where what happens to read like a
//! form is put out of the way by being replaced itself.

use std::collections::{HashMap, HashSet};
use std::fmt;

use zeroize::Zeroizing;

use crate::types::Entity;

use super::span::{Candidate, Evidence};

/// What a form is a form of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A value as a whole.
    Exact,
    /// A word of a name.
    Name,
}

/// An invented text and what it stands for.
#[derive(Clone)]
struct Form {
    text: String,
    value: Zeroizing<String>,
    entity: Entity,
    kind: Kind,
    /// Whether a name was written without capitals: only then is it told without them, because many names are words.
    quiet: bool,
}

/// The forms of one request.
#[derive(Clone, Default)]
pub(super) struct Forms {
    list: Vec<Form>,
    /// By the first character in lower case, the longest first.
    starting: HashMap<char, Vec<usize>>,
    /// Every form in lower case.
    taken: HashMap<String, usize>,
    /// Every word of a form, in lower case.
    words: HashSet<String>,
}

/// What stands at a place of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// Perhaps a form: what follows decides.
    Incomplete,
    /// None.
    Nothing,
    /// A form.
    Found {
        /// Its bytes, a genitive's ending included.
        len: usize,
        /// Which form.
        form: usize,
        /// Whether an ending of the genitive belongs to it.
        genitive: bool,
    },
}

impl Forms {
    /// Adds a form; whether it was new.
    pub(super) fn add(&mut self, text: &str, value: &str, entity: Entity, kind: Kind) -> bool {
        let lower = text.to_lowercase();
        let Some(first) = lower.chars().next() else {
            return false;
        };
        if self.taken.contains_key(&lower) {
            return false;
        }
        self.words.extend(words(&lower).map(str::to_owned));
        let at = self.list.len();
        self.taken.insert(lower, at);
        self.list.push(Form {
            text: text.to_owned(),
            value: Zeroizing::new(value.to_owned()),
            entity,
            kind,
            quiet: false,
        });
        let list = &self.list;
        let same = self.starting.entry(first).or_default();
        let len = |at: &usize| list.get(*at).map_or(0, |form| form.text.len());
        let place = same.partition_point(|other| len(other) >= text.len());
        same.insert(place, at);
        true
    }

    /// What the form `text` stands for from now on.
    pub(super) fn change(&mut self, text: &str, value: &str) {
        let at = self.taken.get(&text.to_lowercase()).copied();
        if let Some(form) = at.and_then(|at| self.list.get_mut(at)) {
            form.value = Zeroizing::new(value.to_owned());
        }
    }

    /// Tells the form `text` without capitals too from now on.
    pub(super) fn hush(&mut self, text: &str) {
        let at = self.taken.get(&text.to_lowercase()).copied();
        if let Some(form) = at.and_then(|at| self.list.get_mut(at)) {
            form.quiet = true;
        }
    }

    /// Whether `text` is a form, or the word `text` a part of one.
    pub(super) fn holds(&self, text: &str) -> bool {
        let lower = text.to_lowercase();
        self.taken.contains_key(&lower) || self.words.contains(&lower)
    }

    /// Whether `lower`, in lower case, is a form.
    pub(super) fn holds_whole(&self, lower: &str) -> bool {
        self.taken.contains_key(lower)
    }

    /// Whether `lower`, in lower case, is a word of a name that is a form.
    pub(super) fn holds_name(&self, lower: &str) -> bool {
        let form = self.taken.get(lower).and_then(|at| self.list.get(*at));
        form.is_some_and(|form| form.kind == Kind::Name)
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Every form: its kind, entity, text and value.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Kind, Entity, &str, &str)> {
        let form = |form: &Form| (form.kind, form.entity);
        self.list.iter().map(move |own| {
            let (kind, entity) = form(own);
            (kind, entity, own.text.as_str(), own.value.as_str())
        })
    }

    /// Reads a form at the start of `text`; `last`: nothing follows `text`; `in_word`: a word goes on there.
    pub(super) fn read(&self, text: &str, in_word: bool, last: bool) -> Read {
        let Some(first) = text.chars().next().map(lower) else {
            return Read::Nothing;
        };
        if in_word && is_word(first) {
            return Read::Nothing;
        }
        let mut open = false;
        for at in self.starting.get(&first).into_iter().flatten() {
            let Some(form) = self.list.get(*at) else {
                continue;
            };
            match form.at(text, last) {
                Match::Whole { len, genitive } => {
                    // A longer one that may yet become whole stands before it in the list.
                    return match open {
                        true => Read::Incomplete,
                        false => Read::Found {
                            len,
                            form: *at,
                            genitive,
                        },
                    };
                }
                Match::Open => open = true,
                Match::No => {}
            }
        }
        match open {
            true => Read::Incomplete,
            false => Read::Nothing,
        }
    }

    /// What stands for what was read as the form at `form`: `written` is how it was written.
    pub(super) fn value(&self, form: usize, written: &str, genitive: bool) -> Zeroizing<String> {
        let Some(form) = self.list.get(form) else {
            return Zeroizing::new(written.to_owned());
        };
        let mut value = Zeroizing::new(match form.kind {
            Kind::Exact if form.entity != Entity::Email => form.value.to_string(),
            Kind::Exact | Kind::Name => recased(&form.value, written, &form.text),
        });
        if genitive {
            let ends = value.to_lowercase();
            let hissing = ends.ends_with(['s', 'ß', 'x', 'z']);
            value.push(match (hissing, written.ends_with('S')) {
                (true, _) => '’',
                (false, true) => 'S',
                (false, false) => 's',
            });
        }
        value
    }

    /// Adds what of `text` reads like a form.
    pub(super) fn find(&self, text: &str, found: &mut Vec<Candidate>) {
        if self.is_empty() {
            return;
        }
        let (mut in_word, mut skip_to) = (false, 0);
        for (at, c) in text.char_indices() {
            if at >= skip_to
                && let Read::Found {
                    len,
                    form,
                    genitive,
                } = self.read(&text[at..], in_word, true)
                && let Some(form) = self.list.get(form)
            {
                skip_to = at + len;
                let range = at..skip_to - usize::from(genitive);
                found.push(Candidate {
                    evidence: Evidence::Record,
                    source: SOURCE,
                    ..Candidate::pattern(range, form.entity, 1.0)
                });
            }
            in_word = is_word(c);
        }
    }
}

/// What finds of texts that read like a form are explained with.
pub(super) const SOURCE: &str = "surrogates";

impl fmt::Debug for Forms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Forms({})", self.list.len())
    }
}

enum Match {
    Whole { len: usize, genitive: bool },
    Open,
    No,
}

impl Form {
    /// Whether the form stands at the start of `text`.
    fn at(&self, text: &str, last: bool) -> Match {
        let capital = self.quiet || self.kind == Kind::Exact;
        if !capital && !text.starts_with(char::is_uppercase) {
            return Match::No;
        }
        let mut written = text.char_indices();
        for expected in self.text.chars() {
            let fits = |c: char| match expected {
                ' ' => matches!(c, ' ' | '\u{a0}' | '\n'),
                expected => lower(c) == lower(expected),
            };
            match written.next() {
                Some((_, c)) if fits(c) => {}
                None if !last => return Match::Open,
                _ => return Match::No,
            }
        }
        let len = written.offset();
        let ends_in_word = self.text.ends_with(is_word);
        let mut behind = text[len..].chars();
        match behind.next() {
            None if !last => Match::Open,
            Some('s' | 'S') if self.kind == Kind::Name => match behind.next() {
                None if !last => Match::Open,
                Some(c) if is_word(c) => Match::No,
                _ => Match::Whole {
                    len: len + 1,
                    genitive: true,
                },
            },
            Some(c) if ends_in_word && is_word(c) => Match::No,
            _ => Match::Whole {
                len,
                genitive: false,
            },
        }
    }
}

/// `value` in the case in which `written` is, where that is another one than `form`'s.
fn recased(value: &str, written: &str, form: &str) -> String {
    let shouted = |text: &str| {
        let letters = || text.chars().filter(|c| c.is_alphabetic());
        letters().count() > 1 && letters().all(|c| !c.is_lowercase())
    };
    let quiet = |text: &str| text.chars().all(|c| !c.is_uppercase());
    if shouted(written) && !shouted(form) {
        value.to_uppercase()
    } else if quiet(written) && !quiet(form) {
        value.to_lowercase()
    } else {
        value.to_owned()
    }
}

/// The runs of letters and digits.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// One character for one, so that lengths can be compared.
fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms() -> Forms {
        let mut forms = Forms::default();
        forms.add("Lena", "Ada", Entity::Person, Kind::Name);
        forms.hush("Lena");
        forms.add("Hartmann", "Weiß", Entity::Person, Kind::Name);
        forms.add("Vogt", "Byron", Entity::Person, Kind::Name);
        forms.add(
            "l.keller41@example.org",
            "ada@x.de",
            Entity::Email,
            Kind::Exact,
        );
        forms.add(
            "+49 30 23125 017",
            "030 1234567",
            Entity::Phone,
            Kind::Exact,
        );
        forms
    }

    #[test]
    fn forms_are_told_in_any_case_and_in_the_genitive() {
        let forms = forms();
        for (text, expected) in [
            ("Lena Hartmann", Some("Ada")),
            ("LENA", Some("ADA")),
            ("lena,", Some("ada")),
            ("hartmann", None),
            ("Lenas Brief", Some("Adas")),
            ("Hartmanns", Some("Weiß’")),
            ("Vogts", Some("Byrons")),
            ("Lena's", Some("Ada")),
            ("Lenart", None),
            ("Lenasch", None),
            ("L.Keller41@Example.org", Some("ada@x.de")),
            ("l.keller41@example.organic", None),
            ("+49 30 23125 017.", Some("030 1234567")),
            ("+49\u{a0}30 23125 017", Some("030 1234567")),
            ("+49 30 23125 0171", None),
        ] {
            let got = match forms.read(text, false, true) {
                Read::Found {
                    len,
                    form,
                    genitive,
                } => Some(forms.value(form, &text[..len], genitive).to_string()),
                _ => None,
            };
            assert_eq!(got.as_deref(), expected, "{text}");
        }
        assert_eq!(forms.read("Lena ", true, true), Read::Nothing);
    }

    #[test]
    fn only_true_prefixes_wait() {
        let forms = forms();
        for (text, waits) in [
            ("L", true),
            ("Lena", true),
            ("Lenas", true),
            ("Lena ", false),
            ("Lex", false),
            ("+49 30", true),
            ("+49 31", false),
            ("x", false),
        ] {
            let read = forms.read(text, false, false);
            assert_eq!(read == Read::Incomplete, waits, "{text}");
        }
    }

    #[test]
    fn what_reads_like_a_form_is_found() {
        let text = "Dear Lena, VOGTS house; Lenart; +49 30 23125 017";
        let mut found = Vec::new();
        forms().find(text, &mut found);
        let texts: Vec<_> = found.iter().map(|c| &text[c.range.clone()]).collect();
        assert_eq!(texts, ["Lena", "VOGT", "+49 30 23125 017"]);
    }
}
