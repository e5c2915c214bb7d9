//! `[redaction]`, checked.

use std::sync::Arc;

use crate::types::Entity;

use super::ConfigError;
use super::checked::{CustomPattern, NamesConfig, RedactionConfig};
use super::raw::{RawNames, RawRedaction};
use super::resolve::{MIB, invalid, seconds, within};
use super::rules::{RawRules, RedactionRules, RuleFault, check_pattern};

/// Longest word near a match in bytes.
const MAX_WORD: usize = 64;

pub(super) fn resolve(raw: RawRedaction) -> Result<RedactionConfig, ConfigError> {
    let mut custom: Vec<CustomPattern> = Vec::new();
    for raw in raw.custom.unwrap_or_default() {
        let key = format!("redaction.custom `{}`", raw.name);
        if custom.iter().any(|known| known.name == raw.name) {
            return Err(invalid(&key, "another pattern has this name"));
        }
        if custom.len() == CustomPattern::MAX_COUNT {
            return Err(invalid(&key, "at most 64 patterns"));
        }
        check_pattern(&raw.pattern).map_err(|problem| invalid(&key, &problem))?;
        let score = raw.score.unwrap_or(0.8);
        if !(0.0..=1.0).contains(&score) {
            return Err(invalid(&key, "`score` is a number from 0 to 1"));
        }
        if score < 0.5 && raw.words.is_empty() {
            return Err(invalid(
                &key,
                "a `score` below 0.5 counts only next to `words`, and there are none",
            ));
        }
        let words: Vec<String> = raw.words.iter().map(|word| word.to_lowercase()).collect();
        let one_word = |word: &String| {
            let plain = word.strip_suffix('~').unwrap_or(word);
            let letters = |c: char| c.is_alphanumeric() || c == '_';
            !plain.is_empty() && plain.len() <= MAX_WORD && plain.chars().all(letters)
        };
        if !words.iter().all(one_word) {
            return Err(invalid(
                &key,
                "`words` are single words, such as \"loyalty\", or parts of words, such as \"kunden~\"",
            ));
        }
        custom.push(CustomPattern {
            name: raw.name,
            pattern: raw.pattern,
            entity: raw.entity.unwrap_or(Entity::Identifier),
            checksum: raw.checksum,
            words,
            score,
        });
    }
    let rules = RawRules {
        modes: raw.modes.unwrap_or_default(),
        thresholds: raw.thresholds.unwrap_or_default(),
        allow: raw.allow.unwrap_or_default(),
        deny: raw.deny.unwrap_or_default(),
    };
    Ok(RedactionConfig {
        custom,
        names: names(raw.names.unwrap_or_default())?,
        rules: rules_of("redaction", rules)?,
    })
}

fn names(raw: RawNames) -> Result<NamesConfig, ConfigError> {
    let threads = raw
        .threads
        .map(|threads| within("redaction.names.threads", Some(threads), 2, 1..=64));
    Ok(NamesConfig {
        enabled: raw.enabled.unwrap_or(true),
        model: raw.model,
        threads: threads.transpose()?,
        time_limit: seconds(
            "redaction.names.time_limit_s",
            raw.time_limit_s,
            60,
            1..=3600,
        )?,
        cache_bytes: within("redaction.names.cache_mib", raw.cache_mib, 8, 0..=4096)? * MIB,
    })
}

/// The rules of the table `table`.
pub(super) fn rules_of(table: &str, raw: RawRules) -> Result<Arc<RedactionRules>, ConfigError> {
    let rules = RedactionRules::new(raw).map_err(|fault| in_table(table, &fault))?;
    Ok(Arc::new(rules))
}

/// A fault of the table `table`.
pub(super) fn in_table(table: &str, fault: &RuleFault) -> ConfigError {
    invalid(&format!("{table}.{}", fault.key), &fault.problem)
}

#[cfg(test)]
mod tests {
    use super::super::{Checksum, Config, DEMO, Environment};
    use super::*;

    fn parse(lines: &str) -> Result<Config, ConfigError> {
        let text = format!("{DEMO}\n[[redaction.custom]]\n{lines}\n");
        Config::parse(&text, "node.toml", &Environment::default())
    }

    #[test]
    fn patterns_are_read() {
        let config = parse(
            "name = \"loyalty\"\npattern = 'LC-[0-9]{10}'\nchecksum = \"luhn\"\nwords = [\"Loyalty\"]",
        )
        .unwrap();
        let [custom] = &config.redaction.custom[..] else {
            panic!("one pattern was written");
        };
        assert_eq!(custom.entity, Entity::Identifier);
        assert_eq!(custom.checksum, Some(Checksum::Luhn));
        assert_eq!(custom.words, ["loyalty"]);
    }

    #[test]
    fn names_are_looked_for_unless_it_is_said_otherwise() {
        let (before, section) = DEMO.split_once("[redaction.names]").unwrap();
        let (_, after) = section.split_once("[limits]").unwrap();
        let names = |lines: &str| {
            let text = format!("{before}{lines}\n[limits]{after}");
            Config::parse(&text, "node.toml", &Environment::default())
                .map(|config| config.redaction.names)
        };
        assert_eq!(names("").unwrap(), NamesConfig::default());
        let demo = Config::parse(DEMO, "demo", &Environment::default()).unwrap();
        assert_eq!(demo.redaction.names, NamesConfig::default());
        let lines = "enabled = false\nmodel = \"/m\"\nthreads = 1\ncache_mib = 0";
        let own = names(&format!("[redaction.names]\n{lines}")).unwrap();
        assert!(!own.enabled);
        assert_eq!(own.model, Some("/m".into()));
        assert_eq!((own.threads, own.cache_bytes), (Some(1), 0));
        for (lines, says) in [
            ("threads = 0", "redaction.names.threads"),
            ("time_limit_s = 0", "redaction.names.time_limit_s"),
            ("cache_mib = 5000", "redaction.names.cache_mib"),
            ("modell = 'x'", "did you mean `model`"),
        ] {
            let error = names(&format!("[redaction.names]\n{lines}"))
                .unwrap_err()
                .to_string();
            assert!(error.contains(says), "{lines}: {error}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (lines, says) in [
            ("name = \"a\"\npattern = '['", "does not compile"),
            ("name = \"a\"\npattern = 'x*'", "matches the empty text"),
            ("name = \"a\"\npattern = '(?:a{500}){500}'", "grows too big"),
            ("name = \"a\"\npattern = 'x'\nscore = 2.0", "from 0 to 1"),
            (
                "name = \"a\"\npattern = 'x'\nscore = 0.3",
                "next to `words`",
            ),
            (
                "name = \"a\"\npattern = 'x'\nwords = [\"two words\"]",
                "single words",
            ),
            (
                "name = \"a\"\npattern = 'x'\nentity = \"LOYALTY\"",
                "unknown variant",
            ),
            (
                "name = \"a\"\npattern = 'x'\nchecksum = \"mod-97\"",
                "did you mean `mod-97-10`",
            ),
            ("name = \"a\"\nregex = 'x'", "unknown field"),
            (
                "name = \"a\"\npattern = 'x'\n[redaction.modes]\nPERSON = \"hide\"",
                "unknown variant",
            ),
            (
                "name = \"a\"\npattern = 'x'\n[redaction.thresholds]\nPERSON = 7",
                "redaction.thresholds.PERSON",
            ),
            (
                "name = \"a\"\npattern = 'x'\n[chat.redaction.modes]\nPEOPLE = \"keep\"",
                "unknown variant",
            ),
            (
                "name = \"a\"\npattern = 'x'\n[[chat.redaction.deny]]\npattern = '['",
                "chat.redaction.deny",
            ),
            (
                "name = \"a\"\npattern = 'x'\n[[redaction.custom]]\nname = \"a\"\npattern = 'y'",
                "another pattern",
            ),
        ] {
            let error = parse(lines).unwrap_err().to_string();
            assert!(error.contains(says), "{lines}: {error}");
        }
    }
}
