//! What customers and agents write, with no record beside it; and what must not be masked.

use super::*;

/// Each row: a text and what the model sees of it.
#[track_caller]
fn check(rows: &[(&str, &str)]) {
    let redactor = redactor();
    let wrong: Vec<_> = rows
        .iter()
        .map(|(text, expected)| (*text, *expected, redactor.mask_text(text).unwrap().0))
        .filter(|(_, expected, got)| got != expected)
        .collect();
    assert!(wrong.is_empty(), "(text, expected, masked): {wrong:#?}");
}

#[test]
fn numbers_that_are_nobodys() {
    let texts = [
        // Orders, cases, products
        "Order 4500123456 shipped, tracking 00340434161094042557",
        "Case 00012345: order #1234-5678-9012 is late",
        "Bestellnummer 2024-0045678 vom 12.03.2024",
        "Auftragsnr. 10023456, Rechnung RE-2024-00123",
        "Sendungsnummer 003404341610940425",
        "Artikel 4006381333931 (EAN), Charge 20240311",
        "Numéro de commande : 7654321098",
        "Pedido 123456789, factura F-2024/0001234",
        "Ordine n. 402-1234567-1234567",
        "Bestelling 302-7654321-1234567 en factuur 20240012",
        "zamówienie nr 123456789 z 12.03.2024",
        "encomenda 123456789",
        "SKU 123-456-789, model WX-200, serial 9876543210",
        "ISBN 978-3-16-148410-0",
        "RMA 20240311-0042, PO 4500001234",
        "ticket 202403110000123",
        "Gutscheincode 1234-5678-9012-3456",
        // Money, amounts, measures
        "it cost 1,299.00 USD, then 1.299,00 €",
        "Total: 12 345 678 Ft, 1 234 567,89 PLN",
        "we sold 1234567 units for 99.99 each",
        "size 42 / 44, 220-240 V, 50/60 Hz",
        "IP68, 5 x 10 x 15 cm, 1.5.2024",
        "Version 10.0.19045.3803, iOS 17.4.1",
        // Dates and times
        "bought on 2024-03-12 at 10:30:45",
        "purchased 03/12/2024, returned 03/20/2024",
        "gekauft am 12.03.2024, reklamiert am 20.03.24",
        "between 9 and 12:30 on 12-03-2024",
        "2024-03-12T10:30:00Z and 1710239400",
        "acheté le 12 mars 2024",
        "öffnet Mo-Fr 08:00-18:00 Uhr",
    ];
    let rows: Vec<_> = texts.iter().map(|text| (*text, *text)).collect();
    check(&rows);
}

#[test]
fn words_that_name_nobody() {
    let texts = [
        "Dear Customer Service Team,",
        "Hello Support,",
        "Hi all,",
        "Sehr geehrte Damen und Herren,",
        "Guten Tag zusammen,",
        "Madame, Monsieur,",
        "Bonjour à tous,",
        "Estimados señores:",
        "Gentile Servizio Clienti,",
        "Geachte heer/mevrouw,",
        "Szanowni Państwo,",
        "Thanks,\nThe Support Team",
        "Product name: Super Kettle 3000",
        "I am Very Disappointed",
        "This is Not Acceptable",
        "The order is from Amazon, paid by Visa.",
        "Please call us. Will you do it in May?",
        "Die Frau hat gesagt, der Herr sei nicht da.",
        "Ma femme a appelé hier",
        "Mit freundlichen Grüßen\nIhr Kundenservice",
    ];
    let rows: Vec<_> = texts.iter().map(|text| (*text, *text)).collect();
    check(&rows);
}

#[test]
fn what_people_write() {
    check(&[
        // English
        (
            "Hi, this is Sarah Whitfield. Pls call me on 07700 900123 or sarah.w@example.co.uk. Thx, Sarah",
            "Hi, this is [PERSON_1]. Pls call me on [PHONE_1] or [EMAIL_1]. Thx, [PERSON_1]",
        ),
        (
            "spoke to mr. smith today, cb on 212-555-0123 x45 re order 7001234567",
            "spoke to mr. [PERSON_1] today, cb on [PHONE_1] re order 7001234567",
        ),
        (
            "Card 4111 1111 1111 1111 was charged twice, DOB 12/03/1980, SSN 536-90-4399.",
            "Card [CARD_1] was charged twice, DOB [DATE_OF_BIRTH_1], SSN [NATIONAL_ID_1].",
        ),
        // German
        (
            "Guten Tag, mein Name ist Jürgen Weiß, Tel. 030/1234567. Meine IBAN: DE89 3704 0044 0532 0130 00.\nMfG\nJ. Weiß",
            "Guten Tag, mein Name ist [PERSON_1], Tel. [PHONE_1]. Meine IBAN: [IBAN_1].\nMfG\n[PERSON_1]",
        ),
        (
            "Kundin Petra Sommerfeld (geb. 01.02.1975) erreichbar unter 0151-23456789",
            "Kundin [PERSON_1] (geb. [DATE_OF_BIRTH_1]) erreichbar unter [PHONE_1]",
        ),
        // French
        (
            "Bonjour, je m'appelle Zoé Lefèvre, joignable au 06 12 34 56 78. Cordialement, Zoé Lefèvre",
            "Bonjour, je m'appelle [PERSON_1], joignable au [PHONE_1]. Cordialement, [PERSON_1]",
        ),
        (
            "Mme Dupont née le 3 août 1975, n° sécu 2 75 08 75 116 001 62",
            "Mme [PERSON_1] née le [DATE_OF_BIRTH_1], n° sécu [NATIONAL_ID_1]",
        ),
        // Spanish
        (
            "Hola, soy Lucía Fernández Gómez, DNI 12345678Z, móvil 612 345 678. Gracias,\nLucía",
            "Hola, soy [PERSON_1], DNI [NATIONAL_ID_1], móvil [PHONE_1]. Gracias,\n[PERSON_1]",
        ),
        // Italian
        (
            "Buongiorno, mi chiamo Giulia Ferrari, cell. 347 1234567, CF RSSMRA80A01H501U",
            "Buongiorno, mi chiamo [PERSON_1], cell. [PHONE_1], CF [NATIONAL_ID_1]",
        ),
        // Dutch
        (
            "Hallo, met Sanne de Vries. U kunt mij bellen op 06-12345678.\nMet vriendelijke groet,\nSanne de Vries",
            "Hallo, met [PERSON_1]. U kunt mij bellen op [PHONE_1].\nMet vriendelijke groet,\n[PERSON_1]",
        ),
        // Polish, Portuguese
        (
            "Dzień dobry, nazywam się Anna Kowalska, tel. 601 234 567. Pozdrawiam\nAnna Kowalska",
            "Dzień dobry, nazywam się [PERSON_1], tel. [PHONE_1]. Pozdrawiam\n[PERSON_1]",
        ),
        (
            "Bom dia, chamo-me João Silva, telemóvel 912 345 678. Obrigado,\nJoão Silva",
            "Bom dia, chamo-me [PERSON_1], telemóvel [PHONE_1]. Obrigado,\n[PERSON_1]",
        ),
        // Placeholders that somebody typed
        (
            "Why does the bot write [PERSON_1] and PHONE 2?",
            "Why does the bot write [TEXT_1] and [TEXT_2]?",
        ),
        ("<anna@x.de> [bob@y.fr]", "<[EMAIL_1]> [[EMAIL_2]]"),
    ]);
}

#[test]
fn a_name_is_known_once_it_was_introduced() {
    let redactor = redactor();
    let texts = [
        "my name is Ada Byron, a@x.de".to_owned(),
        "As Ada said, Byron's kettle leaks. ADA BYRON".to_owned(),
        "a@x.de again".to_owned(),
    ];
    let (redacted, vault) = redactor.redact(chat(&texts)).unwrap();
    assert_eq!(
        masked(&redacted),
        [
            "my name is [PERSON_1], [EMAIL_1]",
            "As [PERSON_1] said, [PERSON_1]'s kettle leaks. [PERSON_1]",
            "[EMAIL_1] again",
        ]
    );
    assert_eq!(back(vault, "Dear [PERSON_1]"), "Dear Ada Byron",);
}
