//! The phrases that point at names, and the words that are none.

use std::sync::LazyLock;

use super::super::super::listed::{Listed, of_line};

/// What a phrase says of the words behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cue {
    /// "Best regards," : a name on the same or the next line.
    Closing,
    /// "Dear" at the start of a line: a name, then punctuation.
    Greeting,
    /// "my name is": a name.
    Introduction,
    /// "Name:": a name.
    Label,
    /// "I am": a name of two words or more.
    Perhaps,
    /// "Mr": a name.
    Title,
}

/// Phrases in lower case, by what they say; a bar between two.
pub(super) const PHRASES: &[(Cue, &str)] = &[
    (
        Cue::Title,
        "\
         mr|mrs|ms|miss|mx|dr|prof|professor|herr|herrn|frau|fräulein|monsieur|madame|\
         mademoiselle|mme|mlle|m|signor|signore|signora|signorina|sig|sig.ra|dott|\
         dott.ssa|avv|sr|sra|srta|señor|señora|señorita|don|doña|dhr|mevr|mevrouw|\
         meneer|senhor|senhora|pani",
    ),
    (
        Cue::Greeting,
        "\
         dear|hi|hello|hey|good morning|good afternoon|good evening|hallo|liebe|lieber|\
         guten tag|guten morgen|moin|servus|grüezi|sehr geehrte|sehr geehrter|bonjour|\
         bonsoir|salut|cher|chère|hola|estimado|estimada|querido|querida|buenos días|\
         buenas tardes|ciao|caro|cara|gentile|gentilissimo|gentilissima|egregio|buongiorno|\
         salve|beste|geachte|dag|hoi|goedemorgen|goedemiddag|olá|prezado|prezada|hej|kære|\
         hei|cześć|witam|dzień dobry",
    ),
    (
        Cue::Closing,
        "\
         best regards|kind regards|warm regards|regards|best wishes|all the best|sincerely|\
         yours sincerely|sincerely yours|yours faithfully|yours truly|many thanks|thanks|\
         thank you|thanks again|thx|cheers|best|br|mit freundlichen grüßen|\
         mit freundlichen grüssen|mit freundlichem gruß|freundliche grüße|freundliche grüsse|\
         viele grüße|viele grüsse|liebe grüße|beste grüße|schöne grüße|herzliche grüße|\
         mit besten grüßen|gruß|grüße|lg|vg|mfg|danke|vielen dank|cordialement|\
         bien cordialement|bien à vous|sincères salutations|salutations distinguées|merci|\
         merci d'avance|amicalement|saludos|un saludo|saludos cordiales|atentamente|gracias|\
         muchas gracias|un cordial saludo|cordiali saluti|distinti saluti|saluti|grazie|\
         grazie mille|un saluto|met vriendelijke groet|met vriendelijke groeten|\
         vriendelijke groet|vriendelijke groeten|groet|groeten|groetjes|bedankt|mvg|\
         atenciosamente|obrigado|obrigada|cumprimentos|com os melhores cumprimentos|\
         med vänliga hälsningar|vänliga hälsningar|mvh|med venlig hilsen|venlig hilsen|hilsen|\
         pozdrawiam|z poważaniem",
    ),
    (
        Cue::Introduction,
        "\
         my name is|my name's|the name is|name is|mein name ist|mein name lautet|ich heiße|\
         ich heisse|je m'appelle|mon nom est|me llamo|mi nombre es|mi chiamo|il mio nome è|\
         mijn naam is|ik heet|meu nome é|chamo-me|nazywam się|jag heter|mitt namn är|\
         jeg hedder|mit navn er|i spoke to|i spoke with|spoke to|spoke with|talked to|\
         talked with|call me|ask for|signed by|unterzeichnet von",
    ),
    (
        Cue::Perhaps,
        "\
         i am|i'm|this is|it's|it is|ich bin|hier ist|hier spricht|je suis|c'est|soy|sono|\
         ik ben|eu sou|met|habla|parla|on behalf of|im namen von|on behalf|customer|kunde|\
         kundin|client|cliente|klant|contact|caller|anrufer|anruferin|colleague|kollege|\
         kollegin",
    ),
    (
        Cue::Label,
        "\
         name|full name|first name|last name|surname|given name|family name|customer name|\
         contact name|contact|contact person|customer|client|caller|patient|employee|agent|\
         kunde|kundin|kundenname|ansprechpartner|ansprechpartnerin|kontakt|kontaktperson|\
         vorname|nachname|familienname|vor- und nachname|empfänger|absender|recipient|sender|\
         nom|prénom|nom et prénom|nom complet|destinataire|nombre|apellidos|apellido|\
         nombre completo|nombre y apellidos|titular|cliente|paciente|contacto|nome|cognome|\
         nome e cognome|intestatario|referente|naam|voornaam|achternaam|contactpersoon|klant|\
         from|to|von|an|de|cc|attn|z. hd|signed|account holder|cardholder|card holder|\
         kontoinhaber|karteninhaber|titulaire|geadresseerde|signature|unterschrift|imię|\
         nazwisko|imię i nazwisko|namn|navn|apelido|nome completo",
    ),
];

/// Words that begin with a capital where names stand and are none.
const NO_NAMES: &str = "\
    today yesterday tomorrow now later already twice once earlier back soon still also morgen nochmal \
    wieder aujourd'hui hier demain hoy ayer mañana oggi ieri domani vandaag gisteren dziś jutro hoje \
    ontem \
    team all everyone everybody sir sirs madam madame customer customers client clients support \
    service services there colleague colleagues friend friends valued dear you your again folks guys \
    ladies gentlemen manager mr mrs ms sales agent help helpdesk the we i my this it our please \
    thanks thank best kind order hello hi hey morning afternoon evening day yes no not ok okay just \
    and or from about regarding re fwd subject sent tel phone mobile email mail fax company inc ltd \
    unknown none n/a tbd anonymous customer's here that what when where why how so very really happy \
    sorry writing unhappy disappointed a an in on at damen herren herr frau kunde kundin kunden \
    kollegen kollege kollegin zusammen leute alle kundenservice kundendienst doktor professor sie \
    ihr ihre wir ich mein meine das die der bitte vielen dank danke viele grüße liebe mit es und ein \
    eine bestellung rechnung am auf wie heute gestern leider für zu von im equipo todos todas \
    cliente clientes señor señora señores servicio atención buenos buenas gracias por el la los un \
    una tous toutes équipe messieurs mesdames monsieur je nous vous merci le les bonjour tutti \
    signori servizio assistenza gentili grazie klant allemaal heer mevrouw meneer collega collega's \
    wij ik het bedankt alles monday tuesday wednesday thursday friday saturday sunday montag \
    dienstag mittwoch donnerstag freitag samstag sonntag january february march july september \
    october november december salesforce amazon paypal google microsoft dhl ups fedex iphone samsung \
    apple id number nummer date address adresse status case ticket invoice product account lord god \
    data dni nif direct care office department abteilung";

/// Words in front of a label that make it another's name ("Product name:").
const OTHER_NAMES: &str = "\
    product company file user domain host brand project model item produkt firmen datei user's firma \
    device account campaign store shop table field display event role group";

/// Whether `lower` stands where names stand and is none.
pub(super) fn is_no_name(lower: &str) -> bool {
    static SET: LazyLock<Listed> = LazyLock::new(|| of_line(NO_NAMES));
    SET.contains(lower)
}

/// Whether `lower` in front of a label says that it labels no person's name.
pub(super) fn names_a_thing(lower: &str) -> bool {
    static SET: LazyLock<Listed> = LazyLock::new(|| of_line(OTHER_NAMES));
    SET.contains(lower)
}

/// Words that make the noun behind them no title.
const DETERMINERS: &str = "\
    meine deine seine ihre unsere eure die der das eine ein mein dein sein ihr unser diese dieser \
    jede jeder keine kein einer seiner ihrer meiner zur zum ma sa la le une un mi su una el mijn \
    zijn haar een de";

/// Whether `lower` belongs to a noun ("meine" Frau).
pub(super) fn is_determiner(lower: &str) -> bool {
    static SET: LazyLock<Listed> = LazyLock::new(|| of_line(DETERMINERS));
    SET.contains(lower)
}
