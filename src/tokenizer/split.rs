//! Splitting text into words, before byte-level BPE merges inside of each.
//!
//! The rules belong to the models, as their `tokenizer.json` publishes them; GGUF files name them in
//! `tokenizer.ggml.pre`. They are regular expressions that look ahead for one purpose only,
//! `\s+(?!\S)`: a run of whitespace leaves its last character to the word that follows. That is done
//! here by hand after a match of `\s+`, so the linear-time engine can be used: no text makes it slow.

use regex::Regex;

use super::error::TokenizerError;

/// GPT-2.
const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+";
/// Llama 3: digits in threes.
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+";
/// Qwen 2 to 3: digits one by one.
const QWEN2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+";
/// Mistral's Tekken: words are cut where lower case turns to upper.
const TEKKEN: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+";
/// GPT-4o and Llama 4.
const GPT4O: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+";
/// DeepSeek LLM: letters of scripts with case.
const CASED: &str = r"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⲲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+";

/// One set of rules.
struct Rules {
    /// The names that files give them.
    names: &'static [&'static str],
    /// Each splits what the one before left: matches and the gaps between them are words.
    stages: &'static [(&'static str, Spaces)],
    /// A word that is a token as a whole is not merged from its parts.
    whole_words: bool,
    /// A text starts with the model's start token unless the file says otherwise.
    adds_bos: bool,
}

/// What to do with a match that is a run of whitespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spaces {
    /// Take it as it is.
    Take,
    /// Leave its last character to what follows in the text.
    LeaveOne,
    /// The same, but a run that ends in a line break matched another rule and stays whole.
    LeaveOneInLine,
}

const RULES: &[Rules] = &[
    Rules {
        names: &["default"],
        stages: &[
            (r"[\p{P}\$\+<=>\^~\|]+", Spaces::Take),
            (GPT2, Spaces::LeaveOne),
            (r"\p{N}+", Spaces::Take),
            ("[0-9][0-9][0-9]", Spaces::Take),
        ],
        whole_words: false,
        adds_bos: false,
    },
    Rules {
        names: &[
            "gpt-2",
            "phi-2",
            "mpt",
            "olmo",
            "jais",
            "trillion",
            "exaone4",
            "modern-bert",
            "granite-docling",
        ],
        stages: &[(GPT2, Spaces::LeaveOne)],
        whole_words: false,
        adds_bos: false,
    },
    Rules {
        names: &[
            "smollm",
            "starcoder",
            "refact",
            "command-r",
            "codeshell",
            "exaone",
            "minerva-7b",
        ],
        stages: &[(r"\p{N}", Spaces::Take), (GPT2, Spaces::LeaveOne)],
        whole_words: false,
        adds_bos: false,
    },
    Rules {
        names: &[
            "llama-bpe",
            "llama3",
            "llama-v3",
            "falcon3",
            "pixtral",
            "lfm2",
        ],
        stages: &[(LLAMA3, Spaces::LeaveOneInLine)],
        whole_words: true,
        adds_bos: true,
    },
    Rules {
        names: &["dbrx", "smaug-bpe", "glm4", "chatglm-bpe"],
        stages: &[(LLAMA3, Spaces::LeaveOneInLine)],
        whole_words: false,
        adds_bos: false,
    },
    Rules {
        names: &[
            "qwen2",
            "deepseek-r1-qwen",
            "stablelm2",
            "megrez",
            "hunyuan",
        ],
        stages: &[(QWEN2, Spaces::LeaveOneInLine)],
        whole_words: false,
        adds_bos: false,
    },
    Rules {
        names: &["tekken"],
        stages: &[(TEKKEN, Spaces::LeaveOneInLine)],
        whole_words: true,
        adds_bos: true,
    },
    Rules {
        names: &["gpt-4o", "llama4"],
        stages: &[(GPT4O, Spaces::LeaveOneInLine)],
        whole_words: false,
        adds_bos: false,
    },
    Rules {
        names: &["falcon"],
        stages: &[
            (r"[\p{P}\$\+<=>\^~\|`]+", Spaces::Take),
            (GPT2, Spaces::LeaveOne),
            ("[0-9][0-9][0-9]", Spaces::Take),
        ],
        whole_words: false,
        adds_bos: false,
    },
    Rules {
        names: &["deepseek-llm"],
        stages: &[
            (r"[\r\n]", Spaces::Take),
            (CASED, Spaces::Take),
            (r"\s?[!-/:-~！-／：-～‘-‟　-。]+", Spaces::Take),
            (r"\s+$", Spaces::Take),
            ("[一-龥ࠀ-一가-\u{d7ff}]+", Spaces::Take),
            (r"\p{N}+", Spaces::Take),
        ],
        whole_words: false,
        adds_bos: false,
    },
    Rules {
        names: &["deepseek-coder"],
        stages: &[
            (r"[\r\n]", Spaces::Take),
            (r"\s?\p{L}+", Spaces::Take),
            (r"\s?\p{P}+", Spaces::Take),
            ("[一-龥ࠀ-一가-\u{d7ff}]+", Spaces::Take),
            (r"\p{N}", Spaces::Take),
        ],
        whole_words: false,
        adds_bos: false,
    },
];

/// Splits text by one set of rules.
#[derive(Debug)]
pub(super) struct Splitter {
    stages: Vec<(Regex, Spaces)>,
    whole_words: bool,
    adds_bos: bool,
}

impl Splitter {
    /// The rules with this name; `default` where a file names none.
    pub(super) fn named(name: Option<&str>) -> Result<Self, TokenizerError> {
        let name = name.filter(|name| !name.is_empty()).unwrap_or("default");
        let unknown = || TokenizerError::UnknownPreTokenizer {
            pre: name.chars().take(64).collect(),
        };
        let rules = RULES
            .iter()
            .find(|rules| rules.names.contains(&name))
            .ok_or_else(unknown)?;
        let mut stages = Vec::with_capacity(rules.stages.len());
        for (pattern, spaces) in rules.stages {
            // The patterns are constants, and a test compiles each.
            stages.push((Regex::new(pattern).map_err(|_| unknown())?, *spaces));
        }
        Ok(Self {
            stages,
            whole_words: rules.whole_words,
            adds_bos: rules.adds_bos,
        })
    }

    /// Whether a word that is a token as a whole is not merged from its parts.
    pub(super) fn whole_words(&self) -> bool {
        self.whole_words
    }

    /// Whether a text starts with the model's start token where the file does not say.
    pub(super) fn adds_bos(&self) -> bool {
        self.adds_bos
    }

    /// Gives the words of `text` to `word` in order; joined they are the text.
    pub(super) fn split(
        &self,
        text: &str,
        word: &mut dyn FnMut(&str) -> Result<(), TokenizerError>,
    ) -> Result<(), TokenizerError> {
        split(&self.stages, text, word)
    }
}

fn split(
    stages: &[(Regex, Spaces)],
    text: &str,
    word: &mut dyn FnMut(&str) -> Result<(), TokenizerError>,
) -> Result<(), TokenizerError> {
    let Some(((regex, spaces), later)) = stages.split_first() else {
        return if text.is_empty() { Ok(()) } else { word(text) };
    };
    let mut at = 0;
    while let Some(found) = regex.find_at(text, at) {
        let end = found.end() - left_over(*spaces, found.as_str(), found.end() == text.len());
        if end <= at {
            break;
        }
        split(later, text.get(at..found.start()).unwrap_or(""), word)?;
        split(later, text.get(found.start()..end).unwrap_or(""), word)?;
        at = end;
    }
    split(later, text.get(at..).unwrap_or(""), word)
}

/// The bytes at the end of a match that are left to the next one.
fn left_over(spaces: Spaces, found: &str, at_end: bool) -> usize {
    let Some(last) = found.chars().next_back() else {
        return 0;
    };
    let whole = at_end
        || spaces == Spaces::Take
        || (spaces == Spaces::LeaveOneInLine && matches!(last, '\r' | '\n'))
        || found.len() == last.len_utf8()
        || !found.chars().all(char::is_whitespace);
    if whole { 0 } else { last.len_utf8() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(name: &str, text: &str) -> Vec<String> {
        let mut words = Vec::new();
        let splitter = Splitter::named(Some(name)).unwrap();
        splitter
            .split(text, &mut |word| {
                words.push(word.to_owned());
                Ok(())
            })
            .unwrap();
        words
    }

    #[test]
    fn every_rule_compiles_and_keeps_the_text() {
        let text = "It's  12345 Straße\r\n\n  日本語 👋🏽 x\u{a0}\u{3000} y?! \t ";
        for name in RULES.iter().flat_map(|rules| rules.names) {
            assert_eq!(words(name, text).concat(), text, "{name}");
        }
    }

    #[test]
    fn words_take_one_space() {
        let check = |name, text, expected: &[&str]| {
            assert_eq!(words(name, text), expected, "{name} {text:?}")
        };
        check("gpt-2", "a  b", &["a", " ", " b"]);
        check("gpt-2", "a   ", &["a", "   "]);
        check("gpt-2", "a \n b", &["a", " \n", " b"]);
        check("gpt-2", "I'll  12", &["I", "'ll", " ", " 12"]);
        check("smollm", "in 2024", &["in", " ", "2", "0", "2", "4"]);
        check("llama-bpe", "a \n\n  b", &["a", " \n\n", " ", " b"]);
        check("llama-bpe", "12345", &["123", "45"]);
        check("qwen2", "x 12", &["x", " ", "1", "2"]);
        check("tekken", "camelCase", &["camel", "Case"]);
    }

    #[test]
    fn an_unknown_name_is_said() {
        let error = Splitter::named(Some("nonesuch")).unwrap_err();
        assert!(error.to_string().contains("`nonesuch`"), "{error}");
    }
}
