//! Check digits that several countries share.

use super::{Digits, digits, weighted};

/// Whether the number passes the Luhn formula (ISO/IEC 7812-1 annex B).
pub(in super::super) fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let doubled = digit * if at % 2 == 1 { 2 } else { 1 };
            doubled / 10 + doubled % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether the number passes ISO 7064 mod 11,10, its last digit being the check digit.
pub(in super::super) fn mod_11_10(digits: &[u32]) -> bool {
    let Some((check, rest)) = digits.split_last() else {
        return false;
    };
    let product = rest.iter().fold(10, |product, digit| {
        let sum = match (digit + product) % 10 {
            0 => 10,
            sum => sum,
        };
        sum * 2 % 11
    });
    (11 - product) % 10 == *check
}

/// Whether the number passes Verhoeff's check (J. Verhoeff, "Error detecting decimal codes", 1969): the
/// dihedral group of order 10, its last digit being the check digit.
pub(in super::super) fn verhoeff(digits: &[u32]) -> bool {
    const PERMUTATION: [u32; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let times = |a: u32, b: u32| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b - 5) % 5 + 5,
        (false, true) => (a - 5 + 5 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let permuted = |digit: u32, times: usize| {
        (0..times % 8).fold(digit, |d, _| {
            usize::try_from(d)
                .ok()
                .and_then(|d| PERMUTATION.get(d))
                .copied()
                .unwrap_or(0)
        })
    };
    let sum = digits
        .iter()
        .rev()
        .enumerate()
        .fold(0, |sum, (at, digit)| times(sum, permuted(*digit, at)));
    sum == 0
}

/// Whether year, month and day can be a day of birth; `year` is the last two digits.
pub(in super::super) const fn is_day(month: u32, day: u32) -> bool {
    let longest = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    day >= 1 && day <= longest
}

/// Two digits as a number.
pub(in super::super) fn pair(digits: &[u32], at: usize) -> u32 {
    match digits.get(at..at + 2) {
        Some([tens, ones]) => tens * 10 + ones,
        _ => u32::MAX,
    }
}

/// The whole number; 18 digits at most.
pub(in super::super) fn value(digits: &[u32]) -> u64 {
    digits
        .iter()
        .fold(0, |value, digit| value * 10 + u64::from(*digit))
}

/// The weighted sum of all but the last digit, modulo `modulus`, and the last digit.
pub(in super::super) fn remainder(digits: &[u32], weights: &[u32], modulus: u32) -> (u32, u32) {
    let last = digits.last().copied().unwrap_or(u32::MAX);
    let rest = &digits[..digits.len().saturating_sub(1)];
    (weighted(rest, weights) % modulus, last)
}

/// The digits of `compact` if it is `len` of them and they are not all the same.
pub(in super::super) fn sound_digits(compact: &str, len: usize) -> Option<Digits> {
    digits(compact).filter(|d| d.len() == len && !super::is_uniform(compact))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Digits {
        digits(text).unwrap()
    }

    // 79927398713: Wikipedia's and ISO's example. 2363: Verhoeff's. 0794 and its check digit 5: ISO 7064's.
    #[test]
    fn published_examples_pass_and_their_neighbours_fail() {
        type Check = fn(&[u32]) -> bool;
        for (check, good) in [
            (luhn as Check, "79927398713"),
            (verhoeff, "2363"),
            (mod_11_10, "07945"),
        ] {
            assert!(check(&of(good)), "{good}");
            for at in 0..good.len() {
                let mut other = of(good).to_vec();
                other[at] = (other[at] + 1) % 10;
                assert!(!check(&other), "{good}, digit {at} changed");
            }
        }
    }

    // Verhoeff's code also finds every swap of neighbours.
    #[test]
    fn verhoeff_finds_swaps() {
        let good = of("234123412346");
        assert!(verhoeff(&good));
        for at in 0..good.len() - 1 {
            let mut other = good.to_vec();
            other.swap(at, at + 1);
            assert_eq!(verhoeff(&other), other[at] == other[at + 1], "{at}");
        }
    }

    #[test]
    fn days() {
        for (month, day, sound) in [
            (2, 29, true),
            (2, 30, false),
            (13, 1, false),
            (4, 31, false),
        ] {
            assert_eq!(is_day(month, day), sound, "{month}-{day}");
        }
    }
}
