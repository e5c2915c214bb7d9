//! Number words of eight languages, and how many digits they stand for.

use super::super::super::context::{List as _, Words};

/// The digits that wake the search; a number without any of them is rare.
pub(in super::super) const DIGIT_WORDS: &[&str] = &[
    "zero",
    "zéro",
    "oh",
    "null",
    "nul",
    "cero",
    "three",
    "five",
    "seven",
    "eight",
    "nine",
    "drei",
    "fünf",
    "sieben",
    "acht",
    "neun",
    "trois",
    "cinq",
    "sept",
    "huit",
    "neuf",
    "tres",
    "cinco",
    "siete",
    "ocho",
    "nueve",
    "tre",
    "cinque",
    "sette",
    "otto",
    "nove",
    "drie",
    "vijf",
    "zeven",
    "negen",
    "trzy",
    "pięć",
    "siedem",
    "osiem",
    "dziewięć",
    "três",
    "sete",
    "oito",
];

pub(super) static ZEROS: Words = Words::new(&[
    "zero", "zéro", "oh", "o", "null", "nul", "cero", "nought", "naught",
]);

static DIGITS: Words = Words::new(&[
    "zero",
    "oh",
    "o",
    "nought",
    "naught",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "null",
    "ein",
    "eins",
    "zwei",
    "zwo",
    "drei",
    "vier",
    "fünf",
    "fuenf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zéro",
    "un",
    "une",
    "deux",
    "trois",
    "quatre",
    "cinq",
    "sept",
    "huit",
    "neuf",
    "cero",
    "uno",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "due",
    "tre",
    "quattro",
    "cinque",
    "sei",
    "sette",
    "otto",
    "nove",
    "nul",
    "een",
    "één",
    "twee",
    "drie",
    "vijf",
    "zes",
    "zeven",
    "negen",
    "jeden",
    "dwa",
    "trzy",
    "cztery",
    "pięć",
    "sześć",
    "siedem",
    "osiem",
    "dziewięć",
    "um",
    "uma",
    "dois",
    "duas",
    "três",
    "quatro",
    "meia",
    "sete",
    "oito",
]);

static TEENS: Words = Words::new(&[
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "zehn",
    "elf",
    "zwölf",
    "dreizehn",
    "vierzehn",
    "fünfzehn",
    "sechzehn",
    "siebzehn",
    "achtzehn",
    "neunzehn",
    "dix",
    "onze",
    "douze",
    "treize",
    "quatorze",
    "quinze",
    "seize",
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciséis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "dieci",
    "undici",
    "dodici",
    "tredici",
    "quattordici",
    "quindici",
    "sedici",
    "diciassette",
    "diciotto",
    "diciannove",
    "tien",
    "twaalf",
    "dertien",
    "veertien",
    "vijftien",
    "zestien",
    "zeventien",
    "achttien",
    "negentien",
    "dziesięć",
    "jedenaście",
    "dwanaście",
    "trzynaście",
    "czternaście",
    "piętnaście",
    "szesnaście",
    "siedemnaście",
    "osiemnaście",
    "dziewiętnaście",
    "dez",
    "doze",
    "treze",
    "dezasseis",
    "dezesseis",
    "dezassete",
    "dezessete",
    "dezoito",
    "dezanove",
    "dezenove",
]);

const TENS: &[&str] = &[
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
    "zwanzig",
    "dreißig",
    "dreissig",
    "vierzig",
    "fünfzig",
    "sechzig",
    "siebzig",
    "achtzig",
    "neunzig",
    "vingt",
    "vingts",
    "trente",
    "quarante",
    "cinquante",
    "soixante",
    "septante",
    "huitante",
    "octante",
    "nonante",
    "veinte",
    "treinta",
    "cuarenta",
    "cincuenta",
    "sesenta",
    "setenta",
    "ochenta",
    "noventa",
    "venti",
    "trenta",
    "quaranta",
    "cinquanta",
    "sessanta",
    "settanta",
    "ottanta",
    "novanta",
    "twintig",
    "dertig",
    "veertig",
    "vijftig",
    "zestig",
    "zeventig",
    "tachtig",
    "negentig",
    "dwadzieścia",
    "trzydzieści",
    "czterdzieści",
    "pięćdziesiąt",
    "sześćdziesiąt",
    "siedemdziesiąt",
    "osiemdziesiąt",
    "dziewięćdziesiąt",
    "vinte",
    "trinta",
    "quarenta",
    "cinquenta",
    "sessenta",
    "setenta",
    "oitenta",
];

static HUNDREDS: Words = Words::new(&[
    "hundred",
    "hundert",
    "cent",
    "cents",
    "cien",
    "ciento",
    "doscientos",
    "trescientos",
    "cuatrocientos",
    "quinientos",
    "seiscientos",
    "setecientos",
    "ochocientos",
    "novecientos",
    "cento",
    "duecento",
    "trecento",
    "quattrocento",
    "cinquecento",
    "seicento",
    "settecento",
    "ottocento",
    "novecento",
    "honderd",
    "sto",
    "dwieście",
    "trzysta",
    "czterysta",
    "pięćset",
    "sześćset",
    "siedemset",
    "osiemset",
    "dziewięćset",
    "cem",
    "duzentos",
    "trezentos",
    "quatrocentos",
    "quinhentos",
    "seiscentos",
    "oitocentos",
    "novecentos",
]);

pub(super) static REPEATS: Words = Words::new(&[
    "double",
    "triple",
    "treble",
    "doppel",
    "doble",
    "doppio",
    "dubbel",
    "duplo",
    "podwójne",
]);

pub(super) static JOINERS: Words = Words::new(&["and", "und", "et", "y", "e", "en", "i"]);

/// What a number word stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Digit,
    Teen,
    Ten,
    Hundred,
}

/// The kind of the number word `word`.
pub(super) fn kind(word: &str) -> Option<Kind> {
    // The longest is "dziewięćdziesiąt"; two in one are no longer than this.
    if word.len() > 32 || word.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let lower = word.to_lowercase();
    let bytes = lower.as_bytes();
    if DIGITS.holds(bytes) {
        Some(Kind::Digit)
    } else if TEENS.holds(bytes) {
        Some(Kind::Teen)
    } else if TENS.contains(&lower.as_str()) || is_compound(&lower) {
        Some(Kind::Ten)
    } else if HUNDREDS.holds(bytes) {
        Some(Kind::Hundred)
    } else {
        None
    }
}

/// "dreiundzwanzig", "achtendertig", "settantacinque", "ventotto", "veintitrés".
fn is_compound(word: &str) -> bool {
    let digit = |word: &str| DIGITS.holds(word.as_bytes());
    TENS.iter().any(|ten| {
        let germanic = word.strip_suffix(ten).is_some_and(|head| {
            let joiners = ["und", "en", "ën"];
            joiners
                .iter()
                .any(|joiner| head.strip_suffix(joiner).is_some_and(digit))
        });
        let italian = || {
            let stem = ten.get(..ten.len() - 1).unwrap_or(ten);
            let short = word.strip_prefix(stem);
            word.strip_prefix(ten)
                .is_some_and(|rest| digit(rest) || rest == "tré")
                || short.is_some_and(|rest| matches!(rest, "uno" | "otto"))
        };
        germanic || italian()
    }) || word
        .strip_prefix("veinti")
        .is_some_and(|rest| digit(rest) || matches!(rest, "dós" | "trés" | "séis" | "ún"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_number_words_may_be_one() {
        for (word, expected) in [
            ("dreiundzwanzig", Some(Kind::Ten)),
            ("tweeëntwintig", Some(Kind::Ten)),
            ("ventotto", Some(Kind::Ten)),
            ("veintitrés", Some(Kind::Ten)),
            ("hundert", Some(Kind::Hundred)),
            ("undzwanzig", None),
            ("advent", None),
        ] {
            assert_eq!(kind(word), expected, "{word}");
        }
    }
}
