//! Whole sentences of the input, byte for byte.

use super::Rule;

/// Lets through so many of the given sentences, in their order.
pub(super) struct Quote {
    sentences: Vec<Vec<u8>>,
    joiner: Vec<u8>,
    /// Sentences still to come, the one being written included.
    left: usize,
    /// Whether a sentence was written before.
    joined: bool,
    /// The sentences that fit what is written of the current one, from here on.
    from: usize,
    /// What is written of the current one, its joiner included.
    written: Vec<u8>,
}

impl Quote {
    pub(super) fn new(sentences: &[String], joiner: &str, count: usize) -> Self {
        Self {
            sentences: sentences
                .iter()
                .map(|own| own.clone().into_bytes())
                .collect(),
            joiner: joiner.as_bytes().to_vec(),
            left: count.min(sentences.len()),
            joined: false,
            from: 0,
            written: Vec::new(),
        }
    }

    /// The sentences that can be the next: enough must remain after it.
    fn choices(&self) -> impl Iterator<Item = (usize, &Vec<u8>)> {
        let end = (self.sentences.len() + 1).saturating_sub(self.left);
        let from = self.from;
        self.sentences.iter().enumerate().take(end).skip(from)
    }

    /// What of `sentence`, with its joiner, comes after `written`; `None` where it doesn't fit.
    fn rest<'a>(&'a self, sentence: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let joiner: &[u8] = if self.joined { &self.joiner } else { &[] };
        match self.written.strip_prefix(joiner) {
            Some(own) => Some((&[], sentence.strip_prefix(own)?)),
            None => Some((joiner.strip_prefix(self.written.as_slice())?, sentence)),
        }
    }
}

impl Rule for Quote {
    fn allows(&self, bytes: &[u8]) -> bool {
        let fits = |sentence: &[u8]| {
            let (joiner, own) = self.rest(sentence)?;
            let Some(after) = bytes.strip_prefix(joiner) else {
                return Some(joiner.starts_with(bytes));
            };
            Some(own.starts_with(after))
        };
        self.left > 0
            && self
                .choices()
                .any(|(_, sentence)| fits(sentence).unwrap_or(false))
    }

    fn advance(&mut self, bytes: &[u8]) {
        self.written.extend_from_slice(bytes);
        let whole = |sentence: &[u8]| {
            self.rest(sentence)
                .is_some_and(|(joiner, own)| joiner.is_empty() && own.is_empty())
        };
        let done = self
            .choices()
            .find(|(_, sentence)| whole(sentence))
            .map(|(at, _)| at);
        if let Some(at) = done {
            self.from = at + 1;
            self.left = self.left.saturating_sub(1);
            self.joined = true;
            self.written.clear();
        }
    }

    fn may_end(&self) -> bool {
        self.left == 0
    }

    fn must_end(&self) -> bool {
        self.left == 0
    }

    /// The rest of a sentence that no other one can be any more.
    fn expects(&self) -> Vec<u8> {
        let mut rests = self
            .choices()
            .filter_map(|(_, sentence)| self.rest(sentence));
        match (self.left, rests.next(), rests.next()) {
            (1.., Some((joiner, own)), None) => [joiner, own].concat(),
            _ => Vec::new(),
        }
    }

    fn pass(&mut self, _: &[u8]) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quote(count: usize) -> Quote {
        let sentences = ["It leaks.", "It is new.", "Please call."].map(str::to_owned);
        Quote::new(&sentences, " | ", count)
    }

    #[test]
    fn sentences_come_whole_and_in_order() {
        let mut quote = quote(2);
        for (text, allowed) in [
            ("It ", true),
            ("is new. ", false),
            ("leaks", true),
            (" ", false),
            (".", true),
            (" |", true),
            (" It leaks.", false),
            (" Please call.", true),
        ] {
            assert_eq!(quote.allows(text.as_bytes()), allowed, "{text}");
            if allowed {
                assert!(!quote.must_end());
                quote.advance(text.as_bytes());
            }
        }
        assert!(quote.must_end() && quote.may_end());
        assert!(!quote.allows(b" | "));
    }

    #[test]
    fn what_is_certain_is_expected() {
        let mut quote = quote(2);
        assert_eq!(quote.expects(), b"");
        quote.advance(b"It i");
        assert_eq!(quote.expects(), b"s new.");
        quote.advance(b"s new.");
        assert_eq!(quote.expects(), b" | Please call.");
        quote.advance(b" | Please call.");
        assert_eq!(quote.expects(), b"");
    }

    #[test]
    fn enough_must_remain() {
        assert!(quote(1).allows(b"Please"));
        assert!(!quote(2).allows(b"Please"));
        assert!(!quote(3).allows(b"It is"));
        assert!(quote(9).allows(b"It leaks"));
    }
}
