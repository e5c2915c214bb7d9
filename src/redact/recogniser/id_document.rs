//! Identity cards, residence permits, and national numbers behind their names: "récépissé porte le numéro 9903117245",
//! "carta d'identità CA39481ZL", "DNI 45678912".
//!
//! What has check digits is found by them, wherever it stands. Here the label counts: a mistyped number is somebody's
//! too, and many countries' numbers have no check that is published.

use crate::types::Entity;

use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::Text;
use super::code::{self, Code, Shape};
use super::hints::{Hinted, Hints, Topic};

/// Labels, in eight languages. Those of up to four letters count in capitals only: "nie" is Polish for "no".
pub(super) const WORDS: &str = "ausweis|ausweisnummer|ausweisnr|ausweis-nr|ausweis-nummer|personalausweis|personalausweisnummer|\
    personalausweisnr|personalausweis-nr|perso|identitätskarte|id-karte|aufenthaltstitel|aufenthaltserlaubnis|aufenthaltskarte|\
    aufenthaltsgestattung|niederlassungserlaubnis|fiktionsbescheinigung|duldung|ausländerausweis|steuer-id|steuer-idnr|\
    steuerid|steueridentifikationsnummer|steuer-identifikationsnummer|sozialversicherungsnummer|sozialversicherungsnr|sv-nummer|\
    sv-nr|svnr|rentenversicherungsnummer|rentenversicherungsnr|versichertennummer|versichertennr|versichertenkarte|\
    krankenversichertennummer|krankenversicherungsnummer|gesundheitskarte|kv-nr|kv-nummer|kvnr|ahv-nr|ahv-nummer|\
    identity card|identity document|id card|national id|residence permit|residence card|biometric residence permit|BRP|\
    alien registration number|emirates id|social security number|social security no|SSN|nhs number|nhs no|\
    national insurance number|national insurance no|ni number|ni no|tax id|taxpayer id|medicare number|medicare no|voter id|\
    aadhaar|\
    carte d'identité|carte d’identité|carte nationale d'identité|carte nationale d’identité|CNI|titre de séjour|carte de séjour|\
    carte de résident|permis de séjour|permis d'établissement|récépissé|numéro fiscal|n° fiscal|SPI|NIR|NAS|\
    numéro de sécurité sociale|sécurité sociale|sécu|carte vitale|numéro avs|n° avs|registre national|numéro national|\
    DNI|NIE|TIE|NIF|tarjeta sanitaria|CIP|NUSS|seguridad social|cédula|cédula de ciudadanía|cédula de identidad|\
    credencial de elector|CURP|CUIT|CUIL|RUT|permiso de residencia|tarjeta de residencia|autorización de residencia|tarjeta de identidad de extranjero|tarjeta de identidad|carné de extranjería|\
    carnet de extranjería|documento de identidad|documento nacional de identidad|carné de identidad|carnet de identidad|\
    número de afiliación|\
    carta d'identità|carta d’identità|carta di identità|carta identità|carta d'identita|CIE|permesso di soggiorno|carta di soggiorno|titolo di soggiorno|codice fiscale|\
    cod. fiscale|tessera sanitaria|\
    identiteitskaart|id-kaart|identiteitsbewijs|id-bewijs|legitimatiebewijs|verblijfsvergunning|verblijfsdocument|\
    verblijfstitel|vreemdelingennummer|v-nummer|BSN|burgerservicenummer|sofinummer|rijksregisternummer|zorgpas|\
    dowód osobisty|dowodu osobistego|dowodem osobistym|dowód|dowodem|dowodzie|dowodu|seria dowodu|karta pobytu|karty pobytu|kartę pobytu|pesel|\
    cartão de cidadão|cartão do cidadão|cartao de cidadao|bilhete de identidade|título de residência|autorização de residência|\
    cartão de residência|carteira de identidade|RG|RNM|CRNM|CPF|NISS|cartão de utente|SNS|número sns|PIS|utente de saúde|número de utente|\
    número de contribuinte|título de eleitor|cartão sus";

/// What is read behind them.
pub(super) const SHAPE: Shape = Shape {
    len: (7, 20),
    digits: 5,
    dotted: true,
};

/// Looks behind its words.
#[derive(Debug)]
pub(super) struct IdDocument;

impl Hinted for IdDocument {
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), RedactError> {
        for hint in hints.of_topic(Topic::IdDocument) {
            let label = text.slice(hint.range.clone());
            if label.len() <= 4 && !label.bytes().all(|b| b.is_ascii_uppercase()) {
                continue;
            }
            let code = code::behind(text.str, hint.range.end, SHAPE).filter(Code::is_owned);
            found.extend(code.map(|code| {
                Candidate::pattern(code.range.clone(), Entity::NationalId, code.score() - 0.05)
            }));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn table() {
        check(
            &IdDocument,
            &[
                (
                    "Mein Aufenthaltstitel hat die Nummer LWRK6VYTN7.",
                    &["LWRK6VYTN7"],
                ),
                ("Ausweis LJ182HF4G7 lag vor", &["LJ182HF4G7"]),
                ("Steuer-ID 12 345 678 901", &["12 345 678 901"]),
                ("KV-Nr. A123456781", &["A123456781"]),
                ("identity card no. 4471-2208-1", &["4471-2208-1"]),
                ("residence permit RX1234567", &["RX1234567"]),
                ("Emirates ID 784-1987-1234567-1", &["784-1987-1234567-1"]),
                ("Mon récépissé porte le numéro 9903117245.", &["9903117245"]),
                ("titre de séjour n° FRA7712043", &["FRA7712043"]),
                ("CNI : 880692310285", &["880692310285"]),
                ("NAS pour le financement : 157 368 796.", &["157 368 796"]),
                ("DNI 45678912, Lima", &["45678912"]),
                ("cédula 1.020.345.678", &["1.020.345.678"]),
                (
                    "Mi tarjeta sanitaria, por si su seguro la pide: BBBBBBBBRT980014.",
                    &["BBBBBBBBRT980014"],
                ),
                ("la carta d'identità CA39481ZL è scaduta", &["CA39481ZL"]),
                ("permesso di soggiorno n. I12345678", &["I12345678"]),
                ("verblijfsdocument IRF84K2L9", &["IRF84K2L9"]),
                ("seria dowodu DMM 321722 nie", &["DMM 321722"]),
                ("karta pobytu nr RR1234567", &["RR1234567"]),
                ("título de residência 7XA12K934", &["7XA12K934"]),
                (
                    "tessera sanitaria 80380000123456789012",
                    &["80380000123456789012"],
                ),
                ("Dowodu brak. Nie 4500123456, tylko", &[]),
                ("DNI peruano 45678912", &["45678912"]),
                ("RG 12.345.678-9", &["12.345.678-9"]),
                ("nie 45678912", &[]),
                ("14 dni 45678912", &[]),
                ("Ausweis gültig bis 31.12.2030", &[]),
                ("Bitte Ausweis mitbringen, Raum B204", &[]),
                ("récépissé de la commande 4500123456", &[]),
                ("sécurité sociale 2024", &[]),
                ("Ausweis, Bestellung 4500123456", &[]),
            ],
        );
    }
}
