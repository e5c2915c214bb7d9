//! `[screen]`: what an answer may carry out, of a node, of plain chat and of a use case.

use std::path::PathBuf;

use serde::Deserialize;

use super::rules::RuleFault;

/// What happens to an answer that breaks a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScreenAction {
    /// Nothing; nobody looks.
    #[default]
    Off,
    /// What breaks it is replaced by `[removed]`, and the answer goes on.
    Mask,
    /// The answer ends there, with `finish_reason: content_filter`.
    Stop,
    /// The same for whoever asked; the whole answer is kept until a second person releases or refuses it.
    Hold,
}

impl ScreenAction {
    /// The name in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Mask => "mask",
            Self::Stop => "stop",
            Self::Hold => "hold",
        }
    }
}

/// The rules as they are written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawScreen {
    /// Passwords, keys, tokens.
    pub secrets: Option<ScreenAction>,
    /// Personal data that is no placeholder: the model made it up, or knows it.
    pub personal: Option<ScreenAction>,
    /// What happens to an answer that copies more of its input than it may.
    pub copied: Option<ScreenAction>,
    /// The longest run of words that an answer may copy from its input; 0: any.
    pub max_copied_words: Option<u32>,
    /// The largest share of the input, in percent, that an answer may copy.
    pub max_copied_percent: Option<u8>,
}

/// `[screen]` of the node, which alone knows of canaries.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawNodeScreen {
    secrets: Option<ScreenAction>,
    personal: Option<ScreenAction>,
    copied: Option<ScreenAction>,
    max_copied_words: Option<u32>,
    max_copied_percent: Option<u8>,
    canary: Option<ScreenAction>,
    canaries: Option<PathBuf>,
}

/// Rules of an answer; what is `None` is said elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScreenRules {
    /// Passwords, keys, tokens.
    pub secrets: Option<ScreenAction>,
    /// Personal data that is no placeholder.
    pub personal: Option<ScreenAction>,
    /// What happens to an answer that copies more of its input than it may.
    pub copied: Option<ScreenAction>,
    /// The longest run of words that an answer may copy from its input; 0: any.
    pub max_copied_words: Option<u32>,
    /// The largest share of the input, in percent, that an answer may copy; 100: all of it.
    pub max_copied_percent: Option<u8>,
}

/// `[screen]` of the node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScreenConfig {
    /// The rules where nothing else is said.
    pub rules: ScreenRules,
    /// What happens to an answer that holds a canary.
    pub canary: ScreenAction,
    /// The file of the canaries, one a line; readable by the node alone.
    pub canaries: Option<PathBuf>,
}

/// What holds for one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screening {
    /// Passwords, keys, tokens.
    pub secrets: ScreenAction,
    /// Personal data that is no placeholder.
    pub personal: ScreenAction,
    /// More of the input than may be copied: the answer is stopped or held.
    pub copied: ScreenAction,
    /// The longest run of words that may be copied; `None`: any.
    pub max_copied_words: Option<u32>,
    /// The largest share of the input, in percent, that may be copied; `None`: all.
    pub max_copied_percent: Option<u8>,
}

impl ScreenRules {
    /// Checks what was written.
    ///
    /// # Errors
    ///
    /// [`RuleFault`] names the key.
    pub fn new(raw: &RawScreen) -> Result<Self, RuleFault> {
        let fault = |key: &str, problem: &str| {
            Err(RuleFault {
                key: key.to_owned(),
                problem: problem.to_owned(),
            })
        };
        if raw.max_copied_words.is_some_and(|n| n != 0 && n < 8) {
            return fault(
                "max_copied_words",
                "shorter runs than 8 words are everybody's; write 0 for no limit",
            );
        }
        if !raw
            .max_copied_percent
            .is_none_or(|percent| (1..=100).contains(&percent))
        {
            return fault("max_copied_percent", "a number from 1 to 100");
        }
        if raw.copied == Some(ScreenAction::Mask) {
            return fault(
                "copied",
                "what is copied has gone out when it is too much, so it can't be masked: `stop`, `hold` or `off`",
            );
        }
        Ok(Self {
            secrets: raw.secrets,
            personal: raw.personal,
            copied: raw.copied,
            max_copied_words: raw.max_copied_words,
            max_copied_percent: raw.max_copied_percent,
        })
    }

    /// What holds where `node` says what these rules don't.
    pub fn over(&self, node: &Self) -> Screening {
        let action = |own: Option<ScreenAction>, node: Option<ScreenAction>, usual| {
            own.or(node).unwrap_or(usual)
        };
        let words = self.max_copied_words.or(node.max_copied_words);
        let percent = self.max_copied_percent.or(node.max_copied_percent);
        let copied = action(self.copied, node.copied, ScreenAction::Stop);
        let is_bounded = copied != ScreenAction::Off;
        Screening {
            secrets: action(self.secrets, node.secrets, ScreenAction::Mask),
            personal: action(self.personal, node.personal, ScreenAction::Off),
            copied,
            max_copied_words: words.filter(|words| is_bounded && *words > 0),
            max_copied_percent: percent.filter(|percent| is_bounded && *percent < 100),
        }
    }
}

pub(super) fn resolve(raw: RawNodeScreen) -> Result<ScreenConfig, RuleFault> {
    Ok(ScreenConfig {
        rules: ScreenRules::new(&RawScreen {
            secrets: raw.secrets,
            personal: raw.personal,
            copied: raw.copied,
            max_copied_words: raw.max_copied_words,
            max_copied_percent: raw.max_copied_percent,
        })?,
        canary: raw.canary.unwrap_or(ScreenAction::Stop),
        canaries: raw.canaries,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrower_rule_holds() {
        let rules = |text: &str| ScreenRules::new(&toml::from_str(text).unwrap()).unwrap();
        let node = rules("secrets = \"stop\"\nmax_copied_words = 40\nmax_copied_percent = 50");
        let usual = ScreenRules::default().over(&ScreenRules::default());
        assert_eq!(usual.secrets, ScreenAction::Mask);
        assert_eq!(usual.personal, ScreenAction::Off);
        assert_eq!(
            (usual.max_copied_words, usual.max_copied_percent),
            (None, None)
        );
        let own = rules("secrets = \"off\"\nmax_copied_words = 0").over(&node);
        assert_eq!(own.secrets, ScreenAction::Off);
        assert_eq!(
            (own.max_copied_words, own.max_copied_percent),
            (None, Some(50))
        );
        assert_eq!(own.copied, ScreenAction::Stop);
        let own = rules("personal = \"hold\"\ncopied = \"hold\"").over(&node);
        assert_eq!(
            (own.personal, own.copied),
            (ScreenAction::Hold, ScreenAction::Hold)
        );
        assert_eq!(own.max_copied_words, Some(40));
        // Who bounds nothing needs no limits.
        let own = rules("copied = \"off\"").over(&node);
        assert_eq!((own.max_copied_words, own.max_copied_percent), (None, None));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, key) in [
            ("max_copied_words = 3", "max_copied_words"),
            ("max_copied_percent = 0", "max_copied_percent"),
            ("max_copied_percent = 101", "max_copied_percent"),
            ("copied = \"mask\"", "copied"),
        ] {
            let fault = ScreenRules::new(&toml::from_str(text).unwrap()).unwrap_err();
            assert_eq!(fault.key, key);
        }
    }
}
