//! Finds terms in a folded text: one pass over its words.
//!
//! A term is looked up by its first word, so a text costs one look into a table per word, however many
//! terms there are, and a term that is learnt on the way costs no building. Terms that start with no
//! word ("+49 …"), or in a script without blanks between words, have no first word: they are searched for
//! by their bytes.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::error::RedactError;
use super::readable::{Readable, joins};
use super::text::is_word;

/// Terms, folded.
#[derive(Default)]
pub(super) struct Lookup {
    by_word: HashMap<String, Bucket>,
    /// How the words start.
    starts: Pairs,
    /// How they end, and how long they are.
    ends: Pairs,
    /// Those without a first word.
    wordless: Vec<Term>,
    search: Option<AhoCorasick>,
}

/// The terms that begin with one word.
#[derive(Default)]
struct Bucket {
    terms: Vec<Term>,
    /// Their numbers by their forms, and how long those are; only of many terms, so that a text about everybody with one
    /// name costs no more than another.
    by_form: HashMap<Arc<str>, usize>,
    lengths: BTreeSet<usize>,
}

/// Most terms that are compared one by one.
const FEW: usize = 24;

impl Bucket {
    fn add(&mut self, term: Term) {
        self.terms.push(term);
        if self.terms.len() <= FEW {
            return;
        }
        let indexed = self.by_form.len();
        for term in self.terms.get(indexed..).unwrap_or_default() {
            self.by_form.insert(Arc::clone(&term.form), term.number);
            self.lengths.insert(term.form.len());
        }
    }

    /// Calls `each` with the length and number of every term that `rest` begins with.
    fn at_start_of(&self, rest: &str, mut each: impl FnMut(usize, usize)) {
        if self.lengths.is_empty() {
            let here = self
                .terms
                .iter()
                .filter(|term| rest.starts_with(&*term.form));
            here.for_each(|term| each(term.form.len(), term.number));
            return;
        }
        for len in &self.lengths {
            if let Some(number) = rest.get(..*len).and_then(|form| self.by_form.get(form)) {
                each(*len, *number);
            }
        }
    }
}

/// A term and its number.
struct Term {
    form: Arc<str>,
    number: usize,
}

impl Lookup {
    /// Adds a term that is not there yet.
    pub(super) fn add(&mut self, form: &Arc<str>, number: usize) {
        let term = Term {
            form: Arc::clone(form),
            number,
        };
        match first_word(form) {
            Some(word) => {
                self.starts.add(pair_at_start(word.as_bytes()));
                self.ends.add(end_and_length(word));
                match self.by_word.get_mut(word) {
                    Some(bucket) => bucket.add(term),
                    None => {
                        let mut bucket = Bucket::default();
                        bucket.add(term);
                        self.by_word.insert(word.to_owned(), bucket);
                    }
                }
            }
            None => {
                self.wordless.push(term);
                self.search = None;
            }
        }
    }

    /// Makes what was added since ready for searching.
    pub(super) fn refresh(&mut self) -> Result<(), RedactError> {
        if self.search.is_none() && !self.wordless.is_empty() {
            let built = AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .build(self.wordless.iter().map(|term| &*term.form));
            self.search = Some(built.map_err(|_| RedactError::Search)?);
        }
        Ok(())
    }

    /// Calls `found` with the number and place of every term that stands in `text`, as words do.
    pub(super) fn find(&self, text: &Readable, mut found: impl FnMut(usize, Range<usize>)) {
        let folded = &*text.folded.text;
        // What starts with a word, whole and without the "s" of a genitive ("Müllers" may be Müller's), is the same
        // wherever the word stands.
        let heads: Vec<[Option<&Bucket>; 2]> = text
            .spellings()
            .map(|whole| {
                [Some(whole), whole.strip_suffix('s')].map(|head| self.starting_with(head?))
            })
            .collect();
        for word in text.words() {
            let buckets = heads.get(word.spelling()).unwrap_or(&[None; 2]);
            for bucket in buckets.iter().flatten() {
                let start = word.range().start;
                let rest = folded.get(start..).unwrap_or_default();
                bucket.at_start_of(rest, |len, number| {
                    let range = start..start + len;
                    if is_bounded(folded, &range, &rest[..len]) {
                        found(number, range);
                    }
                });
            }
        }
        for hit in self
            .search
            .iter()
            .flat_map(|s| s.find_overlapping_iter(folded))
        {
            let Some(term) = self.wordless.get(hit.pattern().as_usize()) else {
                continue;
            };
            if is_bounded(folded, &hit.range(), &term.form) {
                found(term.number, hit.range());
            }
        }
    }

    /// The terms that begin with the word `head`.
    fn starting_with(&self, head: &str) -> Option<&Bucket> {
        let may_start = !head.is_empty()
            && self.starts.has(pair_at_start(head.as_bytes()))
            && self.ends.has(end_and_length(head));
        may_start.then(|| self.by_word.get(head)).flatten()
    }
}

/// A set of pairs of bytes: says for most words, without hashing them, that no table holds them.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// One bit for each; empty while there is none.
    bits: Vec<u64>,
}

impl Pairs {
    pub(super) fn add(&mut self, pair: u16) {
        if self.bits.is_empty() {
            self.bits = vec![0; (1 << 16) / 64];
        }
        if let Some(word) = self.bits.get_mut(usize::from(pair >> 6)) {
            *word |= 1 << (pair & 63);
        }
    }

    pub(super) fn has(&self, pair: u16) -> bool {
        let word = self.bits.get(usize::from(pair >> 6));
        word.is_some_and(|word| word & (1 << (pair & 63)) != 0)
    }
}

/// The first two bytes of a word.
pub(super) fn pair_at_start(word: &[u8]) -> u16 {
    match *word {
        [] => 0,
        [one] => u16::from(one),
        [first, second, ..] => u16::from_be_bytes([first, second]),
    }
}

/// The last byte of a word, and how many bytes it has.
fn end_and_length(word: &str) -> u16 {
    let last = word.as_bytes().last().copied().unwrap_or(0);
    u16::from_be_bytes([last, u8::try_from(word.len()).unwrap_or(u8::MAX)])
}

/// The word at the start of `form`, if a text that holds `form` has just this word there.
fn first_word(form: &str) -> Option<&str> {
    let end = form.find(|c| !joins(c)).unwrap_or(form.len());
    let word = form.get(..end).filter(|word| !word.is_empty())?;
    // A word that goes on in a script without blanks is no whole word of the text.
    let goes_on = form[end..].starts_with(is_word);
    (!goes_on).then_some(word)
}

/// Whether a term stands as a word; a genitive "s" may follow ("Müllers Bestellung").
fn is_bounded(text: &str, at: &Range<usize>, term: &str) -> bool {
    let before = text.get(..at.start).and_then(|t| t.chars().next_back());
    let mut after = text.get(at.end..).unwrap_or("").chars();
    let first_word = term.chars().next().is_some_and(joins);
    let last_word = term.chars().next_back().is_some_and(joins);
    if first_word && before.is_some_and(joins) {
        return false;
    }
    let single = !term.contains(' ');
    let inflects = single
        && term.len() >= 4
        && !term.ends_with('s')
        && term.bytes().all(|b| !b.is_ascii_digit());
    match after.next() {
        Some('s') if inflects || !single && last_word => !after.next().is_some_and(joins),
        Some(c) => !(last_word && joins(c)),
        None => true,
    }
}

impl std::fmt::Debug for Lookup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lookup({} words)", self.by_word.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lookup(terms: &[String]) -> Lookup {
        let mut lookup = Lookup::default();
        for (number, term) in terms.iter().enumerate() {
            lookup.add(&term.as_str().into(), number);
        }
        lookup.refresh().unwrap();
        lookup
    }

    #[test]
    fn terms_stand_as_words() {
        let terms = [
            "anna",
            "anna muller",
            "muller",
            "+49 30 1",
            "王",
            "o'neil",
            "anna@x.de",
            "a王",
        ];
        let lookup = lookup(&terms.map(str::to_owned));
        for (text, expected) in [
            ("anna muller rang", &["anna", "anna muller", "muller"][..]),
            ("annamuller", &[]),
            ("mullers haus", &["muller"]),
            ("mullerss", &[]),
            ("anna mullers haus", &["anna", "anna muller", "muller"]),
            ("call +49 30 1.", &["+49 30 1"]),
            ("call +49 30 12", &[]),
            ("小王来", &["王"]),
            ("(o'neil)", &["o'neil"]),
            ("anna@x.de", &["anna", "anna@x.de"]),
            ("susanna", &[]),
            ("_anna", &[]),
            ("a王", &["王", "a王"]),
        ] {
            let mut got = Vec::new();
            lookup.find(&Readable::of(text), |number, range| {
                assert_eq!(&text[range], terms[number]);
                got.push(terms[number]);
            });
            got.sort_unstable();
            let mut expected = expected.to_vec();
            expected.sort_unstable();
            assert_eq!(got, expected, "{text}");
        }
    }

    proptest! {
        /// The table finds what a search at every place finds.
        #[test]
        fn nothing_is_missed(
            text in "[abs王 .@']{0,40}",
            terms in prop::collection::btree_set("[abs王.@'][abs王 .@']{0,5}", 1..12),
        ) {
            let terms: Vec<String> = terms.into_iter().collect();
            let mut got = Vec::new();
            let readable = Readable::of(&text);
            let text = &*readable.folded.text;
            lookup(&terms).find(&readable, |number, range| got.push((number, range)));
            got.sort_unstable_by_key(|(number, range)| (*number, range.start));
            let mut expected = Vec::new();
            for (number, term) in terms.iter().enumerate() {
                for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
                    let range = at..at + term.len();
                    if text[at..].starts_with(term.as_str()) && is_bounded(text, &range, term) {
                        expected.push((number, range));
                    }
                }
            }
            prop_assert_eq!(got, expected);
        }
    }
}
