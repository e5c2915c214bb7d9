//! Splitting text into words, before byte-level BPE merges inside of each.
//!
//! The rules belong to the models, as their `tokenizer.json` publishes them; GGUF files name them in
//! `tokenizer.ggml.pre`. They are regular expressions that look ahead for one purpose only,
//! `\s+(?!\S)`: a run of whitespace leaves its last character to the word that follows. That is done
//! here by hand after a match of `\s+`, so the linear-time engine can be used: no text makes it slow.

use regex::Regex;

use super::error::TokenizerError;

/// The alternative of published rules that looks ahead; it is done by hand here.
pub(super) const LOOK_AHEAD: &str = r"\s+(?!\S)|";

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
/// DeepSeek LLM: letters of scripts with case, as its published rules list them.
const CASED: &str = r"(?x)\s?[A-Za-z
    \x{b5}\x{c0}-\x{d6}\x{d8}-\x{f6}\x{f8}-\x{1ba}\x{1bc}-\x{1bf}\x{1c4}-\x{293}\x{295}-\x{2af}
    \x{370}-\x{373}\x{376}-\x{377}\x{37b}-\x{37d}\x{37f}\x{386}\x{388}-\x{38a}\x{38c}\x{38e}-\x{3a1}
    \x{3a3}-\x{3f5}\x{3f7}-\x{481}\x{48a}-\x{52f}\x{531}-\x{556}\x{10a0}-\x{10c5}\x{13a0}-\x{13f5}
    \x{13f8}-\x{13fd}\x{1c90}-\x{1cba}\x{1cbd}-\x{1cbf}\x{1d00}-\x{1d2b}\x{1d6b}-\x{1d77}
    \x{1d79}-\x{1d9a}\x{1e00}-\x{1f15}\x{1f18}-\x{1f1d}\x{1f20}-\x{1f45}\x{1f48}-\x{1f4d}
    \x{1f50}-\x{1f57}\x{1f59}\x{1f5b}\x{1f5d}\x{1f5f}-\x{1f7d}\x{1f80}-\x{1fb4}\x{1fb6}-\x{1fbc}
    \x{1fbe}\x{1fc2}-\x{1fc4}\x{1fc6}-\x{1fcc}\x{1fd0}-\x{1fd3}\x{1fd6}-\x{1fdb}\x{1fe0}-\x{1fec}
    \x{1ff2}-\x{1ff4}\x{1ff6}-\x{1ffc}\x{2102}\x{2107}\x{210a}-\x{2113}\x{2115}\x{2119}-\x{211d}
    \x{2124}\x{2126}\x{2128}\x{212a}-\x{212d}\x{212f}-\x{2134}\x{2139}\x{213c}-\x{213f}
    \x{2145}-\x{2149}\x{214e}\x{2183}-\x{2184}\x{2c00}-\x{2c7b}\x{2c7e}-\x{2ce4}\x{2ceb}-\x{2cee}
    \x{2cf2}-\x{2cf3}\x{a640}-\x{a66d}\x{a680}-\x{a69b}\x{a722}-\x{a76f}\x{a771}-\x{a787}
    \x{a78b}-\x{a78e}\x{ab70}-\x{abbf}\x{fb00}-\x{fb06}\x{fb13}-\x{fb17}\x{ff21}-\x{ff3a}
    \x{ff41}-\x{ff5a}\x{10400}-\x{1044f}\x{104b0}-\x{104d3}\x{104d8}-\x{104fb}\x{10c80}-\x{10cb2}
    \x{10cc0}-\x{10cf2}\x{118a0}-\x{118df}\x{1e900}-\x{1e943}]+";
/// DeepSeek: Han, Hangul and what lies between.
const EAST_ASIAN: &str = r"[\x{4e00}-\x{9fa5}\x{800}-\x{4e00}\x{ac00}-\x{d7ff}]+";
/// DeepSeek LLM: punctuation, also full-width and general.
const PUNCTUATION: &str =
    r"\s?[!-/:-~\x{ff01}-\x{ff0f}\x{ff1a}-\x{ff5e}\x{2018}-\x{201f}\x{3000}-\x{3002}]+";

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
            (PUNCTUATION, Spaces::Take),
            (r"\s+$", Spaces::Take),
            (EAST_ASIAN, Spaces::Take),
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
            (EAST_ASIAN, Spaces::Take),
            (r"\p{N}", Spaces::Take),
        ],
        whole_words: false,
        adds_bos: false,
    },
];

/// The name of the rules that split by `patterns`, one after the other, without what looks ahead.
pub(super) fn name_of(patterns: &[String], whole_words: bool) -> Option<&'static str> {
    let is_same = |rules: &&Rules| {
        let own = rules.stages.iter().map(|(pattern, _)| *pattern);
        rules.whole_words == whole_words && own.eq(patterns.iter().map(String::as_str))
    };
    RULES.iter().find(is_same)?.names.first().copied()
}

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
