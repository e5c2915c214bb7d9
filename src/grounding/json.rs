//! Strings of a JSON answer that say only what the input says.
//!
//! The grammar keeps the answer to its schema; this mask reads along where in the value it is, and at the places
//! that the schema marks holds the text of the string, without its escapes, to the facts of the input.

use std::fmt;
use std::sync::Arc;

use crate::engine::TokenMask;

use super::Rule as _;
use super::facts::Facts;
use super::known::Known;
use super::outline::{MARGIN, keep_likeliest};
use super::vocabulary::Vocabulary;

/// A step into a JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Into the property of this name.
    Key(String),
    /// Into any property or item.
    Any,
}

/// The way to a place in a JSON value.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Place(Vec<Step>);

impl Place {
    pub(super) fn then(&self, step: Step) -> Self {
        let steps = self.0.iter().cloned().chain([step]);
        Self(steps.collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn is_at(&self, within: &[Within]) -> bool {
        let pairs = self.0.iter().zip(within);
        self.0.len() == within.len()
            && pairs.into_iter().all(|(step, at)| match (step, at) {
                (Step::Key(name), Within::Object(key)) => name.as_bytes() == key.as_slice(),
                (Step::Any, _) => true,
                (Step::Key(_), Within::Array) => false,
            })
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|step| match step {
            Step::Key(name) => write!(f, "/{name}"),
            Step::Any => f.write_str("/*"),
        })
    }
}

/// What the present value is in.
#[derive(Clone, Debug)]
enum Within {
    /// The property of this name.
    Object(Vec<u8>),
    Array,
}

/// Which text is being read.
#[derive(Clone)]
enum Text {
    /// None: between strings.
    None,
    /// The name of a property.
    Key,
    /// A string that may say anything.
    Free,
    /// A string that says facts.
    Facts(Box<Facts>),
}

/// How far the value is read.
#[derive(Clone)]
struct Reader {
    within: Vec<Within>,
    text: Text,
    /// Whether the last byte of a string was a backslash.
    escaped: bool,
    /// Whether a string that starts now is the name of a property.
    key_next: bool,
}

/// Keeps marked strings of a JSON answer to the input.
pub(super) struct JsonMask {
    vocabulary: Arc<Vocabulary>,
    known: Arc<Known>,
    places: Vec<Place>,
    reader: Reader,
    margin: f32,
}

impl JsonMask {
    pub(super) fn new(
        vocabulary: Arc<Vocabulary>,
        known: Arc<Known>,
        places: Vec<Place>,
        temperature: f32,
    ) -> Self {
        Self {
            vocabulary,
            known,
            places,
            reader: Reader {
                within: Vec::new(),
                text: Text::None,
                escaped: false,
                key_next: false,
            },
            margin: MARGIN * temperature,
        }
    }

    fn allows(&self, bytes: &[u8]) -> bool {
        let in_facts = matches!(self.reader.text, Text::Facts(_));
        if !in_facts && !bytes.contains(&b'"') {
            return true;
        }
        let mut reader = self.reader.clone();
        let fits = bytes.iter().all(|byte| reader.step(*byte, self));
        fits && match &reader.text {
            // A backslash alone is on its way to what it escapes.
            Text::Facts(rule) => reader.escaped || rule.is_settled(),
            Text::None | Text::Key | Text::Free => true,
        }
    }
}

impl Reader {
    /// Takes a byte of the value; whether it may stand there.
    fn step(&mut self, byte: u8, mask: &JsonMask) -> bool {
        if matches!(self.text, Text::None) {
            self.step_between(byte, mask);
            return true;
        }
        if !std::mem::take(&mut self.escaped) {
            match byte {
                b'\\' => {
                    self.escaped = true;
                    return true;
                }
                b'"' => {
                    let text = std::mem::replace(&mut self.text, Text::None);
                    return match text {
                        Text::Facts(rule) => rule.may_end(),
                        Text::None | Text::Key | Text::Free => true,
                    };
                }
                _ => return self.take(byte),
            }
        }
        self.take(match byte {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 8,
            b'f' => 12,
            // The grammar lets no other escape through.
            own => own,
        })
    }

    /// Takes a byte of a string's text.
    fn take(&mut self, byte: u8) -> bool {
        match &mut self.text {
            Text::Facts(rule) => rule.take(byte),
            Text::Key => {
                if let Some(Within::Object(key)) = self.within.last_mut() {
                    key.push(byte);
                }
                true
            }
            Text::None | Text::Free => true,
        }
    }

    fn step_between(&mut self, byte: u8, mask: &JsonMask) {
        match byte {
            b'{' => {
                self.within.push(Within::Object(Vec::new()));
                self.key_next = true;
            }
            b'[' => {
                self.within.push(Within::Array);
                self.key_next = false;
            }
            b'}' | b']' => {
                self.within.pop();
                self.key_next = false;
            }
            b',' => self.key_next = matches!(self.within.last(), Some(Within::Object(_))),
            b':' => self.key_next = false,
            b'"' if self.key_next => {
                if let Some(Within::Object(key)) = self.within.last_mut() {
                    key.clear();
                }
                self.text = Text::Key;
            }
            b'"' => {
                let grounded = mask.places.iter().any(|place| place.is_at(&self.within));
                self.text = match grounded {
                    true => Text::Facts(Box::new(Facts::new(Arc::clone(&mask.known)))),
                    false => Text::Free,
                };
            }
            _ => {}
        }
    }
}

impl TokenMask for JsonMask {
    fn apply(&mut self, logits: &mut [f32]) {
        let allowed = |token: u32| match self.vocabulary.bytes(token) {
            Some(bytes) => self.allows(bytes),
            // Marks and ends are the grammar's to allow.
            None => true,
        };
        keep_likeliest(logits, self.margin, allowed);
    }

    fn accept(&mut self, token: u32) {
        let mut reader = self.reader.clone();
        for byte in self.vocabulary.bytes(token).unwrap_or_default() {
            reader.step(*byte, self);
        }
        self.reader = reader;
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::tokenizer;
    use super::*;

    fn mask() -> JsonMask {
        let vocabulary = Arc::new(Vocabulary::new(tokenizer()));
        let input = "[PERSON_1] paid 70 USD on 14 May. Luna is \"new\".".to_owned();
        let known = Known::new(&[input], &["[PERSON_1]".to_owned()]);
        let key = |name: &str| Step::Key(name.to_owned());
        let places = vec![
            Place::default().then(key("note")),
            Place::default().then(key("steps")).then(Step::Any),
            Place::default().then(key("a\"b")),
        ];
        JsonMask::new(vocabulary, Arc::new(known), places, 0.0)
    }

    #[test]
    fn marked_strings_say_only_facts() {
        for (text, expected) in [
            (r#"{"note": "she paid 70 USD", "x": "99"}"#, true),
            (r#"{"note": "she paid 71 USD"}"#, false),
            (r#"{"note": "she paid 7"}"#, false),
            (r#"{"other": "99", "note": "on 14 May"}"#, true),
            (r#"{"note": "on 15 May"}"#, false),
            (r#"{"steps": ["call [PERSON_1]", "wait"]}"#, true),
            (r#"{"steps": ["call", "pay 12"]}"#, false),
            (r#"{"steps": {"x": "pay 12"}}"#, false),
            (r#"{"steps": [["pay 12"]], "deep": {"note": "12"}}"#, true),
            (r#"{"note": "a line\nand \"more\" for Luna"}"#, true),
            (r#"{"note": "a line\n12"}"#, false),
            (r#"{"note": "call [PERSON_2]"}"#, false),
            (r#"{"a\"b": "12"}"#, false),
            (r#"[{"note": "12"}]"#, true),
            (r#""12""#, true),
        ] {
            let mut mask = mask();
            let fits = text.bytes().all(|byte| {
                let fits = mask.allows(&[byte]);
                let mut reader = mask.reader.clone();
                reader.step(byte, &mask);
                mask.reader = reader;
                fits
            });
            assert_eq!(fits, expected, "{text}");
            // The same in pieces of two bytes.
            let mut pieces = self::mask();
            let fits = text.as_bytes().chunks(2).all(|bytes| {
                let fits = pieces.allows(bytes);
                let mut reader = pieces.reader.clone();
                for byte in bytes {
                    reader.step(*byte, &pieces);
                }
                pieces.reader = reader;
                fits
            });
            assert_eq!(fits, expected, "{text}, in pieces");
        }
    }
}
