//! The way of one text of an answer to its caller: screened, put back, and looked over for canaries.

use std::sync::Arc;

use crate::config::ScreenAction;
use crate::redact::{
    Canaries, CanaryWatch, RestoreStats, Restorer, Screen, ScreenCounts, Screener,
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
        }
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
}

/// What may go out.
#[derive(Debug, Default)]
pub(super) struct Passed {
    /// For the caller; `None` while nothing is certain.
    pub(super) text: Option<Sensitive<String>>,
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
        let mut passed = match &mut self.screen {
            Some(screen) => {
                let released = screen.push(&text);
                Passed {
                    written: released.text,
                    bytes: released.bytes,
                    removed: released.removed,
                    text: None,
                }
            }
            None => Passed {
                bytes: text.len(),
                written: text,
                ..Passed::default()
            },
        };
        let restored = match &mut self.restorer {
            Some(restorer) => restorer.push(&passed.written),
            None => passed.written.clone(),
        };
        self.watch(restored, &mut passed);
        passed
    }

    /// The text is complete: gives the rest. What follows is another text.
    pub(super) fn finish(&mut self) -> Passed {
        let mut passed = Passed::default();
        if let Some(screen) = &mut self.screen {
            let released = screen.finish();
            passed.written = released.text;
            passed.bytes = released.bytes;
            passed.removed = released.removed;
        }
        let restored = match &mut self.restorer {
            Some(restorer) => restorer.push(&passed.written) + &restorer.finish(),
            None => passed.written.clone(),
        };
        self.watch(restored, &mut passed);
        if let Some(watch) = &mut self.watch {
            let rest = watch.finish();
            passed.removed |= rest.removed;
            let text = passed.text.take().unwrap_or_default().into_exposed() + &rest.text;
            passed.text = (!text.is_empty()).then(|| text.into());
        }
        passed
    }

    fn watch(&mut self, restored: String, passed: &mut Passed) {
        let text = match &mut self.watch {
            Some(watch) => {
                let released = watch.push(&restored);
                passed.removed |= released.removed;
                released.text
            }
            None => restored,
        };
        passed.text = (!text.is_empty()).then(|| text.into());
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
