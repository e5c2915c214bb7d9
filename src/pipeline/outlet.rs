//! The way of one text of an answer to its caller: screened, put back, and looked over for canaries.
//!
//! Where a rule holds the answer, the way goes on for whoever decides on it, and what the rules take out is taken out for
//! them too: what is released later is what they saw.

use std::sync::Arc;

use crate::config::ScreenAction;
use crate::redact::{
    Canaries, CanaryWatch, Released, RestoreStats, Restorer, Screen, ScreenCounts, ScreenRule,
    Screener,
};
use crate::types::Sensitive;

/// What all texts of the answers to a request have in common.
#[derive(Debug)]
pub(super) struct Outlets {
    /// Puts values back; `None` where the caller may not see them.
    pub(super) restorer: Option<Restorer>,
    /// What answers are screened for; `None`: nothing.
    pub(super) screener: Option<Screener>,
    /// The node's canaries, and what becomes of an answer that holds one.
    pub(super) canaries: Option<(Arc<Canaries>, ScreenAction)>,
}

impl Outlets {
    /// The way of a text, which may be JSON.
    pub(super) fn outlet(&self, is_json: bool) -> Outlet {
        let restorer = self.restorer.as_ref();
        let watch = |(own, action): &(Arc<Canaries>, ScreenAction)| own.watch(*action);
        Outlet {
            screen: self.screener.as_ref().map(|own| own.screen(is_json)),
            restorer: restorer.map(|own| match is_json {
                true => own.for_json(),
                false => own.again(),
            }),
            watch: self.canaries.as_ref().map(watch),
            held: false,
        }
    }

    /// Whether an answer that breaks `rule` is held.
    pub(super) fn holds(&self, rule: ScreenRule) -> bool {
        match rule {
            ScreenRule::Canary => {
                let canaries = self.canaries.as_ref();
                canaries.is_some_and(|(_, action)| *action == ScreenAction::Hold)
            }
            rule => self.screener.as_ref().is_some_and(|own| own.holds(rule)),
        }
    }

    /// Whether any answer may be held.
    pub(super) fn may_hold(&self) -> bool {
        ScreenRule::ALL.into_iter().any(|rule| self.holds(rule))
    }

    /// Whether nothing is looked at.
    pub(super) const fn is_open(&self) -> bool {
        self.screener.is_none() && self.canaries.is_none()
    }
}

/// The way of one text.
#[derive(Debug)]
pub(super) struct Outlet {
    screen: Option<Screen>,
    restorer: Option<Restorer>,
    watch: Option<CanaryWatch>,
    /// Whether what comes now is only for whoever decides on the answer.
    held: bool,
}

/// What may go out.
#[derive(Debug, Default)]
pub(super) struct Passed {
    /// For the caller; `None` while nothing is certain.
    pub(super) text: Option<Sensitive<String>>,
    /// What follows it only for whoever decides on the answer.
    pub(super) beyond: Option<Sensitive<String>>,
    /// The same as the model wrote it, without what was taken out.
    pub(super) written: String,
    /// How many bytes of what the model wrote are decided.
    pub(super) bytes: usize,
    /// Whether something was taken out.
    pub(super) removed: bool,
}

impl Outlet {
    /// Takes more of the text.
    pub(super) fn push(&mut self, text: String) -> Passed {
        let released = match &mut self.screen {
            Some(screen) => screen.push(&text),
            None => Released {
                bytes: text.len(),
                text,
                ..Released::default()
            },
        };
        self.pass(released, false)
    }

    /// The text is complete: gives the rest. What follows is another text.
    pub(super) fn finish(&mut self) -> Passed {
        let rest = self.screen.as_mut().map(Screen::finish);
        self.pass(rest.unwrap_or_default(), true)
    }

    /// Puts values back into what came out of the screen, and looks it over; `last`: nothing follows.
    fn pass(&mut self, released: Released, last: bool) -> Passed {
        let mut passed = Passed {
            bytes: released.bytes,
            removed: released.removed,
            ..Passed::default()
        };
        let mut sides = Sides::default();
        let at = released.held.unwrap_or(released.text.len());
        let (before, after) = released.text.split_at_checked(at).unwrap_or_default();
        self.carry(before, &mut sides);
        self.held |= released.held.is_some();
        if !after.is_empty() {
            self.carry(after, &mut sides);
        }
        if last {
            let rest = self.restorer.as_mut().map(Restorer::finish);
            self.look_over(rest.unwrap_or_default(), &mut sides);
            let rest = self.watch.as_mut().map(CanaryWatch::finish);
            self.sort(&rest.unwrap_or_default(), &mut sides);
        }
        let some = |text: String| (!text.is_empty()).then(|| text.into());
        passed.text = some(sides.open);
        passed.beyond = some(sides.beyond);
        passed.removed |= sides.removed;
        passed.written = released.text;
        passed
    }

    fn carry(&mut self, text: &str, sides: &mut Sides) {
        let restored = match &mut self.restorer {
            Some(restorer) => restorer.push(text),
            None => text.to_owned(),
        };
        self.look_over(restored, sides);
    }

    fn look_over(&mut self, restored: String, sides: &mut Sides) {
        let released = match &mut self.watch {
            Some(watch) => watch.push(&restored),
            None => Released {
                text: restored,
                ..Released::default()
            },
        };
        self.sort(&released, sides);
    }

    /// Gives each part of what is released to whom it is for.
    fn sort(&mut self, released: &Released, sides: &mut Sides) {
        let all = released.text.len();
        let at = match self.held {
            true => 0,
            false => released.held.unwrap_or(all),
        };
        self.held |= released.held.is_some();
        let (open, beyond) = released.text.split_at_checked(at).unwrap_or_default();
        sides.open.push_str(open);
        sides.beyond.push_str(beyond);
        sides.removed |= released.removed;
    }

    /// Whether a rule holds the answer.
    pub(super) const fn is_held(&self) -> bool {
        self.held
    }

    /// Whether a rule ended the answer.
    pub(super) fn is_stopped(&self) -> bool {
        self.screen.as_ref().is_some_and(Screen::is_stopped)
            || self.watch.as_ref().is_some_and(CanaryWatch::is_stopped)
    }

    /// What was put back so far.
    pub(super) fn restored(&self) -> RestoreStats {
        self.restorer
            .as_ref()
            .map(Restorer::stats)
            .unwrap_or_default()
    }

    /// Adds how often each rule was broken.
    pub(super) fn count(&self, to: &mut ScreenCounts) {
        let screened = self.screen.iter().map(Screen::counts);
        let watched = self.watch.iter().map(CanaryWatch::counts);
        for (rule, n) in screened.chain(watched).flatten() {
            *to.entry(*rule).or_default() += n;
        }
    }
}

/// What is for the caller, and what only for whoever decides.
#[derive(Default)]
struct Sides {
    open: String,
    beyond: String,
    removed: bool,
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use crate::config::Screening;
    use crate::crm::{Body, Minimised};
    use crate::redact::{Redactor, RedactorOptions};
    use crate::types::{Chat, Message, MessageRole};

    use super::*;

    const OFF: Screening = Screening {
        secrets: ScreenAction::Off,
        personal: ScreenAction::Off,
        copied: ScreenAction::Stop,
        max_copied_words: None,
        max_copied_percent: None,
    };

    /// The way of the answers to a message of Ada's, with one canary.
    fn outlets(rules: Screening, canary: ScreenAction) -> Outlets {
        let redactor = Redactor::new(RedactorOptions::default()).unwrap();
        let text = "My name is Ada Byron. Mail ada@example.com";
        let chat = Chat::of(vec![Message::new(MessageRole::User, text)]);
        let minimised = Minimised::for_test(Body::Chat(Box::new(chat)));
        let (redacted, vault) = redactor.redact(minimised).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("canaries");
        std::fs::write(&file, "Zephyr Quillfeather\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let screener = redactor.screener(&redacted, &vault, rules);
        Outlets {
            restorer: Some(vault.restorer()),
            screener,
            canaries: Some((Arc::new(Canaries::read(&file).unwrap()), canary)),
        }
    }

    /// What goes to the caller, and what only to whoever decides.
    fn carried(outlets: &Outlets, text: &str, size: usize) -> (String, String, Outlet) {
        let mut outlet = outlets.outlet(false);
        let (mut open, mut beyond) = (String::new(), String::new());
        let mut take = |passed: Passed| {
            assert!(
                passed.text.is_none() || beyond.is_empty(),
                "the caller gets nothing more of a held answer"
            );
            open.push_str(passed.text.unwrap_or_default().expose());
            beyond.push_str(passed.beyond.unwrap_or_default().expose());
        };
        let chars: Vec<char> = text.chars().collect();
        for piece in chars.chunks(size) {
            take(outlet.push(piece.iter().collect()));
        }
        take(outlet.finish());
        (open, beyond, outlet)
    }

    #[test]
    fn what_breaks_a_rule_is_held_with_its_values_put_back() {
        let personal = Screening {
            personal: ScreenAction::Hold,
            ..OFF
        };
        for (rules, canary, text, open, beyond) in [
            (
                personal,
                ScreenAction::Stop,
                "Dear [PERSON_1], write to bo@example.com, not to [EMAIL_1].",
                "Dear Ada Byron, write to ",
                "bo@example.com, not to ada@example.com.",
            ),
            (
                OFF,
                ScreenAction::Hold,
                "Dear [PERSON_1], Zephyr Quillfeather is [EMAIL_1].",
                "Dear Ada Byron, ",
                "Zephyr Quillfeather is ada@example.com.",
            ),
            // The first of two rules is where it ends for the caller.
            (
                personal,
                ScreenAction::Hold,
                "[PERSON_1], Zephyr Quillfeather has bo@example.com now.",
                "Ada Byron, ",
                "Zephyr Quillfeather has bo@example.com now.",
            ),
            // What is masked is masked for whoever decides.
            (
                personal,
                ScreenAction::Mask,
                "Write to bo@example.com and Zephyr Quillfeather.",
                "Write to ",
                "bo@example.com and [removed].",
            ),
            (
                personal,
                ScreenAction::Hold,
                "Dear [PERSON_1].",
                "Dear Ada Byron.",
                "",
            ),
        ] {
            let outlets = outlets(rules, canary);
            assert!(outlets.may_hold());
            for size in [1, 2, 5, 13, 400] {
                let (seen, kept, outlet) = carried(&outlets, text, size);
                // Cut as it may be, the caller sees no more than up to the break, and nothing is lost.
                assert!(open.starts_with(&seen), "{seen:?} of {text} in {size}");
                assert_eq!(
                    format!("{seen}{kept}"),
                    format!("{open}{beyond}"),
                    "in {size}"
                );
                assert_eq!(outlet.is_held(), !beyond.is_empty());
                assert!(!outlet.is_stopped());
            }
            assert_eq!(carried(&outlets, text, 400).0, open, "{text}");
        }
        let none = outlets(OFF, ScreenAction::Stop);
        assert!(!none.may_hold() && !none.holds(ScreenRule::Canary));
    }
}
