//! Numbers and cards of customers, members and staff behind their labels: "Kd.-Nr. 100234", "loyalty card HC-5520-8817",
//! "matricule 7740-B", "número de socio 4471".

use crate::types::Entity;

use super::super::context::floor;
use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::{Text, is_word};
use super::clause::Mark;
use super::code::{self, Code, Shape};
use super::hints::{Hint, Hinted, Hints, Topic};

/// Labels that are said of nothing else.
pub(super) const WORDS: &str = "kundennummer|kundenummer|kundennummern|kundennr|kundenid|kdnr|kdnummer|kontonummer|kontonr|ktonr|mitgliedsnummer|\
    mitgliedsnr|mitgliednr|mitgliedernummer|personalnummer|personalnr|persnr|mitarbeiternummer|mitarbeiternr|dienstnummer|\
    stammnummer|matrikelnummer|matrikelnr|matrnr|patientennummer|patientennr|vertragskontonummer|vertragskonto|kundenkontonummer|policennummer|policennr|\
    polizzennummer|lanr|versicherungsscheinnummer|versicherungsschein-nr|teilnehmernummer|abonummer|abonnentennummer|abo-nr|abonr|\
    schülernummer|debitorennummer|debitornummer|debitor|debitoren-nr|benutzernummer|lesernummer|\
    kundenkarte|kundenkartennummer|bonuskarte|treuekarte|clubkarte|vorteilskarte|rabattkarte|stammkundenkarte|mitgliedskarte|\
    mitgliedsausweis|kundenausweis|bibliotheksausweis|leserausweis|dienstausweis|betriebsausweis|studentenausweis|\
    studierendenausweis|mitarbeiterausweis|firmenausweis|schülerausweis|presseausweis|hausausweis|besucherausweis|badge|payback|\
    account number|account no|account #|acct no|acc no|a/c no|a/c|membership number|membership no|policy number|policy no|payroll number|\
    payroll no|hospital number|medical record number|mrn|loyalty number|rewards number|hospital no|gmc number|gmc no|nmc pin|loyalty no|frequent flyer|frequent flyer number|\
    family card|loyalty card|store card|club card|clubcard|rewards card|reward card|membership card|member card|library card|bonus card|\
    points card|customer card|staff card|student card|staff badge|employee badge|\
    matricule|numéro de compte|carte de fidélité|rpps|adeli|carte fidélité|carte fidelite|carte de fidelite|carte client|carte cliente|\
    carte de membre|carte d'adhérent|carte d’adhérent|carte club|carte étudiant|carte d'étudiant|carte d’étudiant|numéro de police|\
    n° de police|\
    legajo|número de cuenta|numero de cuenta|tarjeta familia|tarjeta de fidelidad|tarjeta fidelidad|tarjeta de fidelización|tarjeta de socio|\
    tarjeta de socia|tarjeta club|tarjeta cliente|tarjeta de cliente|tarjeta de puntos|carné de socio|n.º de colegiado|número de colegiado|colegiado|carnet de socio|\
    número de póliza|n.º de póliza|póliza n.º|póliza nº|\
    matricola|libretto soci|tessera fedeltà|tessera fedelta|carta fedeltà|carta fedelta|tessera cliente|tessera socio|tessera punti|tessera club|\
    carta club|carta punti|numero di polizza|polizza n|\
    klantnummer|klantnr|klantennummer|klantennr|klantid|lidnummer|lidnr|ledennummer|lidmaatschapsnummer|personeelsnummer|\
    personeelsnr|medewerkersnummer|medewerkernummer|stamnummer|studentnummer|studentennummer|patiëntnummer|big-nummer|big-registratie|patientnummer|\
    polisnummer|relatienummer|debiteurnummer|debiteurennummer|abonneenummer|kvk|kvk-nummer|kvknummer|klantenkaart|klantkaart|\
    spaarpas|spaarkaart|bonuskaart|ledenpas|lidmaatschapskaart|voordeelkaart|voordeelpas|klantenpas|personeelspas|studentenkaart|\
    karta stałego klienta|karty stałego klienta|kartę stałego klienta|karta lojalnościowa|karty lojalnościowej|\
    kartę lojalnościową|karta klienta|karty klienta|kartę klienta|karta klubowa|karty klubowej|kartę klubową|legitymacja|\
    legitymacji|legitymacja studencka|numer polisy|pwz|nr pwz|kartą stałego klienta|kartą lojalnościową|kartą klienta|nr polisy|numer albumu|nr albumu|numer indeksu|nr indeksu|\
    cartão fidelidade|cartão de fidelidade|cartao fidelidade|cartão de cliente|cartão cliente|cartão de sócio|cartão de pontos|\
    cartão clube|matrícula do funcionário|matrícula funcional|matrícula do aluno|cédula profissional|número mecanográfico|n.º mecanográfico|\
    número da apólice|apólice n.º";

/// People of whom a number may be told.
pub(super) const PEOPLE: &str = "kunde|kunden|kundin|knd|mitgl|kundenkonto|kd|mitglied|mitglieds|personal|pers|mitarbeiter|mitarbeiterin|mitarb|abonnent|\
    abonnentin|teilnehmer|debitoren|patient|patienten|patientin|\
    customer|cust|client|acct|member|membership|subscriber|account holder|accountholder|employee|emp|staff|payroll|student|loyalty|\
    cliente|clienta|cte|cpte client|compte client|adhérent|adhérente|abonné|abonnée|salarié|salariée|étudiant|étudiante|licencié|sociétaire|\
    abonado|abonada|socio|socia|suscriptor|suscriptora|empleado|empleada|afiliado|afiliada|trabajador|\
    abbonato|abbonata|tesserato|dipendente|matr|\
    klant|klanten|lid|abonnee|medewerker|medew|mdw|personeels|werknemer|relatie|\
    klient|klienta|klientki|kontrahent|kontrahenta|operator|operatora|kasjer|kasjera|kasjerka|klientka|członka|członek|członkowski|członkowska|pracownika|pracownik|prac|abonenta|abonent|pacjenta|\
    ewid|ewidencyjny|kadrowy|służbowy|członkowskiej|\
    sócio|sócia|assinante|funcionário|funcionária|func|colaborador|colaboradora|mecanográfico|aluno|associado";

/// Cards that may be a shop's or a bank's, and badges.
pub(super) const CARDS: &str = "cards|karten|cartes|tarjetas|tessere|kaarten|passen|cartões|cartoes|karte|card|carte|tarjeta|tessera|kaart|karta|karty|kartę|cartão|cartao|klubkarte";

/// Several of them, whose numbers follow one after the other: "two cards, old one HC-204417 and the new one HC-981350".
const SEVERAL: &[&str] = &[
    "cards", "karten", "cartes", "tarjetas", "tessere", "kaarten", "passen", "karty", "cartões",
    "cartoes",
];

/// Most cards that are told one after the other.
const MOST_CARDS: usize = 4;

/// What is read behind them.
pub(super) const SHAPE: Shape = Shape {
    len: (3, 16),
    digits: 3,
    dotted: false,
};

/// Words for "number" that stand in front of a person: "n° client", "código de cliente".
const MARKS: &[&str] = &[
    "nro", "cod", "cód", "núm", "numeru", "n", "n°", "nº", "nr", "no", "num", "numéro", "numero",
    "número", "numer", "number", "code", "código", "codigo", "codice", "kod", "id", "º", "°",
];
/// What may stand between.
const JOINTS: &[&str] = &[
    "de", "du", "do", "da", "di", "del", "van", "of", "d", "l", "la", "le", "the", "il", "el",
];

/// Looks behind its words.
#[derive(Debug)]
pub(super) struct MemberNumber;

impl Hinted for MemberNumber {
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), RedactError> {
        if !text.has_digit {
            return Ok(());
        }
        for hint in hints.all() {
            let word = text.slice(hint.range.clone());
            if hint.is(Topic::ClubCard)
                && SEVERAL.iter().any(|card| card.eq_ignore_ascii_case(word))
            {
                several(text, hint.range.end, found);
            }
            let fits = match hint {
                hint if hint.is(Topic::Member) => is_of_label,
                hint if hint.is(Topic::Customer) => is_of_person,
                hint if hint.is(Topic::ClubCard) => is_of_card,
                _ => continue,
            };
            let Some(mut code) = code::behind(text.str, hint.range.end, SHAPE) else {
                continue;
            };
            if hint.is(Topic::Customer) && code.direct && is_marked(text.str, hint) {
                code.mark = Mark::Number;
            }
            if fits(&code) {
                found.push(Candidate::pattern(
                    code.range.clone(),
                    Entity::Identifier,
                    code.score(),
                ));
            }
        }
        Ok(())
    }
}

/// Adds the numbers that follow `end`, each behind a few words.
fn several(text: &Text<'_>, mut end: usize, found: &mut Vec<Candidate>) {
    for _ in 0..MOST_CARDS {
        let code = code::behind(text.str, end, SHAPE).filter(|code| {
            let long = if code.mixed { 5 } else { 7 };
            code.words <= 4 && (long..=12).contains(&code.digits)
        });
        let Some(code) = code else { return };
        end = code.range.end;
        found.push(Candidate::pattern(code.range, Entity::Identifier, 0.65));
    }
}

/// "loyalty card HC-5520-8817", "store card with you, 6335 0041 7720"; "badge printer BP-7300" is none.
fn is_of_label(code: &Code) -> bool {
    let apart = code.direct || code.broken || !code.mixed || code.mark != Mark::Nothing;
    apart && code.is_owned()
}

/// "customer no. 4711", "client 100234"; and over a name, "Abonné : Gaspard Martin, réf. ABO-22-904".
fn is_of_person(code: &Code) -> bool {
    let alone = code.mixed && code.digits >= 4 || !code.grouped && code.digits >= 6;
    let named = code.capitals > 0 && code.words - code.capitals <= 1 && code.words <= 4;
    match (code.direct, code.mark) {
        (true, Mark::Number) => true,
        (true, Mark::Reference) => false,
        (true, _) => alone,
        (false, Mark::Number | Mark::Reference) => named && code.mixed && code.digits >= 4,
        (false, _) => code.words == 0 && code.mixed && code.digits >= 4,
    }
}

/// "Karte HG-K 771 200 48", "tarjeta n.º 771200"; digits alone are a payment card's more often than not.
fn is_of_card(code: &Code) -> bool {
    let numbered = code.mark == Mark::Number && code.digits >= 6;
    let fits = match code.mixed {
        true => code.words == 0 && code.digits >= 5,
        false => numbered && (code.direct || code.words == 1 && code.grouped),
    };
    fits && code.digits <= 12
}

/// Whether a word for "number" stands in front of the label.
fn is_marked(text: &str, hint: &Hint) -> bool {
    let from = floor(text, hint.range.start.saturating_sub(24));
    let before = text.get(from..hint.range.start).unwrap_or("");
    let line = before.rsplit('\n').next().unwrap_or("");
    let belongs = |c: char| is_word(c) || matches!(c, '°');
    let words = line.rsplit(|c| !belongs(c)).filter(|word| !word.is_empty());
    words
        .map(str::to_lowercase)
        .find(|word| !JOINTS.contains(&word.as_str()))
        .is_some_and(|word| MARKS.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn numbers_of_people() {
        check(
            &MemberNumber,
            &[
                ("Kundennummer: 0094 7712.", &["0094 7712"]),
                ("Kd.-Nr. 100234", &["100234"]),
                ("Kunden-Nr.: K-4711", &["K-4711"]),
                ("Meine Mitgliedsnummer ist 88123.", &["88123"]),
                ("Pers.-Nr. 4412", &["4412"]),
                ("Personalnummer 00412", &["00412"]),
                ("customer number C-99120", &["C-99120"]),
                ("emp. no. 2231", &["2231"]),
                ("staff id: 40-2231", &["40-2231"]),
                ("member 100234 called", &["100234"]),
                ("n° client 4471", &["4471"]),
                ("matricule 7740-B", &["7740-B"]),
                ("Abonné : Gaspard Martin, réf. ABO-22-904.", &["ABO-22-904"]),
                ("n.º de socio 4471", &["4471"]),
                ("código de cliente: 4471", &["4471"]),
                ("n.º empleado 3391", &["3391"]),
                ("abonado SX-40771; punto", &["SX-40771"]),
                ("numero cliente IT-5580213", &["IT-5580213"]),
                ("matricola 20881", &["20881"]),
                ("klantnr. 558021", &["558021"]),
                ("personeelsnr. 2210", &["2210"]),
                ("KvK ingeschreven onder 71940226.", &["71940226"]),
                ("numer klienta 558021", &["558021"]),
                ("nr ewid. 3321", &["3321"]),
                ("n.º de cliente 558021", &["558021"]),
                (
                    "Account holder remains Petra Charal, number CUS 0099 4512",
                    &["CUS 0099 4512"],
                ),
                ("customer ref. PO-7700123", &[]),
                ("Mitarbeiter: 12500", &[]),
                ("Kunde 0176 04069 112", &[]),
                ("customer asked about ref. AB-12345", &[]),
                ("Kundennummer fehlt", &[]),
                ("Kunde seit 2019", &[]),
                ("Client depuis 10 ans", &[]),
                ("customer order 4500123456", &[]),
                ("Der Kunde wünscht 12 Stück bis 24.12.2026", &[]),
                ("customer 10000 units", &[]),
                ("member since 1998", &[]),
                ("klient zamówił 4 szt.", &[]),
                ("Kunde, Bestellung 4500123456", &[]),
                ("clienti: 12500 in 2024", &[]),
            ],
        );
    }

    #[test]
    fn cards_and_badges() {
        check(
            &MemberNumber,
            &[
                ("loyalty card HC-5520-8817 has", &["HC-5520-8817"]),
                (
                    "a store card with you, 6335 0041 7720, and",
                    &["6335 0041 7720"],
                ),
                ("Karte HG-K 771 200 48 bleibt", &["HG-K 771 200 48"]),
                ("Kundenkarte Nr. 3310 5528", &["3310 5528"]),
                ("carte de fidélité n° 00 771 8253", &["00 771 8253"]),
                ("le badge VISIT-0093", &["VISIT-0093"]),
                ("Badge printer BP-7300", &[]),
                ("colis assuré 6A12345678901", &[]),
                ("Cédula profissional n.º 48117L", &["48117L"]),
                ("account #447120", &["447120"]),
                ("acct. #447120", &["447120"]),
                ("tarjeta de socio 55210", &["55210"]),
                ("Tessera business n. 88-104-22-6", &["88-104-22-6"]),
                ("tessera fedeltà 2900 4418 0071.", &["2900 4418 0071"]),
                ("klantenkaart 3310.5528.01 korting", &["3310.5528.01"]),
                ("karta stałego klienta 4471 2208", &["4471 2208"]),
                ("cartão fidelidade LM 7002 4418.", &["LM 7002 4418"]),
                ("Karte 1: 4111 1111 1111 1111", &[]),
                ("card 4111111111111111", &[]),
                ("gift card 50 EUR", &[]),
                ("Karte VISA 4111 1111 1111 1111", &[]),
                (
                    "lady quoted two cards, old one HC-204417 and the new one HC-981350, merge",
                    &["HC-204417", "HC-981350"],
                ),
                (
                    "hat zwei Karten, alte Bonus 2208 5519 047 und neue 2208 7730 162, Punkte",
                    &["2208 5519 047", "2208 7730 162"],
                ),
                ("two cards at 25 EUR, order 4500123456", &[]),
                ("SD card SDXC-128", &[]),
                ("graphics card RTX4090", &[]),
                ("on the card: 12 items", &[]),
            ],
        );
    }
}
