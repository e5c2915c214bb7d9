//! What a model thinks before it speaks: `<think>…</think>` at the start of an answer.

/// Opens the thoughts; where the model's template writes it, they are open from the start.
const OPEN: &str = "<think>";
/// Closes them.
const CLOSE: &str = "</think>";

/// A piece of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Thought {
    /// Of the thoughts.
    Reasoning(String),
    /// Of the answer.
    Text(String),
}

/// Tells thoughts from the answer, in a text that comes in pieces.
#[derive(Clone, Debug)]
pub(super) struct Think {
    place: Place,
    held: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At the start: thoughts may open.
    Start,
    /// Where thoughts begin; line breaks are passed over.
    Opening,
    /// In the thoughts.
    Inside,
    /// After the thoughts, where blank lines are passed over.
    Between,
    /// In the answer.
    Answer,
}

impl Think {
    /// For a model that doesn't think.
    pub(super) fn never() -> Self {
        Self::at(Place::Answer)
    }

    /// For a model that may think.
    pub(super) fn may() -> Self {
        Self::at(Place::Start)
    }

    /// For a prompt that ends within the thoughts.
    pub(super) fn open() -> Self {
        Self::at(Place::Opening)
    }

    fn at(place: Place) -> Self {
        Self {
            place,
            held: String::new(),
        }
    }

    /// Takes more; gives what is certain.
    pub(super) fn push(&mut self, delta: &str) -> Vec<Thought> {
        if self.place == Place::Answer {
            return vec![Thought::Text(delta.to_owned())];
        }
        self.held.push_str(delta);
        let mut out = Vec::new();
        while self.step(&mut out) {}
        out
    }

    /// What is held back; nothing follows.
    pub(super) fn finish(&mut self) -> Vec<Thought> {
        let held = std::mem::take(&mut self.held);
        match self.place {
            _ if held.is_empty() => Vec::new(),
            Place::Inside => vec![Thought::Reasoning(held)],
            Place::Opening | Place::Between => Vec::new(),
            Place::Start | Place::Answer => vec![Thought::Text(held)],
        }
    }

    /// One step; whether another may follow.
    fn step(&mut self, out: &mut Vec<Thought>) -> bool {
        match self.place {
            Place::Start => {
                let core = self.held.trim_start();
                if let Some(rest) = core.strip_prefix(OPEN) {
                    self.held = rest.to_owned();
                    self.place = Place::Opening;
                    return true;
                }
                if OPEN.starts_with(core) {
                    return false;
                }
                self.place = Place::Answer;
            }
            Place::Opening => {
                let core = self.held.trim_start_matches('\n');
                if core.is_empty() {
                    return false;
                }
                self.held = core.to_owned();
                self.place = Place::Inside;
                return true;
            }
            Place::Inside => {
                if let Some((thoughts, rest)) = self.held.split_once(CLOSE) {
                    let thoughts = thoughts.trim_end();
                    if !thoughts.is_empty() {
                        out.push(Thought::Reasoning(thoughts.to_owned()));
                    }
                    self.held = rest.to_owned();
                    self.place = Place::Between;
                    return true;
                }
                let keep = self.held.len() - tail(&self.held);
                let rest = self.held.split_off(keep);
                let thoughts = std::mem::replace(&mut self.held, rest);
                if !thoughts.is_empty() {
                    out.push(Thought::Reasoning(thoughts));
                }
                return false;
            }
            Place::Between => {
                let core = self.held.trim_start_matches(['\n', ' ']);
                if core.is_empty() {
                    return false;
                }
                self.held = core.to_owned();
                self.place = Place::Answer;
            }
            Place::Answer => {}
        }
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            out.push(Thought::Text(held));
        }
        false
    }
}

/// Bytes at the end of `text` that are white space or the start of the closing tag.
fn tail(text: &str) -> usize {
    let partial = (1..CLOSE.len())
        .rev()
        .find(|n| CLOSE.get(..*n).is_some_and(|start| text.ends_with(start)))
        .unwrap_or(0);
    let before = text.get(..text.len() - partial).unwrap_or_default();
    partial + before.len() - before.trim_end().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut think: Think, pieces: &[&str]) -> (String, String) {
        let (mut reasoning, mut text) = (String::new(), String::new());
        let mut all: Vec<Thought> = pieces.iter().flat_map(|piece| think.push(piece)).collect();
        all.extend(think.finish());
        for thought in all {
            match thought {
                Thought::Reasoning(more) => reasoning.push_str(&more),
                Thought::Text(more) => text.push_str(&more),
            }
        }
        (reasoning, text)
    }

    #[test]
    fn thoughts_are_told_from_the_answer_wherever_it_is_cut() {
        for (think, whole, reasoning, text) in [
            (
                Think::may as fn() -> Think,
                "<think>\na b\n</think>\n\nyes </think>",
                "a b",
                "yes </think>",
            ),
            (Think::may, "\n<think>\n\n</think>\n\nyes", "", "yes"),
            (
                Think::may,
                "yes <think>no</think>",
                "",
                "yes <think>no</think>",
            ),
            (Think::may, "<thin air>", "", "<thin air>"),
            (Think::may, "<think>never ends</thi", "never ends</thi", ""),
            (Think::open, "a < b\n\nc</think>yes", "a < b\n\nc", "yes"),
            (Think::never, "<think>a</think>", "", "<think>a</think>"),
            (Think::may, "<thi", "", "<thi"),
        ] {
            let expected = (reasoning.to_owned(), text.to_owned());
            for cut in (0..=whole.len()).filter(|cut| whole.is_char_boundary(*cut)) {
                let (head, rest) = whole.split_at(cut);
                assert_eq!(read(think(), &[head, rest]), expected, "{whole} at {cut}");
            }
            let chars: Vec<String> = whole.chars().map(String::from).collect();
            let chars: Vec<&str> = chars.iter().map(String::as_str).collect();
            assert_eq!(read(think(), &chars), expected, "{whole}");
        }
    }
}
