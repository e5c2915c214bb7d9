//! Text made to be slow: the time stays in proportion to the length.

use std::time::Duration;

use crate::types::{Clock as _, SystemClock};

use super::*;

/// At a nanosecond a step, anything quadratic takes over a minute.
const SIZE: usize = 256 * 1024;
/// Far above what it takes, on a busy machine too.
const BOUND: Duration = Duration::from_secs(20);

#[test]
fn hostile_text_takes_bounded_time() {
    let redactor = redactor();
    // Whatever is compiled on first use is none of the text's doing.
    redactor.scan("Tel. 030 1234567, +1 212 555 0123").unwrap();
    for piece in [
        "a",
        " ",
        "1",
        "1 ",
        "12 34 ",
        "0",
        "+",
        "(",
        ")",
        "[",
        "]",
        "@",
        ".",
        ":",
        "/",
        "-",
        "*",
        "a.",
        "a@",
        "a.a@",
        "http://",
        "http://a.b ",
        "://",
        "http://a.b/)",
        "[PERSON_",
        "{{{",
        "PERSON ",
        "Rose ",
        "Will Rose ",
        "Mr ",
        "Mr. ",
        "Dear ",
        "Dear Anna ",
        "Thanks,\n",
        "name: ",
        "my name is ",
        "DE89 ",
        "4111 ",
        "4111111111111111 ",
        "1.1.1.1.",
        "::",
        "1:",
        "12.03.1980 ",
        "born ",
        "\"",
        "é",
        "\u{301}",
        "\u{200b}",
        "王",
        "A1",
        "a'",
        "sig.",
        "tel 030 ",
        "001A0000006Vm9r",
    ] {
        let text = piece.repeat(SIZE / piece.len());
        let start = SystemClock.instant();
        // More finds than are allowed is an answer too.
        let _ = redactor.mask_text(&text);
        let took = SystemClock.instant() - start;
        assert!(took < BOUND, "{piece:?} took {took:?}");
    }
}

#[test]
fn hostile_text_about_known_people_takes_bounded_time() {
    let redactor = redactor();
    let known = [
        ("Name", Entity::Person, "Rose Will"),
        ("Other", Entity::Person, "Aaaaaa Aaaaab"),
        ("Phone", Entity::Phone, "111111"),
        ("Street", Entity::Address, "A 1, A 1, A 1"),
    ];
    for piece in [
        "Rose ", "rose", "aaaaaa ", "aaaaaa", "aaaaac ", "1 1 1 ", "A 1, ", "will, ", "王 ",
    ] {
        let text = piece.repeat(SIZE / piece.len());
        let start = SystemClock.instant();
        let _ = redactor.redact(case(&known, &[&text]));
        let took = SystemClock.instant() - start;
        assert!(took < BOUND, "{piece:?} took {took:?}");
    }
}
