//! How often what the draft model is so sure of is right.

/// A class of drafted tokens: the least share of the draft model's own weight that they have, and their chance
/// to be right before any was seen.
const CLASSES: [(f64, f64); 5] = [(0.0, 0.2), (0.3, 0.4), (0.5, 0.6), (0.7, 0.75), (0.9, 0.93)];
/// The chance of a token that is still to be drafted, before any was seen.
const FIRST: f64 = 0.6;
/// How fast the chances of a sequence follow what is seen, …
pub(super) const LEARNING: f64 = 0.15;
/// … those with which the next sequences begin, …
pub(super) const LEARNING_FOR_ALL: f64 = 0.02;
/// … and how fast a chance is given another one while nothing is.
const FORGETTING: f64 = 1.0 / 200.0;

/// A drafted token's class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class(usize);

impl Class {
    /// Of a token that has the share `sure` of the draft model's weight.
    pub(super) fn of(sure: f64) -> Self {
        let found = CLASSES.iter().rposition(|(least, _)| sure >= *least);
        Self(found.unwrap_or(0))
    }
}

/// The chances of drafted tokens, and of the next one that is still to be drafted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chances {
    by_class: [f64; CLASSES.len()],
    next: f64,
}

impl Default for Chances {
    fn default() -> Self {
        Self {
            by_class: CLASSES.map(|(_, first)| first),
            next: FIRST,
        }
    }
}

impl Chances {
    /// Of a token of this class.
    pub(super) fn of(&self, Class(class): Class) -> f64 {
        self.by_class.get(class).copied().unwrap_or_default()
    }

    /// Of the next token, whatever it will be.
    pub(super) fn of_next(&self) -> f64 {
        self.next
    }

    /// A token of this class was right or wrong.
    pub(super) fn learn(&mut self, Class(class): Class, is_right: bool, rate: f64) {
        let seen = if is_right { 1.0 } else { 0.0 };
        if let Some(chance) = self.by_class.get_mut(class) {
            follow(chance, seen, rate);
        }
        follow(&mut self.next, seen, rate);
    }

    /// A token of this class was drafted, and is too unlikely to be verified.
    pub(super) fn note_unlikely(&mut self, class: Class, rate: f64) {
        let chance = self.of(class);
        follow(&mut self.next, chance, rate);
    }

    /// A step has passed.
    pub(super) fn forget(&mut self) {
        let all = self
            .by_class
            .iter_mut()
            .zip(CLASSES.map(|(_, first)| first));
        for (chance, first) in all.chain([(&mut self.next, FIRST)]) {
            *chance += (first - *chance).max(0.0) * FORGETTING;
        }
    }
}

fn follow(chance: &mut f64, seen: f64, rate: f64) {
    *chance += (seen - *chance) * rate;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_go_by_how_sure_the_model_is() {
        for (sure, class) in [(0.0, 0), (0.29, 0), (0.3, 1), (0.69, 2), (0.9, 4), (1.0, 4)] {
            assert_eq!(Class::of(sure), Class(class), "{sure}");
        }
        assert_eq!(Class::of(f64::NAN), Class(0));
    }

    #[test]
    fn chances_follow_what_is_seen_and_come_back() {
        let mut chances = Chances::default();
        let (sure, unsure) = (Class::of(0.95), Class::of(0.1));
        for _ in 0..100 {
            chances.learn(sure, false, LEARNING);
        }
        assert!(chances.of(sure) < 0.01 && chances.of_next() < 0.01);
        assert_eq!(chances.of(unsure), Chances::default().of(unsure));
        for _ in 0..2_000 {
            chances.forget();
        }
        assert!(chances.of(sure) > 0.9 && chances.of_next() > FIRST - 0.01);
        for _ in 0..100 {
            chances.learn(sure, true, LEARNING);
        }
        assert!(chances.of(sure) > 0.99 && chances.of_next() > 0.99);
        chances.forget();
        assert!(chances.of_next() > 0.99, "success is not forgotten");
        // Drafts that are not worth verifying say so too.
        for _ in 0..100 {
            chances.note_unlikely(unsure, LEARNING);
        }
        assert!((chances.of_next() - chances.of(unsure)).abs() < 0.01);
    }
}
