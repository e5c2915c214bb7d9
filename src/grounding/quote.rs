//! Sentences of the input, byte for byte, or one of a list of words.

/// What a place may quote: so many of these sentences, in their order.
pub(super) struct Quote {
    sentences: Vec<Vec<u8>>,
    joiner: Vec<u8>,
    least: usize,
    most: usize,
    /// Whether what stands elsewhere in the answer may stand here too.
    repeats: bool,
}

impl Quote {
    pub(super) fn new(sentences: &[String], joiner: &str, (least, most): (usize, usize)) -> Self {
        Self {
            sentences: sentences
                .iter()
                .map(|own| own.clone().into_bytes())
                .collect(),
            joiner: joiner.as_bytes().to_vec(),
            least,
            most,
            repeats: false,
        }
    }

    /// One of `words`.
    pub(super) fn one_of(words: &[String]) -> Self {
        let repeats = true;
        Self {
            repeats,
            ..Self::new(words, "", (1, 1))
        }
    }

    /// The fewest, where there are so many.
    pub(super) fn least(&self) -> usize {
        self.least
    }

    /// The sentence at a place of the list, if it may not come again.
    pub(super) fn sentence(&self, at: usize) -> Option<Vec<u8>> {
        self.sentences.get(at).filter(|_| !self.repeats).cloned()
    }

    /// What can come next where `quoted` are written, those before `from` are past and those of `used` stand in
    /// the answer: places in the list, and the sentence with its joiner. As many must remain as have to come.
    pub(super) fn choices<'a>(
        &'a self,
        quoted: usize,
        from: usize,
        used: &'a [Vec<u8>],
    ) -> impl Iterator<Item = (usize, Vec<u8>)> {
        let mut joiner = Vec::new();
        if quoted > 0 {
            joiner.clone_from(&self.joiner);
        }
        let all = self.sentences.iter().enumerate().skip(from);
        let mut open: Vec<usize> = all
            .filter(|(_, own)| self.repeats || !used.contains(own))
            .map(|(at, _)| at)
            .collect();
        let to_come = self.least.saturating_sub(quoted).max(1);
        let end = (open.len() + 1).saturating_sub(to_come);
        // Where there are fewer than have to come, all do, one after the other.
        open.truncate(end.max(1));
        if quoted >= self.most {
            open.clear();
        }
        open.into_iter().filter_map(move |at| {
            let sentence = self.sentences.get(at)?;
            Some((at, [joiner.as_slice(), sentence].concat()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_come_next() {
        let sentences = ["It leaks.", "It is new.", "Please call."].map(str::to_owned);
        let used = |own: &str| vec![own.as_bytes().to_vec()];
        // Least, most, quoted, from, used; what can come.
        type Row = (
            (usize, usize),
            (usize, usize),
            &'static str,
            &'static [usize],
        );
        let rows: [Row; 12] = [
            ((1, 1), (0, 0), "", &[0, 1, 2]),
            ((1, 1), (1, 1), "", &[]),
            ((2, 2), (0, 0), "", &[0, 1]),
            ((2, 2), (1, 1), "", &[1, 2]),
            ((2, 2), (1, 2), "", &[2]),
            ((3, 3), (0, 0), "", &[0]),
            ((9, 9), (0, 0), "", &[0]),
            ((9, 9), (2, 2), "", &[2]),
            ((1, 3), (1, 1), "", &[1, 2]),
            ((1, 3), (3, 3), "", &[]),
            ((1, 3), (0, 0), "It is new.", &[0, 2]),
            ((2, 2), (0, 0), "It leaks.", &[1]),
        ];
        for (bounds, (quoted, from), taken, expected) in rows {
            let quote = Quote::new(&sentences, " | ", bounds);
            let used = used(taken);
            let found: Vec<_> = quote.choices(quoted, from, &used).collect();
            let places: Vec<usize> = found.iter().map(|own| own.0).collect();
            assert_eq!(places, expected, "{bounds:?} {quoted} {from} {taken}");
            let joined = found.iter().all(|own| own.1.starts_with(b" | "));
            assert!(found.is_empty() || joined == (quoted > 0));
        }
    }

    #[test]
    fn words_of_a_list_come_again() {
        let quote = Quote::one_of(&["calm".to_owned(), "angry".to_owned()]);
        let used = [b"calm".to_vec()];
        assert_eq!(quote.choices(0, 0, &used).count(), 2);
        assert_eq!(quote.sentence(0), None);
    }
}
