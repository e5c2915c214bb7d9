//! How well the spans that were found agree with gold spans: exactly, by overlap, by character.
//!
//! Three questions, three counts. *Exact*: the same stretch with the same label. *Overlap*: a stretch with
//! the same label that shares a character. *Character*: of the characters that one marks with a label, how
//! many the other marks with it too. What protects people is another one: was the gold span *masked* in
//! full, whatever it was called?

use std::collections::BTreeMap;
use std::ops::{AddAssign, Range};

/// A stretch of a text and its label; offsets in Unicode code points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// From and to.
    pub range: Range<usize>,
    /// What it is.
    pub label: String,
}

/// Agreement of found spans with gold ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Gold spans.
    pub gold: usize,
    /// Found spans.
    pub found: usize,
    /// Spans that are the same.
    pub exact: usize,
    /// Gold spans that a found one touches.
    pub gold_touched: usize,
    /// Found spans that touch a gold one.
    pub found_touching: usize,
    /// Gold spans of which every character is in some found span, whatever its label.
    pub masked: usize,
    /// Characters in gold spans.
    pub gold_chars: usize,
    /// Characters in found spans.
    pub found_chars: usize,
    /// Characters in both.
    pub shared_chars: usize,
}

/// Precision and recall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// Of what was found, how much is right; 1 where nothing was found.
    pub precision: f64,
    /// Of what is there, how much was found; 1 where nothing is there.
    pub recall: f64,
}

/// Agreement over many texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scores {
    /// By gold label, and by labels that were found only.
    pub labels: BTreeMap<String, Agreement>,
    /// All labels; a span with another label is another span.
    pub all: Agreement,
    /// As if there were one label.
    pub any_label: Agreement,
    /// Texts.
    pub texts: usize,
    /// Characters in them.
    pub chars: usize,
    /// Characters in texts without a gold span.
    pub clean_chars: usize,
    /// Spans found in those.
    pub false_alarms: usize,
}

impl Quality {
    fn of(precise: usize, found: usize, recalled: usize, gold: usize) -> Self {
        Self {
            precision: share(precise, found),
            recall: share(recalled, gold),
        }
    }

    /// The harmonic mean of both.
    pub fn f1(self) -> f64 {
        let sum = self.precision + self.recall;
        if sum == 0.0 {
            return 0.0;
        }
        2.0 * self.precision * self.recall / sum
    }
}

impl Agreement {
    /// Spans that are the same.
    pub fn exact(&self) -> Quality {
        Quality::of(self.exact, self.found, self.exact, self.gold)
    }

    /// Spans that touch.
    pub fn overlap(&self) -> Quality {
        Quality::of(
            self.found_touching,
            self.found,
            self.gold_touched,
            self.gold,
        )
    }

    /// Characters.
    pub fn character(&self) -> Quality {
        Quality::of(
            self.shared_chars,
            self.found_chars,
            self.shared_chars,
            self.gold_chars,
        )
    }

    /// The share of gold spans that are masked in full; 1 where there are none.
    pub fn masked(&self) -> f64 {
        share(self.masked, self.gold)
    }

    /// Counts spans that count as having one label; `covering`: all spans that were found.
    fn count(gold: &[&Marked], found: &[&Marked], covering: &[Range<usize>]) -> Self {
        let (in_gold, in_found) = (union(gold), union(found));
        let same = |a: &&&Marked| found.iter().any(|b| a.range == b.range);
        Self {
            gold: gold.len(),
            found: found.len(),
            exact: gold.iter().filter(same).count(),
            gold_touched: touched(gold, &in_found),
            found_touching: touched(found, &in_gold),
            masked: gold
                .iter()
                .filter(|g| shared(std::slice::from_ref(&g.range), covering) == g.range.len())
                .count(),
            gold_chars: in_gold.iter().map(Range::len).sum(),
            found_chars: in_found.iter().map(Range::len).sum(),
            shared_chars: shared(&in_gold, &in_found),
        }
    }
}

impl AddAssign for Agreement {
    fn add_assign(&mut self, other: Self) {
        self.gold += other.gold;
        self.found += other.found;
        self.exact += other.exact;
        self.gold_touched += other.gold_touched;
        self.found_touching += other.found_touching;
        self.masked += other.masked;
        self.gold_chars += other.gold_chars;
        self.found_chars += other.found_chars;
        self.shared_chars += other.shared_chars;
    }
}

impl Scores {
    /// Adds a text of `chars` characters.
    pub fn add(&mut self, chars: usize, gold: &[Marked], found: &[Marked]) {
        self.texts += 1;
        self.chars += chars;
        if gold.is_empty() {
            self.clean_chars += chars;
            self.false_alarms += found.len();
        }
        let covering = union(&found.iter().collect::<Vec<_>>());
        let mut by_label: BTreeMap<&str, (Vec<&Marked>, Vec<&Marked>)> = BTreeMap::new();
        for span in gold {
            by_label.entry(&span.label).or_default().0.push(span);
        }
        for span in found {
            by_label.entry(&span.label).or_default().1.push(span);
        }
        for (label, (gold, found)) in by_label {
            let agreement = Agreement::count(&gold, &found, &covering);
            *self.labels.entry(label.to_owned()).or_default() += agreement;
            self.all += agreement;
        }
        let (gold, found): (Vec<_>, Vec<_>) = (gold.iter().collect(), found.iter().collect());
        self.any_label += Agreement::count(&gold, &found, &covering);
    }

    /// Spans found in texts without personal data, per 5,000 characters of those.
    pub fn false_alarm_rate(&self) -> Option<f64> {
        (self.clean_chars > 0).then(|| share(self.false_alarms, self.clean_chars) * 5_000.0)
    }
}

/// The stretches that the spans cover, sorted, without overlaps.
fn union(spans: &[&Marked]) -> Vec<Range<usize>> {
    let mut ranges: Vec<_> = spans.iter().map(|span| span.range.clone()).collect();
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// How many characters two lists of sorted stretches share.
fn shared(a: &[Range<usize>], b: &[Range<usize>]) -> usize {
    let overlap = |a: &Range<usize>, b: &Range<usize>| {
        let (start, end) = (a.start.max(b.start), a.end.min(b.end));
        end.saturating_sub(start)
    };
    a.iter()
        .flat_map(|a| b.iter().map(move |b| overlap(a, b)))
        .sum()
}

fn touched(spans: &[&Marked], by: &[Range<usize>]) -> usize {
    let touches = |span: &&&Marked| {
        by.iter()
            .any(|b| b.start < span.range.end && span.range.start < b.end)
    };
    spans.iter().filter(touches).count()
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        return 1.0;
    }
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(spans: &[(usize, usize, &str)]) -> Vec<Marked> {
        let marked = |(start, end, label): &(usize, usize, &str)| Marked {
            range: *start..*end,
            label: (*label).to_owned(),
        };
        spans.iter().map(marked).collect()
    }

    #[test]
    fn agreement_as_counted_by_hand() {
        let mut scores = Scores::default();
        scores.add(
            50,
            &marked(&[(0, 10, "PERSON"), (20, 30, "PERSON"), (40, 44, "PHONE")]),
            &marked(&[(0, 10, "PERSON"), (22, 32, "PERSON"), (38, 45, "CARD")]),
        );
        scores.add(100, &[], &marked(&[(0, 5, "CARD")]));
        let person = scores.labels["PERSON"];
        assert_eq!(
            (person.gold, person.found, person.exact, person.masked),
            (2, 2, 1, 1)
        );
        assert_eq!(
            (person.gold_chars, person.found_chars, person.shared_chars),
            (20, 20, 18)
        );
        assert_eq!((person.gold_touched, person.found_touching), (2, 2));
        assert_eq!(
            person.exact(),
            Quality {
                precision: 0.5,
                recall: 0.5
            }
        );
        assert_eq!(person.character().f1(), 0.9);
        // The phone number is masked, as a card; its label is wrong.
        let phone = scores.labels["PHONE"];
        assert_eq!((phone.exact, phone.gold_touched, phone.masked), (0, 0, 1));
        assert_eq!(
            (scores.all.gold, scores.all.found, scores.all.exact),
            (3, 4, 1)
        );
        assert_eq!(
            (
                scores.any_label.gold_touched,
                scores.any_label.found_touching
            ),
            (3, 3)
        );
        assert_eq!(scores.any_label.shared_chars, 22);
        assert_eq!(scores.any_label.masked(), 2.0 / 3.0);
        assert_eq!(scores.false_alarm_rate(), Some(50.0));
        assert_eq!((scores.texts, scores.chars), (2, 150));
    }

    #[test]
    fn overlapping_gold_counts_its_characters_once() {
        let mut scores = Scores::default();
        scores.add(
            20,
            &marked(&[(0, 10, "ADDRESS"), (5, 8, "ADDRESS")]),
            &marked(&[(0, 10, "ADDRESS")]),
        );
        let address = scores.labels["ADDRESS"];
        assert_eq!(
            (address.gold_chars, address.shared_chars, address.masked),
            (10, 10, 2)
        );
        assert_eq!(address.exact, 1);
    }
}
