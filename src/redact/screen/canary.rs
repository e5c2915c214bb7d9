//! Canaries: values that no answer should ever hold, because nobody has a reason to ask for them.
//!
//! The file has one value a line. In memory are only SHA-256 digests of its beginnings, word by word: as long as the words
//! of an answer are the beginning of a canary, they are held back.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::{Zeroize as _, Zeroizing};

use crate::config::ScreenAction;
use crate::types::Digest;

use super::{REMOVED, Released, ScreenCounts, ScreenRule};

/// Largest file in bytes.
const MAX_FILE: u64 = 4 << 20;
/// Most canaries.
const MAX_CANARIES: usize = 10_000;
/// Most words of a canary.
const MAX_WORDS: usize = 16;
/// Most bytes that are held back: a canary's words with what stands between them.
const MAX_HELD: usize = 4 << 10;
/// Fewest letters and digits: what is shorter stands in ordinary texts.
const MIN_CHARS: usize = 6;

/// Why canaries can't be read. Says nothing of them.
#[derive(Debug, thiserror::Error)]
pub enum CanariesError {
    /// The file can't be read.
    #[error("the file of canaries {path} can't be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others than the node may read it.
    #[error("the file of canaries {path} may be read by others than its owner: `chmod 600` it")]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// Too many.
    #[error("the file of canaries {path} has over 10000 lines or 4 MiB")]
    TooMany {
        /// The file.
        path: PathBuf,
    },
    /// A line is too short to be told, or too long.
    #[error(
        "line {line} of the canaries {path}: a canary has 6 letters or digits or more, in at most 16 words"
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
}

/// The canaries of a node. Shows nothing.
#[derive(Default)]
pub struct Canaries {
    /// Each beginning, and whether it is a whole one.
    beginnings: HashMap<Digest, bool>,
}

impl Canaries {
    /// Reads the file at `path`.
    ///
    /// # Errors
    ///
    /// [`CanariesError`].
    pub fn read(path: &Path) -> Result<Self, CanariesError> {
        let failed = |source| CanariesError::Read {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        if found.mode() & 0o077 != 0 {
            return Err(CanariesError::Exposed {
                path: path.to_owned(),
            });
        }
        if found.len() > MAX_FILE {
            return Err(CanariesError::TooMany {
                path: path.to_owned(),
            });
        }
        let mut text = Zeroizing::new(String::new());
        file.take(MAX_FILE)
            .read_to_string(&mut text)
            .map_err(failed)?;
        Self::of(&text).map_err(|line| match line {
            Some(line) => CanariesError::Line {
                path: path.to_owned(),
                line,
            },
            None => CanariesError::TooMany {
                path: path.to_owned(),
            },
        })
    }

    /// The lines of `text`; the number of the line that is no canary, or none where there are too many.
    fn of(text: &str) -> Result<Self, Option<usize>> {
        let mut own = Self::default();
        let lines = text.lines().enumerate();
        let lines = lines.filter(|(_, line)| !line.trim().is_empty());
        for (count, (at, line)) in lines.enumerate() {
            if count == MAX_CANARIES {
                return Err(None);
            }
            let lower = Zeroizing::new(line.to_lowercase());
            let words: Vec<&str> = super::super::forms::words(&lower).collect();
            let chars: usize = words.iter().map(|word| word.chars().count()).sum();
            if chars < MIN_CHARS || words.len() > MAX_WORDS {
                return Err(Some(at + 1));
            }
            let mut beginning = Zeroizing::new(String::new());
            for (n, word) in words.iter().enumerate() {
                beginning.push_str(word);
                beginning.push(' ');
                let whole = n + 1 == words.len();
                let known = own.beginnings.entry(Digest::of(beginning.as_bytes()));
                *known.or_insert(false) |= whole;
            }
        }
        Ok(own)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.beginnings.is_empty()
    }

    /// A watch over one text.
    pub fn watch(self: &Arc<Self>, action: ScreenAction) -> CanaryWatch {
        CanaryWatch {
            canaries: Arc::clone(self),
            action,
            held: String::new(),
            in_word: false,
            counts: ScreenCounts::new(),
            stopped: false,
            holding: false,
        }
    }
}

impl fmt::Debug for Canaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Canaries({})", self.beginnings.len())
    }
}

/// Looks for canaries in one text that comes in pieces.
pub struct CanaryWatch {
    canaries: Arc<Canaries>,
    action: ScreenAction,
    held: String,
    /// Whether a word goes on where `held` begins.
    in_word: bool,
    counts: ScreenCounts,
    stopped: bool,
    /// Whether one was found that holds the answer.
    holding: bool,
}

/// What stands at the beginning of a word.
enum Standing {
    /// A canary of so many bytes.
    Canary(usize),
    /// None.
    Nothing,
    /// What follows decides.
    Open,
}

impl CanaryWatch {
    /// Takes more of the text, and gives what may go out.
    pub fn push(&mut self, delta: &str) -> Released {
        self.held.push_str(delta);
        self.advance(false)
    }

    /// The text is complete: gives the rest.
    pub fn finish(&mut self) -> Released {
        self.advance(true)
    }

    /// Whether a canary ended the answer.
    pub const fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// How often a canary was found.
    pub const fn counts(&self) -> &ScreenCounts {
        &self.counts
    }

    fn advance(&mut self, last: bool) -> Released {
        let mut released = Released::default();
        if self.stopped {
            return released;
        }
        let mut held = std::mem::take(&mut self.held);
        let mut at = 0;
        while let Some(c) = held.get(at..).and_then(|rest| rest.chars().next()) {
            let starts = c.is_alphanumeric() && !self.in_word;
            let standing = match starts {
                true => self.standing(&held[at..], last),
                false => Standing::Nothing,
            };
            match standing {
                Standing::Open if held.len() - at <= MAX_HELD => break,
                Standing::Open | Standing::Nothing => {
                    released.text.push(c);
                    at += c.len_utf8();
                    self.in_word = c.is_alphanumeric();
                }
                Standing::Canary(len) => {
                    *self.counts.entry(ScreenRule::Canary).or_default() += 1;
                    match self.action {
                        // Whoever decides on the answer sees it.
                        ScreenAction::Hold => {
                            if !self.holding {
                                self.holding = true;
                                released.held = Some(released.text.len());
                            }
                            released.text.push_str(&held[at..at + len]);
                        }
                        ScreenAction::Stop => {
                            released.removed = true;
                            self.stopped = true;
                            break;
                        }
                        ScreenAction::Mask | ScreenAction::Off => {
                            released.removed = true;
                            released.text.push_str(REMOVED);
                        }
                    }
                    at += len;
                    self.in_word = false;
                }
            }
        }
        released.bytes = at;
        if !self.stopped {
            held[at..].clone_into(&mut self.held);
        }
        held.zeroize();
        released
    }

    /// What stands at the beginning of `text`, which is one of a word.
    fn standing(&self, text: &str, last: bool) -> Standing {
        let mut beginning = Zeroizing::new(String::new());
        let mut longest = None;
        let mut at = 0;
        loop {
            let rest = &text[at..];
            let gap = rest.find(char::is_alphanumeric);
            let Some(start) = gap.map(|gap| at + gap) else {
                // The words so far begin one, and another word may follow.
                return match (last, longest) {
                    (true, Some(len)) => Standing::Canary(len),
                    (true, None) => Standing::Nothing,
                    (false, _) => Standing::Open,
                };
            };
            let word = &text[start..];
            let len = word.find(|c: char| !c.is_alphanumeric());
            let len = match (len, last) {
                (Some(len), _) => len,
                (None, true) => word.len(),
                (None, false) => return Standing::Open,
            };
            at = start + len;
            beginning.push_str(&word[..len].to_lowercase());
            beginning.push(' ');
            match self
                .canaries
                .beginnings
                .get(&Digest::of(beginning.as_bytes()))
            {
                Some(whole) => longest = if *whole { Some(at) } else { longest },
                None => {
                    return longest.map_or(Standing::Nothing, Standing::Canary);
                }
            }
        }
    }
}

impl Drop for CanaryWatch {
    fn drop(&mut self) {
        self.held.zeroize();
    }
}

impl fmt::Debug for CanaryWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CanaryWatch({} found)", self.counts.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canaries() -> Arc<Canaries> {
        Arc::new(
            Canaries::of("Zephyr Quillfeather\n\nzq-4711-88\nZephyr Quillfeather Junior\n")
                .unwrap(),
        )
    }

    /// What goes out of `text` in pieces of `size` characters, and whether it stopped.
    fn watched(action: ScreenAction, text: &str, size: usize) -> (String, bool) {
        let mut watch = canaries().watch(action);
        let chars: Vec<char> = text.chars().collect();
        let mut out = String::new();
        for piece in chars.chunks(size) {
            out.push_str(&watch.push(&piece.iter().collect::<String>()).text);
        }
        out.push_str(&watch.finish().text);
        (out, watch.is_stopped())
    }

    #[test]
    fn canaries_are_found_however_the_text_is_cut() {
        for (text, masked, stopped) in [
            ("Dear Zephyr, thanks", "Dear Zephyr, thanks", None),
            (
                "Dear ZEPHYR\nQuillfeather, hi",
                "Dear [removed], hi",
                Some("Dear "),
            ),
            ("Zephyr Quillfeather Junior", "[removed]", Some("")),
            ("Zephyr Quillfeathers", "Zephyr Quillfeathers", None),
            ("see ZQ 4711/88.", "see [removed].", Some("see ")),
            ("xzq-4711-88", "xzq-4711-88", None),
            ("", "", None),
        ] {
            for size in [1, 2, 5, 100] {
                assert_eq!(watched(ScreenAction::Mask, text, size).0, masked, "{text}");
                let (out, ended) = watched(ScreenAction::Stop, text, size);
                assert_eq!(out, stopped.unwrap_or(text), "{text}");
                assert_eq!(ended, stopped.is_some(), "{text}");
            }
        }
    }

    #[test]
    fn what_follows_a_canary_is_for_whoever_decides() {
        let text = "Dear Zephyr Quillfeather, see zq-4711-88 now";
        for size in [1, 2, 5, 100] {
            let mut watch = canaries().watch(ScreenAction::Hold);
            let chars: Vec<char> = text.chars().collect();
            let (mut out, mut held) = (String::new(), None);
            let mut take = |released: Released| {
                assert!(!released.removed && (held.is_none() || released.held.is_none()));
                held = held.or_else(|| released.held.map(|at| out.len() + at));
                out.push_str(&released.text);
            };
            for piece in chars.chunks(size) {
                take(watch.push(&piece.iter().collect::<String>()));
            }
            take(watch.finish());
            assert_eq!((out.as_str(), held), (text, Some("Dear ".len())), "{size}");
            assert!(!watch.is_stopped());
            assert_eq!(watch.counts()[&ScreenRule::Canary], 2);
        }
    }

    #[test]
    fn files_are_private_and_bounded() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("canaries");
        let write = |text: &str, mode| {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            Canaries::read(&path)
        };
        assert!(!write("Zephyr Quillfeather", 0o600).unwrap().is_empty());
        assert!(matches!(
            write("x", 0o644),
            Err(CanariesError::Exposed { .. })
        ));
        assert!(matches!(
            write("Zephyr Quillfeather\nab", 0o600),
            Err(CanariesError::Line { line: 2, .. })
        ));
        assert!(matches!(
            write(&"abcdefg\n".repeat(10_001), 0o600),
            Err(CanariesError::TooMany { .. })
        ));
        assert!(Canaries::read(&dir.path().join("none")).is_err());
    }
}
