//! Texts to compare and to try things with: those of the evaluation set and of the made-up customers, and noise of
//! their pieces.

use std::path::Path;

use serde_json::Value;

/// Folders with texts, one a line of JSON.
const FOLDERS: &[&str] = &[
    "tests/eval/redaction",
    "tests/eval/codes",
    "models/crm-adapter/texts",
];

/// What stands between words, and what only noise has.
const BETWEEN: &[&str] = &[
    " ", " ", " ", "", "-", ".", "/", ": ", ", ", "\n", "\u{a0}", "_", "#", "=", "(", ")", "\"",
    "'", "+", "@", "[", "{{", "  ", "\u{200b}", "é", "王", "\u{301}", "°", "–", "ſ", "İ",
];

/// Words that recognisers wait for, cut and whole.
const CUES: &[&str] = &[
    "born",
    "geb.",
    "NÉ LE",
    "tel",
    "Mr.",
    "Dear",
    "my name is",
    "order",
    "IBAN DE89",
    "password:",
    "key=",
    "token",
    "passport",
    "Straße",
    "12 rue",
    "Main St",
    "postgres://a:b@",
    "https://",
    "www.",
    "[PERSON_1",
    "EMAIL_2",
    "aged 12",
    "1 January",
    "May 5,",
    "IMEI",
    "eyJ",
    "sk_live_",
    "-----BEGIN ",
    "user:",
    "plate",
    "zip",
];

/// All texts of the folders.
pub(super) fn texts() -> Vec<String> {
    let mut texts = Vec::new();
    for folder in FOLDERS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let files = std::fs::read_dir(folder).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        for file in files
            .iter()
            .filter(|f| f.extension().is_some_and(|e| e == "jsonl"))
        {
            for line in std::fs::read_to_string(file).unwrap().lines() {
                let mut text = String::new();
                strings(&serde_json::from_str(line).unwrap(), &mut text);
                texts.push(text);
            }
        }
    }
    assert!(texts.len() > 1000, "{} texts", texts.len());
    texts
}

/// All strings of a line, one after the other.
fn strings(value: &Value, out: &mut String) {
    match value {
        Value::String(own) => {
            out.push_str(own);
            out.push('\n');
        }
        Value::Array(items) => items.iter().for_each(|item| strings(item, out)),
        Value::Object(fields) => fields.values().for_each(|field| strings(field, out)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Texts that nobody wrote: words of `texts` and cues, cut, glued and with letters exchanged; the same each time.
pub(super) fn noise(texts: &[String], count: usize) -> Vec<String> {
    let words: Vec<&str> = texts.iter().flat_map(|text| text.split(' ')).collect();
    let odd = |word: &&&str| {
        word.bytes()
            .any(|b| b.is_ascii_digit() || b"@:/+=".contains(&b))
    };
    let odd: Vec<&str> = words.iter().filter(odd).copied().collect();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let made = |_| {
        let mut text = String::new();
        for _ in 0..4 + dice.roll(24) {
            match dice.roll(8) {
                0 | 1 => text.push_str(odd[dice.roll(odd.len())]),
                2 | 3 => text.push_str(words[dice.roll(words.len())]),
                4 => text.push_str(CUES[dice.roll(CUES.len())]),
                5 => text
                    .extend((0..=dice.roll(12)).map(|_| char::from(b"0123456789"[dice.roll(10)]))),
                6 => {
                    let word: Vec<char> = odd[dice.roll(odd.len())].chars().collect();
                    text.extend(&word[dice.roll(word.len())..]);
                }
                _ => {
                    let mut word: Vec<char> = odd[dice.roll(odd.len())].chars().collect();
                    let at = dice.roll(word.len());
                    word[at] = BETWEEN[dice.roll(BETWEEN.len())]
                        .chars()
                        .next()
                        .unwrap_or('x');
                    text.extend(word);
                }
            }
            text.push_str(BETWEEN[dice.roll(BETWEEN.len())]);
        }
        text
    };
    (0..count).map(made).collect()
}

/// Numbers that look random and are the same each time (G. Marsaglia, "Xorshift RNGs", 2003).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}
