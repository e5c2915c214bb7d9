//! WordPiece (Schuster and Nakajima 2012; Wu et al. 2016) with the place of every piece in the original text.
//!
//! The pieces are those of the `tokenizers` crate for a BERT description, whose own normaliser is asked about
//! every character that is not ASCII; what is added is speed and offsets that hold for any text: on character
//! borders, in order, whatever was folded, taken apart or left out on the way.

use std::collections::HashMap;
use std::ops::Range;

use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{
    ModelWrapper, NormalizedString, Normalizer as _, NormalizerWrapper, PreTokenizedString,
    PreTokenizer as _, PreTokenizerWrapper, Tokenizer as Described,
};

use super::error::TokenizerError;
use super::vocabulary::MAX_TOKENS;

/// Characters below this are looked up; others, which are rare in the languages that names are found in, are
/// normalised one by one.
const TABLE: u32 = 0x800;

/// A piece and the bytes of the original text that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedPiece {
    /// Its number in the vocabulary.
    pub id: u32,
    /// Where it stands; never empty, on character borders. Two pieces of one character share its bytes.
    pub range: Range<usize>,
}

/// A WordPiece vocabulary, with BERT's way to normalise and split text. Text never becomes a control token.
pub struct WordPieces {
    normaliser: BertNormalizer,
    starts: HashMap<Box<str>, u32>,
    /// Pieces that go on with a word, without their prefix.
    continues: HashMap<Box<str>, u32>,
    /// Characters of the longest piece.
    longest: usize,
    most_chars: usize,
    unknown: u32,
    start: u32,
    end: u32,
    size: usize,
    table: Vec<Form>,
}

/// What a character becomes.
#[derive(Clone, Debug)]
struct Form {
    text: Box<str>,
    /// Whether it is a word of its own.
    mark: bool,
}

impl WordPieces {
    /// The pieces that a `tokenizer.json` describes.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Json`] when `bytes` describe no tokenizer, [`TokenizerError::NoWordPieces`] when it is of
    /// another family than BERT's.
    pub fn from_json_bytes(bytes: &[u8]) -> Result<Self, TokenizerError> {
        let described =
            Described::from_bytes(bytes).map_err(|source| TokenizerError::Json { source })?;
        let missing = |what| TokenizerError::NoWordPieces { what };
        let ModelWrapper::WordPiece(model) = described.get_model() else {
            return Err(missing("a WordPiece model"));
        };
        let Some(NormalizerWrapper::BertNormalizer(normaliser)) = described.get_normalizer() else {
            return Err(missing("a BertNormalizer"));
        };
        let Some(PreTokenizerWrapper::BertPreTokenizer(_)) = described.get_pre_tokenizer() else {
            return Err(missing("a BertPreTokenizer"));
        };
        let id = |token: &str, what| described.token_to_id(token).ok_or_else(|| missing(what));
        let vocabulary = described.get_vocab(true);
        let size = vocabulary.values().max().map_or(0, |id| {
            usize::try_from(*id).map_or(usize::MAX, |id| id.saturating_add(1))
        });
        if size > MAX_TOKENS {
            return Err(TokenizerError::VocabularyTooLarge {
                found: size,
                limit: MAX_TOKENS,
            });
        }
        let special = described.get_added_tokens_decoder();
        let (mut starts, mut continues) = (HashMap::new(), HashMap::new());
        let mut longest = 0;
        for (token, id) in &vocabulary {
            if special.contains_key(id) {
                continue;
            }
            let rest = token.strip_prefix(&model.continuing_subword_prefix);
            let (text, list) = match rest.filter(|rest| !rest.is_empty()) {
                Some(rest) => (rest, &mut continues),
                None => (token.as_str(), &mut starts),
            };
            longest = longest.max(text.chars().count());
            list.insert(Box::from(text), *id);
        }
        let mut pieces = Self {
            normaliser: *normaliser,
            starts,
            continues,
            longest,
            most_chars: model.max_input_chars_per_word,
            unknown: id(&model.unk_token, "a token for the unknown")?,
            start: id("[CLS]", "a token [CLS]")?,
            end: id("[SEP]", "a token [SEP]")?,
            size,
            table: Vec::new(),
        };
        pieces.table = (0..TABLE)
            .map(|code| pieces.form(char::from_u32(code).unwrap_or(' ')))
            .collect();
        Ok(pieces)
    }

    /// The token that stands before a text.
    pub const fn start(&self) -> u32 {
        self.start
    }

    /// The token that stands behind a text.
    pub const fn end(&self) -> u32 {
        self.end
    }

    /// How many tokens there are.
    pub const fn vocabulary(&self) -> usize {
        self.size
    }

    /// The pieces of `text`, in order, without the tokens before and behind it.
    pub fn encode(&self, text: &str) -> Vec<PlacedPiece> {
        let mut run = Run {
            pieces: self,
            word: String::new(),
            places: Vec::new(),
            found: Vec::with_capacity(text.len() / 4),
        };
        for (at, c) in text.char_indices() {
            let place = at..at + c.len_utf8();
            match usize::try_from(u32::from(c))
                .ok()
                .and_then(|code| self.table.get(code))
            {
                Some(form) => run.push(form, &place),
                None => run.push(&self.form(c), &place),
            }
        }
        run.flush();
        run.found
    }

    /// What the normaliser makes of `c`, and whether the splitter cuts around it.
    fn form(&self, c: char) -> Form {
        let mut text = NormalizedString::from(c.to_string());
        // Neither fails on a text that is a character.
        let normalised = self.normaliser.normalize(&mut text).is_ok();
        let mark = !c.is_alphanumeric() && {
            let mut beside = PreTokenizedString::from(format!("a{c}a"));
            let split = BertPreTokenizer.pre_tokenize(&mut beside).is_ok();
            let splits = beside.get_splits(
                tokenizers::OffsetReferential::Original,
                tokenizers::OffsetType::Byte,
            );
            split && splits.len() == 3
        };
        Form {
            text: Box::from(if normalised { text.get() } else { "" }),
            mark,
        }
    }
}

impl std::fmt::Debug for WordPieces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WordPieces")
            .field("vocabulary", &self.size)
            .finish_non_exhaustive()
    }
}

/// A text being cut: the word at hand, normalised, with the place of each of its characters.
struct Run<'p> {
    pieces: &'p WordPieces,
    word: String,
    places: Vec<Range<usize>>,
    found: Vec<PlacedPiece>,
}

impl Run<'_> {
    fn push(&mut self, form: &Form, place: &Range<usize>) {
        if form.text.is_empty() {
            // What is left out in the middle or at the end of a word belongs to it.
            if let Some(last) = self.places.last_mut() {
                last.end = place.end;
            }
        }
        for c in form.text.chars() {
            if c.is_whitespace() {
                self.flush();
                continue;
            }
            if form.mark {
                self.flush();
            }
            self.word.push(c);
            self.places.push(place.clone());
            if form.mark {
                self.flush();
            }
        }
    }

    /// Ends the word: the longest piece that it starts with, then the longest that goes on with it, and so on;
    /// one unknown piece where that fails.
    fn flush(&mut self) {
        let (pieces, first) = (self.pieces, self.found.len());
        let (mut at, mut done) = (0, 0);
        let mut fits = self.places.len() <= pieces.most_chars;
        while fits && done < self.places.len() {
            let rest = self.word.get(at..).unwrap_or_default();
            let list = if done == 0 {
                &pieces.starts
            } else {
                &pieces.continues
            };
            let mut ends: Vec<usize> = rest
                .char_indices()
                .take(pieces.longest)
                .map(|(from, c)| from + c.len_utf8())
                .collect();
            let found = loop {
                let Some(end) = ends.last() else { break None };
                match rest.get(..*end).and_then(|piece| list.get(piece)) {
                    Some(id) => break Some((*id, *end, ends.len())),
                    None => ends.pop(),
                };
            };
            match (found, self.places.get(done)) {
                (Some((id, bytes, chars)), Some(start)) => {
                    let end = self
                        .places
                        .get(done + chars - 1)
                        .map_or(start.end, |p| p.end);
                    self.found.push(PlacedPiece {
                        id,
                        range: start.start..end,
                    });
                    at += bytes;
                    done += chars;
                }
                _ => fits = false,
            }
        }
        if let (false, Some(start), Some(end)) = (fits, self.places.first(), self.places.last()) {
            self.found.truncate(first);
            self.found.push(PlacedPiece {
                id: pieces.unknown,
                range: start.start..end.end,
            });
        }
        self.word.clear();
        self.places.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A vocabulary of letters, digits and a few words.
    fn described() -> (WordPieces, Described) {
        let mut tokens: Vec<String> = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
            .map(str::to_owned)
            .into();
        let words = [
            "anna",
            "##na",
            "##mu",
            "muller",
            "jo",
            "##se",
            "straße",
            "strasse",
            "中",
            "##ller",
            "„",
            "“",
            ".",
            ",",
            "-",
            "\u{1112}",
            "##\u{1161}",
        ];
        tokens.extend(words.map(str::to_owned));
        for letter in ('a'..='z').chain('0'..='9').filter(|c| *c != 'q') {
            tokens.push(letter.to_string());
            tokens.push(format!("##{letter}"));
        }
        let vocabulary: serde_json::Map<_, _> = tokens
            .iter()
            .enumerate()
            .map(|(id, token)| (token.clone(), id.into()))
            .collect();
        let added: Vec<_> = (0..4)
            .map(|id| {
                serde_json::json!({
                    "id": id, "content": tokens[id], "special": true, "single_word": false,
                    "lstrip": false, "rstrip": false, "normalized": false
                })
            })
            .collect();
        let json = serde_json::json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": added,
            "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                "strip_accents": null, "lowercase": true},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": null,
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100, "vocab": vocabulary}
        })
        .to_string();
        let mut described = Described::from_bytes(json.as_bytes()).unwrap();
        described.set_encode_special_tokens(true);
        (
            WordPieces::from_json_bytes(json.as_bytes()).unwrap(),
            described,
        )
    }

    #[test]
    fn pieces_know_their_place() {
        let (pieces, _) = described();
        for (text, expected) in [
            ("Anna Müller", &["Anna", "Müller"][..]),
            ("José", &["Jo", "sé"]),
            // The accent as a character of its own, a hyphen that does not show, and a space without width.
            ("Jose\u{301}!", &["Jo", "se\u{301}", "!"]),
            ("An\u{ad}na", &["An\u{ad}na"]),
            ("\u{200b}anna\u{200b}.", &["anna\u{200b}", "."]),
            ("中anna", &["中", "anna"]),
            ("„anna“", &["„", "anna", "“"]),
            // No piece for a letter: the word is unknown as a whole.
            ("annaq", &["annaq"]),
            ("[SEP]", &["[", "s", "e", "p", "]"]),
            // One character, two pieces.
            ("하", &["하", "하"]),
            (" \n\t", &[]),
        ] {
            let found: Vec<_> = pieces
                .encode(text)
                .into_iter()
                .map(|piece| text[piece.range].to_owned())
                .collect();
            let expected: Vec<_> = expected.iter().map(|s| s.to_string()).collect();
            assert_eq!(
                found.iter().map(|s| s.to_lowercase()).collect::<Vec<_>>(),
                expected
                    .iter()
                    .map(|s| s.to_lowercase())
                    .collect::<Vec<_>>(),
                "{text:?}"
            );
        }
    }

    #[test]
    fn other_families_are_refused() {
        for json in ["{}", r#"{"model": 3}"#] {
            assert!(WordPieces::from_json_bytes(json.as_bytes()).is_err());
        }
    }

    fn texts() -> impl Strategy<Value = String> {
        let words = prop_oneof![
            Just("Anna".to_owned()),
            Just("MÜLLER".to_owned()),
            Just("e\u{301}".to_owned()),
            Just("中".to_owned()),
            Just("a".repeat(101)),
            "[a-zA-Zäöüéßñ0-9.,„“ \n-]{0,12}",
            "\\PC{0,6}",
            any::<String>(),
        ];
        prop::collection::vec(words, 0..8).prop_map(|words| words.concat())
    }

    proptest! {
        /// The pieces are those that the description itself gives, and their places are sound.
        #[test]
        fn as_described_and_in_place(text in texts()) {
            let (pieces, described) = described();
            let found = pieces.encode(&text);
            let mut from = 0;
            for piece in &found {
                prop_assert!(text.get(piece.range.clone()).is_some_and(|part| !part.is_empty()));
                prop_assert!(piece.range.start >= from);
                from = piece.range.start;
            }
            // Marks that are not spacing can change places where a text is taken apart as a whole.
            let reordered = text.chars().filter(|c| !c.is_ascii() && !c.is_alphanumeric()).count() > 1;
            if !reordered {
                let expected = described.encode_fast(text.as_str(), false).unwrap();
                let ids: Vec<u32> = found.iter().map(|piece| piece.id).collect();
                prop_assert_eq!(ids, expected.get_ids());
            }
        }
    }
}
