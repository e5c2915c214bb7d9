//! People under other names, word by word: so that "Anna", "Frau Müller" and "Müller, Anna" stay one person, and every
//! arrangement of the words goes back to what it was.

use std::ops::Range;

use crate::redact::fold::fold;
use crate::redact::words::{PARTICLES, SUFFIXES, TITLES};
use crate::types::Entity;

use super::super::forms::Kind;
use super::names::{Culture, MORE_MEN, MORE_WOMEN, list};
use super::{Choices, Surrogates};

/// Titles that say that a woman is meant, folded.
const MADAMS: &[&str] = &[
    "frau",
    "mrs",
    "ms",
    "miss",
    "madam",
    "mme",
    "madame",
    "mlle",
    "mademoiselle",
    "signora",
    "signorina",
    "sra",
    "senora",
    "srta",
    "senorita",
    "mevr",
    "mevrouw",
    "mw",
    "pani",
    "senhora",
    "dona",
    "fru",
    "lady",
];
/// Titles that say that a man is meant, folded.
const SIRS: &[&str] = &[
    "herr", "herrn", "hr", "mr", "sir", "monsieur", "sig", "signor", "sr", "senor", "dhr",
    "meneer", "pan", "senhor", "don", "lord",
];

/// What stands for a word of names, whoever has it: people of one family stay one.
#[derive(Clone)]
pub(super) struct Word {
    surrogate: String,
    given: bool,
    /// Whether the word was only ever seen in capitals or without any: what it goes back to is then a guess.
    guessed: bool,
}

/// A word of a name as it is written.
struct Written<'t> {
    text: &'t str,
    range: Range<usize>,
    /// Without diacritics, for lists.
    folded: String,
    /// In lower case: what is written with and without diacritics are two words, so that each goes back as it was.
    lower: String,
}

impl Surrogates {
    /// `written` with other names in it; `key` is equal for all ways of writing one person, `full` the whole name where it
    /// is known, `before` what stands in front. `None`: nothing safe can be made of it.
    pub(super) fn person(
        &mut self,
        written: &str,
        (key, full): (&str, Option<&str>),
        before: &str,
        choices: &mut Choices,
    ) -> Option<String> {
        let words = words_of(written)?;
        let names: Vec<&Written<'_>> = words.iter().filter(|word| is_name(word)).collect();
        // A title alone is somebody's name.
        let names = if names.is_empty() {
            words.iter().collect()
        } else {
            names
        };
        let title = last_word(before);
        let woman = self.women.get(key).copied();
        let woman = woman
            .or_else(|| gender(full.unwrap_or(written), &title))
            .or_else(|| gender(written, &first_word(written)));
        if let Some(woman) = woman {
            self.women.insert(key.to_owned(), woman);
        }
        // The whole name first, so that its words are told as given names and family names.
        if let Some(words) = full.filter(|full| *full != written).and_then(words_of) {
            let own: Vec<_> = words.iter().filter(|word| is_name(word)).collect();
            let turned = full.is_some_and(|full| full.contains(','));
            self.name(&own, (turned, false), woman, choices)?;
        }
        let titled = TITLES.contains(&title.as_str()) || begins_with_title(written);
        self.name(&names, (written.contains(','), titled), woman, choices)?;
        let text = self.renamed(written, &names, choices)?;
        let is_initial = |word: &&&Written<'_>| word.folded.chars().count() == 1;
        let n_initials = names.iter().filter(is_initial).count();
        // An initial alone could be anything, so it goes back only together with its name.
        let sound = match n_initials {
            0 => true,
            n if n == names.len() => false,
            _ => self.is_whole(&text, written),
        };
        sound.then_some(text)
    }

    /// Whether `text` stands for `written` and for nothing else.
    fn is_whole(&mut self, text: &str, written: &str) -> bool {
        if let Some(own) = self.whole.get(text) {
            return own == written;
        }
        let new = self.forms.add(text, written, Entity::Person, Kind::Exact);
        if new {
            self.whole.insert(text.to_owned(), written.to_owned());
        }
        new
    }

    /// `written` with the surrogates of its words.
    fn renamed(
        &mut self,
        written: &str,
        names: &[&Written<'_>],
        choices: &mut Choices,
    ) -> Option<String> {
        let (mut out, mut from) = (String::with_capacity(written.len() + 16), 0);
        for word in names {
            out.push_str(written.get(from..word.range.start)?);
            let surrogate = if word.folded.chars().count() == 1 {
                self.initial_for(&word.lower, names, choices)?
            } else if let Some(stem) = self.genitive(&word.lower) {
                format!("{}s", stem.surrogate)
            } else {
                let own = self.names.get_mut(&word.lower)?;
                if own.guessed && !is_guess(word.text) {
                    own.guessed = false;
                    self.forms.change(&own.surrogate, word.text);
                }
                own.surrogate.clone()
            };
            let cased = as_written(&surrogate, word.text);
            if cased.chars().all(|c| !c.is_uppercase()) {
                self.forms.hush(&surrogate);
            }
            out.push_str(&cased);
            from = word.range.end;
        }
        out.push_str(written.get(from..)?);
        Some(out)
    }

    /// The name whose genitive `lower` is, if it is no name itself.
    fn genitive(&self, lower: &str) -> Option<&Word> {
        let stem = lower.strip_suffix('s')?;
        let named = !self.names.contains_key(lower) && !stem.ends_with(['s', 'ß', 'x', 'z']);
        self.names.get(stem).filter(|_| named)
    }

    /// The initial that stands for `initial`: of a given name that begins with it.
    fn initial_for(
        &self,
        initial: &str,
        names: &[&Written<'_>],
        choices: &mut Choices,
    ) -> Option<String> {
        let other = |lower: &str| !names.iter().any(|word| word.lower == lower);
        let known = self.names.iter();
        let mut known: Vec<_> = known
            .filter(|(own, word)| word.given && own.starts_with(initial) && other(own))
            .collect();
        known.sort_by(|a, b| a.0.cmp(b.0));
        let same = known
            .first()
            .and_then(|(_, word)| word.surrogate.chars().next());
        let any = || choices.of(b"ABCDEFGHJKLMNPRSTVW").map(char::from);
        same.or_else(any).map(String::from)
    }

    /// Gives each word of a name its surrogate; `turned`: the family name stands first; `titled`: behind a title.
    fn name(
        &mut self,
        names: &[&Written<'_>],
        (turned, titled): (bool, bool),
        woman: Option<bool>,
        choices: &mut Choices,
    ) -> Option<()> {
        let last = names.len().saturating_sub(1);
        for (at, word) in names.iter().enumerate() {
            let known =
                self.names.contains_key(&word.lower) || self.genitive(&word.lower).is_some();
            if known || word.folded.chars().count() == 1 {
                continue;
            }
            let given = match (turned, last) {
                (true, _) => at > 0,
                (false, 0) => !titled && known_gender(&word.folded).is_some(),
                (false, last) => at < last,
            };
            let surrogate = self.free_name(given, woman, choices)?;
            let guessed = is_guess(word.text);
            let value = if guessed {
                capitalised(word.text)
            } else {
                word.text.to_owned()
            };
            self.forms
                .add(&surrogate, &value, Entity::Person, Kind::Name);
            let own = Word {
                surrogate,
                given,
                guessed,
            };
            self.names.insert(word.lower.clone(), own);
        }
        Some(())
    }

    /// A name that nobody has here.
    fn free_name(&self, given: bool, woman: Option<bool>, choices: &mut Choices) -> Option<String> {
        let mut cultures = vec![self.culture];
        cultures.extend(Culture::ALL.into_iter().filter(|own| *own != self.culture));
        let woman = woman.unwrap_or_else(|| choices.below(2) == 0);
        cultures.into_iter().find_map(|culture| {
            let names = culture.names();
            let own = match (given, woman) {
                (false, _) => names.families,
                (true, true) => names.women,
                (true, false) => names.men,
            };
            let n = list(own).count();
            let first = choices.below(n);
            let mut all = list(own).cycle().skip(first).take(n);
            all.find(|name| self.is_free_name(name)).map(str::to_owned)
        })
    }
}

/// The words of a name; `None` where it holds what no list has the like of: digits, other scripts.
fn words_of(text: &str) -> Option<Vec<Written<'_>>> {
    let latin = |c: char| {
        c.is_ascii_alphabetic() || matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
    };
    let inside = |c: char| matches!(c, '-' | '\'' | '’');
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if c.is_alphanumeric() && !latin(c)
            || matches!(c, '@' | '_' | '\u{300}'..='\u{36f}' | '\u{ad}')
        {
            return None;
        }
        match start {
            None if latin(c) => start = Some(at),
            Some(from) if !(latin(c) || inside(c)) => {
                let word = text.get(from..at)?.trim_end_matches(inside);
                words.push(Written {
                    text: word,
                    range: from..from + word.len(),
                    folded: fold(word),
                    lower: word.to_lowercase(),
                });
                start = None;
            }
            _ => {}
        }
    }
    (!words.is_empty() && words.len() <= 12).then_some(words)
}

fn is_name(word: &&Written<'_>) -> bool {
    let folded = word.folded.as_str();
    let ending = folded.len() > 1 && SUFFIXES.contains(&folded);
    !(TITLES.contains(&folded) || PARTICLES.contains(&folded) || ending)
}

fn begins_with_title(written: &str) -> bool {
    TITLES.contains(&first_word(written).as_str())
}

fn first_word(text: &str) -> String {
    let word = text.split(|c: char| !c.is_alphanumeric()).next();
    fold(word.unwrap_or(""))
}

/// The word right in front, with nothing but a full stop and blanks behind it.
fn last_word(before: &str) -> String {
    let trimmed = before.trim_end_matches([' ', '\u{a0}', '.']);
    let word = trimmed.rsplit(|c: char| !c.is_alphanumeric()).next();
    fold(word.unwrap_or(""))
}

/// Whether a woman is meant, where a title or a given name says so.
fn gender(name: &str, title: &str) -> Option<bool> {
    if MADAMS.contains(&title) {
        return Some(true);
    }
    if SIRS.contains(&title) {
        return Some(false);
    }
    words_of(name)?
        .iter()
        .find_map(|word| known_gender(&word.folded))
}

/// Whether a folded given name is a woman's.
fn known_gender(folded: &str) -> Option<bool> {
    if list(MORE_WOMEN).any(|name| name == folded) {
        return Some(true);
    }
    if list(MORE_MEN).any(|name| name == folded) {
        return Some(false);
    }
    let lists = |women: bool| {
        Culture::ALL.into_iter().any(|culture| {
            let names = culture.names();
            let own = if women { names.women } else { names.men };
            list(own).any(|name| fold(name) == folded)
        })
    };
    match (lists(true), lists(false)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

/// Whether nobody can tell how a word is written when it is not shouted or whispered.
fn is_guess(word: &str) -> bool {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let shouted = letters > 1 && word.chars().all(|c| !c.is_lowercase());
    shouted || word.chars().all(|c| !c.is_uppercase())
}

/// "müller-weiß" and "MÜLLER-WEISS" as "Müller-Weiß".
fn capitalised(word: &str) -> String {
    let mut fresh = true;
    let cased = word.to_lowercase().chars().collect::<Vec<_>>();
    let cased = cased.into_iter().flat_map(|c| {
        let own: Vec<char> = if fresh {
            c.to_uppercase().collect()
        } else {
            vec![c]
        };
        fresh = !c.is_alphabetic();
        own
    });
    cased.collect()
}

/// `surrogate` in the case of `word`.
fn as_written(surrogate: &str, word: &str) -> String {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    if letters > 1 && word.chars().all(|c| !c.is_lowercase()) {
        surrogate.to_uppercase()
    } else if word.chars().all(|c| !c.is_uppercase()) {
        surrogate.to_lowercase()
    } else {
        surrogate.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gender_by_title_or_given_name() {
        for (name, title, woman) in [
            ("Weber", "frau", Some(true)),
            ("Weber", "herr", Some(false)),
            ("Anna Weber", "", Some(true)),
            ("Weber, Peter", "", Some(false)),
            ("Élodie", "", Some(true)),
            ("Weber", "", None),
        ] {
            assert_eq!(gender(name, title), woman, "{title} {name}");
        }
    }

    #[test]
    fn words_that_no_list_has_the_like_of() {
        for (text, words) in [
            ("Dr. Ada O'Hara-King", Some(3)),
            ("王小明", None),
            ("anna82", None),
            ("a@b", None),
        ] {
            assert_eq!(words_of(text).map(|own| own.len()), words, "{text}");
        }
    }

    #[test]
    fn case_is_kept() {
        assert_eq!(as_written("Lena", "ADA"), "LENA");
        assert_eq!(as_written("Lena", "ada"), "lena");
        assert_eq!(as_written("Lena", "Ada"), "Lena");
        assert_eq!(capitalised("MÜLLER-weiß"), "Müller-Weiß");
    }
}
