//! Identifiers of the operator's own: patterns of the configuration, with a check and words.

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use crate::config::{Checksum, CustomPattern};

use super::super::context::{Nearby, Verdict};
use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::Text;
use super::Recogniser;
use super::national_id::check::{luhn, mod_11_10, verhoeff};

/// The score next to one of its words.
const NAMED: f32 = 0.95;

/// All patterns of the configuration. One pass says which of them occur at all.
#[derive(Debug)]
pub(super) struct Custom {
    set: RegexSet,
    patterns: Vec<(CustomPattern, Regex)>,
}

impl Custom {
    /// Compiles the patterns.
    pub(super) fn new(custom: &[CustomPattern]) -> Result<Self, RedactError> {
        let mut patterns = Vec::with_capacity(custom.len());
        for pattern in custom {
            let regex = RegexBuilder::new(&pattern.pattern)
                .size_limit(CustomPattern::MAX_COMPILED)
                .build()
                .map_err(|_| RedactError::Custom {
                    name: pattern.name.clone(),
                })?;
            patterns.push((pattern.clone(), regex));
        }
        let set = RegexSetBuilder::new(custom.iter().map(|c| &c.pattern))
            .size_limit(CustomPattern::MAX_COMPILED * (custom.len() + 1))
            .build()
            .map_err(|_| RedactError::Pattern {
                recogniser: "custom",
            })?;
        Ok(Self { set, patterns })
    }
}

impl Recogniser for Custom {
    fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
        if self.patterns.is_empty() {
            return Ok(());
        }
        for at in self.set.matches(text.str) {
            let Some((pattern, regex)) = self.patterns.get(at) else {
                continue;
            };
            let words: Vec<&str> = pattern.words.iter().map(String::as_str).collect();
            for hit in regex.find_iter(text.str).filter(|hit| !hit.is_empty()) {
                let range = hit.range();
                let near =
                    || Nearby::of(text.str, range.start, range.end).verdict(&words[..], &[][..]);
                let score = if !words.is_empty() && near() == Verdict::For {
                    NAMED.max(pattern.score)
                } else {
                    pattern.score
                };
                match pattern.checksum {
                    Some(checksum) if passes(checksum, hit.as_str()) => {
                        found.push(Candidate::checked(range, pattern.entity, score));
                    }
                    Some(_) => {}
                    None => found.push(Candidate::pattern(range, pattern.entity, score)),
                }
            }
        }
        Ok(())
    }
}

/// Whether the letters and digits of `value` pass; a check of digits looks at the digits alone.
fn passes(checksum: Checksum, value: &str) -> bool {
    let digits: Vec<u32> = value.chars().filter_map(|c| c.to_digit(10)).collect();
    let enough = digits.len() >= 2 && digits.iter().any(|d| *d != 0);
    match checksum {
        Checksum::Luhn => enough && luhn(&digits),
        Checksum::Mod11To10 => enough && mod_11_10(&digits),
        Checksum::Verhoeff => enough && verhoeff(&digits),
        Checksum::Mod97To10 => {
            let rest = value
                .chars()
                .filter_map(|c| c.to_digit(36))
                .fold(0, |rest, v| {
                    if v < 10 {
                        (rest * 10 + v) % 97
                    } else {
                        (rest * 100 + v) % 97
                    }
                });
            enough && rest == 1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;
    use crate::types::Entity;

    fn custom(pattern: &str, checksum: Option<Checksum>, words: &[&str], score: f32) -> Custom {
        Custom::new(&[CustomPattern {
            name: "loyalty".parse().unwrap(),
            pattern: pattern.to_owned(),
            entity: Entity::Identifier,
            checksum,
            words: words.iter().map(|w| (*w).to_owned()).collect(),
            score,
        }])
        .unwrap()
    }

    #[test]
    fn a_pattern_alone() {
        check(
            &custom(r"\bLC-[0-9]{4}\b", None, &[], 0.8),
            &[
                ("card LC-1234, LC-5678", &["LC-1234", "LC-5678"]),
                ("LC-12345", &[]),
                ("", &[]),
            ],
        );
    }

    #[test]
    fn a_check_must_pass() {
        check(
            &custom(r"\bLC-[0-9]{11}\b", Some(Checksum::Luhn), &[], 0.8),
            &[
                ("LC-79927398713", &["LC-79927398713"]),
                ("LC-79927398714", &[]),
            ],
        );
        check(
            &custom(r"\b[A-Z]{2}[0-9]{4}\b", Some(Checksum::Mod97To10), &[], 0.8),
            &[("ZZ0099 ZZ0098", &["ZZ0099"])],
        );
    }

    #[test]
    fn a_weak_pattern_needs_its_word() {
        check(
            &custom(r"\b[0-9]{6}\b", None, &["kunden~"], 0.2),
            &[
                ("Kundennummer 123456", &["123456"]),
                ("Artikel 123456", &[]),
            ],
        );
    }

    #[test]
    fn a_broken_pattern_is_an_error_with_its_name() {
        let broken = CustomPattern {
            name: "loyalty".parse().unwrap(),
            pattern: "[".to_owned(),
            entity: Entity::Identifier,
            checksum: None,
            words: Vec::new(),
            score: 0.8,
        };
        let error = Custom::new(&[broken]).unwrap_err().to_string();
        assert!(error.contains("`loyalty`"), "{error}");
    }
}
