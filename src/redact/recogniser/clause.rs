//! The words behind a label, one by one, to the end of the clause: what may stand between a label and its value.

use super::super::context::{Before, List as _, Verdict, Words, lowered};
use super::super::text::is_word;

/// Most bytes between a label and its value.
const MAX_GAP: usize = 64;
/// Most words that a value may stand away from its label, those that say nothing not counted.
const MAX_WORDS: usize = 6;
/// Shorter labels may be cut short, with a dot behind them: "Kd.".
const MAX_CUT: usize = 4;
/// What longer labels end in that are cut short.
const CUT: &[&str] = &[
    "nr", "no", "num", "pers", "cust", "acct", "memb", "mitgl", "ewid", "matr",
];

/// Words that say that the number follows.
static MARKS: Words = Words::of_line(
    "no nr num number numbers nummer nummern numéro numero número numer numerem n nº º nn id ident kennung code \
     kod código codigo codice cod cód núm nro serie série seria numéros números",
);

/// Words for references, which are orders' and tickets' more often than people's.
static REFERENCES: Words = Words::of_line(
    "ref réf référence reference referência referencia riferimento referentie kenmerk referenz zeichen",
);

/// Words that say nothing: verbs, articles, possessives, prepositions.
static FILLERS: Words = Words::of_line(
    "is are was were reads ist sind war lautet lautete est était sont es era son é è sono to jest była luidt \
     zijn the a an of for on das der die dem den des vom von für fuer am le la les l de d du del al el los un \
     una il lo di della dello dei da do dos o os het een van voor op met my your his her their our mein meine \
     meiner ihr ihre sein seine unsere mon ma mes votre sa notre mi su tu mio mia suo sua mijn uw haar jouw mój \
     said says steht stand zeigt staat stond pone ponía dice porta riporta stoi widnieje consta lleva mostra figure affiche \
     moj moja mojego mojej jego jej meu minha seu app appli aplicación aplicação currently now still jetzt \
     aktuell new neu neue und and et y e i en",
);

/// Words with a class behind them: "prawo jazdy kat. B nr".
static CLASSES: Words = Words::of_line(
    "kat kategorie kategorii klasse klassen kl class classe clase cat categoria categoría catégorie categorie \
     tipo type typ",
);

/// Labels of other things, and what says that a number is an amount or a time.
pub(super) static OTHERS: Words = Words::of_line(
    "order orders bestell~ auftrag~ rechnung~ invoice invoices ticket tickets case artikel~ article articles \
     item items sku ean liefer~ sendung~ paket~ parcel tracking shipment delivery commande commandes facture \
     factures colis livraison pedido pedidos factura facturas envío entrega ordine ordini fattura fatture \
     consegna bestelling bestel~ factuur pakket levering zamówieni~ zamowieni~ faktur~ paczk~ przesył~ dostaw~ \
     encomenda fatura remessa tel tél telefon~ telefoon~ teléfono telefono telefone phone mobile mobil handy fax \
     email mail iban bic plz postcode zip version model~ price preis~ prix precio prezzo prijs cena preço euro \
     euros eur usd gbp chf pln zł page seite since seit depuis desde dal sinds od valid gültig expired expires \
     expiry expire scadenza geldig ważny ważna until bis years jahre ans años anni jaar plate key agreement \
     fee password passwort amount betrag montant importe total balance saldo points punkte puntos punti punten \
     pontos imei serial seriennummer geb geboren born visa mastercard amex kredit~ gutschein~ voucher rabatt~ \
     prodotto prodotti produit producto produkt~ produto product \
     construire construcción travail software field column table row error fehler lot lote lotto \
     batch charge vertrag~ contract contrat contrato contratto umow~",
);

/// Whether a word right in front of `start` says that what stands there is another thing's number, or an amount.
pub(super) fn is_of_another(text: &str, start: usize) -> bool {
    Before::of(text, start).verdict(&[][..], &OTHERS) == Verdict::Against
}

/// What stands right in front of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// The label or another word.
    Nothing,
    /// A colon or an equals sign.
    Colon,
    /// A word for "number", or a hash.
    Number,
    /// A word for "reference".
    Reference,
}

/// A walk through the words behind a label.
#[derive(Clone, Debug)]
pub(super) struct Clause<'t> {
    text: &'t str,
    from: usize,
    /// Where it is.
    pub(super) at: usize,
    /// Words that were passed and say something.
    pub(super) words: usize,
    /// How many of them begin with a capital.
    pub(super) capitals: usize,
    /// Whether a comma or a question mark was passed.
    pub(super) broken: bool,
    /// What stands right in front, words that say nothing left out.
    pub(super) mark: Mark,
    /// Whether a quotation mark stands right in front.
    pub(super) quoted: bool,
    /// Whether an `@` stands right in front.
    pub(super) at_sign: bool,
    /// Whether a line may end here, behind a colon.
    open: bool,
    /// Whether the last word may be cut short, with a dot behind it.
    cut: bool,
    /// Whether the last word wants a class behind it.
    class: bool,
}

impl<'t> Clause<'t> {
    /// The words behind the label that ends at `from`; the rest of a compound ("Reisepassnummer") is passed.
    pub(super) fn behind(text: &'t str, from: usize) -> Self {
        let label = text.get(..from).unwrap_or("");
        let joins = label.ends_with(is_word);
        let rest = text.get(from..).unwrap_or("").chars().take(MAX_GAP);
        let compound = rest.take_while(|c| joins && is_word(*c));
        let from = from + compound.map(char::len_utf8).sum::<usize>();
        let label = text.get(..from).unwrap_or("");
        let short = label
            .chars()
            .rev()
            .take_while(|c| is_word(*c))
            .take(MAX_CUT)
            .count()
            < MAX_CUT;
        let label = label.as_bytes();
        let cut = short
            || CUT.iter().any(|end| {
                let tail = label
                    .get(label.len().saturating_sub(end.len())..)
                    .unwrap_or_default();
                tail.eq_ignore_ascii_case(end.as_bytes())
            });
        Self {
            text,
            from,
            at: from,
            words: 0,
            capitals: 0,
            broken: false,
            mark: Mark::Nothing,
            quoted: false,
            at_sign: false,
            open: false,
            cut,
            class: false,
        }
    }

    /// Whether nothing but words that say nothing was passed.
    pub(super) const fn is_direct(&self) -> bool {
        self.words == 0 && !self.broken
    }

    /// Goes on to the next word; `None` where the clause ends, or goes on too far.
    pub(super) fn next_word(&mut self) -> Option<&'t str> {
        (self.quoted, self.at_sign) = (false, false);
        loop {
            let c = self.text.get(self.at..)?.chars().next()?;
            match c {
                '#' => self.mark = Mark::Number,
                ':' | '=' | '：' => {
                    self.open = true;
                    if self.mark == Mark::Nothing {
                        self.mark = Mark::Colon;
                    }
                }
                '\n' if self.open => {}
                '.' if self.cut => {}
                ',' | '?' => self.broken = true,
                '"' | '\'' | '`' | '„' | '“' | '”' | '«' | '»' | '‘' | '’' | '‚' => {
                    self.quoted = true
                }
                '@' => self.at_sign = true,
                ' ' | '\t' | '\u{a0}' | '\u{202f}' if !self.at_sign => {}
                '-' | '–' | '—' | '(' | ')' | '[' | '/' | '*' | '|' | '>' | '°' | '\r'
                    if !self.at_sign => {}
                c if is_word(c) && c != '_' => break,
                _ => return None,
            }
            self.at += c.len_utf8();
            if self.at - self.from > MAX_GAP {
                return None;
            }
        }
        let rest = self.text.get(self.at..)?;
        let len = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        rest.get(..len)
    }

    /// Whether `word`, which the walk stands at, is no part of a value: "NR 12" is none, "NR-12" may be one.
    pub(super) fn is_listed(&self, word: &str) -> bool {
        let rest = self.text.get(self.at + word.len()..).unwrap_or("");
        let lists = [&OTHERS, &MARKS, &REFERENCES, &FILLERS];
        let holds = |word: &[u8]| lists.iter().any(|list| list.holds(word));
        !rest.starts_with('-') && !word.bytes().any(|b| b.is_ascii_digit()) && lowered(word, holds)
    }

    /// Whether a class may stand here: "kat. B".
    pub(super) fn takes_class(&self, word: &str) -> bool {
        self.class && word.len() <= 3
    }

    /// Passes `word`, whatever it is.
    pub(super) fn skip(&mut self, word: &str) {
        self.cut = true;
        self.at += word.len();
    }

    /// Passes `word`, which the walk stands at; `None` where it says that another value follows.
    pub(super) fn pass(&mut self, word: &str) -> Option<()> {
        let rest = self.text.get(self.at + word.len()..)?;
        let digits = word.bytes().any(|b| b.is_ascii_digit());
        self.cut = true;
        if self.takes_class(word) {
            self.class = false;
        } else if digits {
            // "IMEI 2: …"
            let numbered = word.len() == 1 && rest.trim_start().starts_with([':', ')']);
            numbered.then_some(())?;
        } else {
            let kind = lowered(word, |word| match word {
                word if OTHERS.holds(word) => None,
                word if MARKS.holds(word) => Some(Some(Mark::Number)),
                word if REFERENCES.holds(word) => Some(Some(Mark::Reference)),
                word if FILLERS.holds(word) || CLASSES.holds(word) => Some(None),
                _ => Some(Some(Mark::Nothing)),
            });
            self.class = lowered(word, |word| CLASSES.holds(word));
            let mark = kind?;
            self.mark = mark.unwrap_or(self.mark);
            self.cut = self.class || word.len() == 1 || !matches!(mark, None | Some(Mark::Nothing));
            if mark == Some(Mark::Nothing) {
                self.words += 1;
                self.capitals += usize::from(word.starts_with(char::is_uppercase));
                self.open = false;
            }
        }
        self.at += word.len();
        (self.words <= MAX_WORDS && self.at - self.from <= MAX_GAP).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words that are passed until the clause ends.
    fn words(text: &str, label: &str) -> Vec<String> {
        let mut clause = Clause::behind(text, text.find(label).unwrap() + label.len());
        let mut words = Vec::new();
        while let Some(word) = clause.next_word() {
            words.push(word.to_owned());
            if clause.pass(word).is_none() {
                break;
            }
        }
        words
    }

    #[test]
    fn a_clause_ends_with_its_sentence_or_another_label() {
        for (text, label, expected) in [
            (
                "Kunden-Nr. des Herrn: 4711",
                "Kunden",
                &["Nr", "des", "Herrn", "4711"][..],
            ),
            ("Kundennummer. Die 4711", "Kundennummer", &[]),
            ("Pers.-Nr. 4711", "Pers", &["Nr", "4711"]),
            ("Kundennr. 4711", "Kundennr", &["4711"]),
            ("card for order 4711", "card", &["for", "order"]),
            ("card; 4711", "card", &[]),
            ("card brak. Nie 4711", "card", &["brak"]),
            ("card\n4711", "card", &[]),
            ("card:\n4711", "card", &["4711"]),
            ("IMEI 2: 35", "IMEI", &["2", "35"]),
            ("", "", &[]),
        ] {
            assert_eq!(words(text, label), expected, "{text}");
        }
    }

    #[test]
    fn what_stands_in_front_is_told() {
        for (text, direct, mark, quoted) in [
            ("card is x", true, Mark::Nothing, false),
            ("card no. x", true, Mark::Number, false),
            ("card: x", true, Mark::Colon, false),
            ("card, ref. x", false, Mark::Reference, false),
            ("card number of Anna: x", false, Mark::Colon, false),
            ("card, \"x", false, Mark::Nothing, true),
            ("card no. of Anna x", false, Mark::Nothing, false),
        ] {
            let mut clause = Clause::behind(text, 4);
            let mut word = clause.next_word().unwrap();
            while word != "x" {
                clause.pass(word).unwrap();
                word = clause.next_word().unwrap();
            }
            let got = (clause.is_direct(), clause.mark, clause.quoted);
            assert_eq!(got, (direct, mark, quoted), "{text}");
        }
    }
}
