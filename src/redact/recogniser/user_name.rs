//! User names next to words: "login: jdoe85", "my user name is anna.m", "Instagram @anna_m".

use std::ops::Range;

use crate::types::Entity;

use super::super::context::floor;
use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::Text;
use super::handle;
use super::hints::{Hint, Hinted, Hints, Topic};
use super::labelled::value_at;

/// Words for a user name.
pub(super) const WORDS: &[&str] = &[
    "username",
    "user name",
    "user",
    "userid",
    "user id",
    "login",
    "login name",
    "handle",
    "nickname",
    "benutzername",
    "benutzerkennung",
    "benutzer",
    "nutzername",
    "anmeldename",
    "identifiant",
    "nom d'utilisateur",
    "nom d’utilisateur",
    "pseudo",
    "usuario",
    "nombre de usuario",
    "nome utente",
    "utente",
    "gebruikersnaam",
    "gebruiker",
    "nazwa użytkownika",
    "użytkownik",
    "nome de utilizador",
    "utilizador",
    "nome de usuário",
    "usuário",
    "twitter",
    "instagram",
    "telegram",
    "tiktok",
    "skype",
    "snapchat",
    "discord",
    "mastodon",
    "insta",
    "facebook",
    "nick",
    "nicknamen",
    "screen name",
    "account name",
    "accountname",
    "loginname",
    "login-name",
    "profilname",
    "benutzerkonto",
    "nutzerkennung",
    "alias",
    "pseudonyme",
    "nom de compte",
    "nome account",
    "inlognaam",
    "accountnaam",
    "schuilnaam",
    "loginem",
    "użytkownika",
    "użytkownikiem",
    "pseudonim",
    "nome de usuario",
    "nutzer",
    "gamertag",
    "utilisateur",
    "logged in as",
    "signed in as",
    "angemeldet als",
    "eingeloggt als",
    "connecté en tant que",
    "ingelogd als",
    "zalogowany jako",
];

/// Words for an account or its owner, and for being called something: what follows is a name by its look only.
pub(super) const ACCOUNTS: &str = "account|profile|seller|vendor|goes by|konto|kundenkonto|profil|verkäufer|verkäuferin|verkäuferkonto|händler|anbieter|nennt sich|\
    compte|vendeur|vendeuse|s'appelle|s’appelle|cuenta|perfil|vendedor|vendedora|llamado|llamada|se llama|apodo|profilo|venditore|\
    venditrice|si chiama|utenza|profiel|verkoper|verkoopster|aanbieder|noemt zich|konta|koncie|kontem|profilu|sprzedawca|sprzedawcy|\
    sprzedawcą|sprzedający|sprzedającego|conta|anunciante|apelido|loja";

/// Words for places where people have names of their own choosing, and for being there.
pub(super) const COMMUNITY: &str = "forum|forums|foren|foro|fórum|community|comunidad|comunità|insta|instagram|telegram|messenger|whatsapp|twitter|tiktok|\
    facebook|signal|discord|app|appli|appen|profil|profile|perfil|profilo|profiel|\
    account|konto|compte|cuenta|conta|signs in|sign in|signed in|logs in|log in|logged in|login|signed up|angemeldet|anmeldet|\
    eingeloggt|registriert|loggt|logt|inlogt|ingelogd|aangemeld|connecte|connectée|connecté|connexion|inscrite|inscrit|accedo|\
    accede|entrei|entrar|registrado|registrada|registrata|registrato|iscritta|iscritto|loguje|logować|zalogować|\
    zalogowana|zarejestrowana|review|reviews|rezension|bewertung|avis|commentaire|reseña|opinión|recensione|recenzja|recenzję|\
    recenzji|opinia|opinię|comentário|avaliação|beoordeling|giveaway|chat|chats|czat|czatu|czacie|chatu|gewinnspiel|concours|sorteo|concorso|winactie|konkurs|\
    passatempo|sorteio|apodo|nick|nickname|pseudo|ksywa|alcunha|bijnaam|spitzname|username|handle";

/// What stands behind such words and is no name.
pub(super) const NOT_NAMES: &[&str] = &[
    "required",
    "unknown",
    "none",
    "n/a",
    "null",
    "password",
    "invalid",
    "missing",
    "yes",
    "no",
    "unbekannt",
    "passwort",
    "admin",
    "root",
    "guest",
    "true",
    "false",
    "error",
    "failed",
    "ok",
    "name",
    "data",
    "daten",
    "details",
    "account",
    "page",
    "login",
];

/// How far a name is read, in bytes: several times as far as one may go.
const MAX_READ: usize = 512;

/// Looks behind its words.
#[derive(Debug)]
pub(super) struct UserName;

impl Hinted for UserName {
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), RedactError> {
        let mut add =
            |(range, score)| found.push(Candidate::pattern(range, Entity::Identifier, score));
        for hint in hints.all() {
            let name = match (hint.is(Topic::UserName), hint.is(Topic::Account)) {
                (true, _) => name_behind(text, hint).or_else(|| handle::behind(text.str, hint)),
                (false, true) if !is_network(text, hint) => handle::behind(text.str, hint),
                (false, _) => None,
            };
            name.into_iter().for_each(&mut add);
        }
        handle::around(text, hints).for_each(&mut add);
        if text.has_at {
            handle::mentions(text.str).for_each(add);
        }
        Ok(())
    }
}

/// "le réseau wifi s'appelle …": what is called so is nobody.
fn is_network(text: &Text<'_>, hint: &Hint) -> bool {
    let from = floor(text.str, hint.range.start.saturating_sub(24));
    let before = text.slice(from..hint.range.start).to_lowercase();
    ["wifi", "wi-fi", "wlan", "hotspot", "ssid"]
        .iter()
        .any(|word| before.contains(word))
}

fn name_behind(text: &Text<'_>, hint: &Hint) -> Option<(Range<usize>, f32)> {
    let value = value_at(text.str, hint.range.end)?;
    let rest = text.str.get(value.start..)?;
    let at = usize::from(rest.starts_with('@'));
    let name = &rest[at..];
    let name = &name[..floor(name, MAX_READ)];
    let len = name
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+')))
        .unwrap_or(name.len());
    let name = name[..len].trim_end_matches(['.', '-']);
    let after = &rest[at + len..];
    let chars = name.chars().count();
    // An e-mail address or a URL is somebody else's find; "login at the shop" goes on.
    let other =
        after.starts_with(['@', '[', '(']) || after.starts_with("://") || name.contains("http");
    if !(3..=32).contains(&chars) || other || NOT_NAMES.contains(&name.to_lowercase().as_str()) {
        return None;
    }
    let odd = name
        .chars()
        .any(|c| c.is_ascii_digit() || matches!(c, '.' | '_'))
        && name.chars().any(char::is_alphabetic);
    let range = value.start..value.start + at + name.len();
    // What follows a plain word makes it a part of a sentence.
    let ends = after.trim_start_matches(['"', '\'', '”', '“', '»', ')', '*']);
    let ends = ends.is_empty() || ends.starts_with(['\n', ',', ';', '\r', '.', '|', '/']);
    let plain = name.chars().all(char::is_alphabetic) && name.chars().any(char::is_lowercase);
    let told = value.marked || value.said || at > 0 || value.quoted;
    let score = match (odd, told) {
        (true, true) => 0.85,
        (true, false) if name.contains('_') || is_mixed(name) => 0.65,
        (false, true) if at > 0 || value.quoted => 0.75,
        (false, true) if value.marked && plain && ends => 0.7,
        _ => return None,
    };
    Some((range, score))
}

/// Letters with digits behind them and nothing else: "jdoe85".
fn is_mixed(name: &str) -> bool {
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (3..name.len()).contains(&letters.len())
        && letters.chars().all(char::is_alphabetic)
        && name.len() - letters.len() <= 4
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn table() {
        check(
            &UserName,
            &[
                ("username: jdoe85.", &["jdoe85"]),
                ("my user name is anna.m and", &["anna.m"]),
                ("login: jdoe", &["jdoe"]),
                ("Benutzername lautet anna_m", &["anna_m"]),
                ("identifiant : marie75", &["marie75"]),
                ("usuario: pepe_g", &["pepe_g"]),
                ("nome utente \"rossi.m\"", &["rossi.m"]),
                ("gebruikersnaam jan85", &["jan85"]),
                ("nazwa użytkownika: kowalski1", &["kowalski1"]),
                ("utilizador: joao.s", &["joao.s"]),
                ("Instagram @anna_m!", &["@anna_m"]),
                ("Inlognaam: lev.dekoning.03", &["lev.dekoning.03"]),
                ("Identifiant appli : papy.lucien\n", &["papy.lucien"]),
                (
                    "Usuario de la app cortijolos, contraseña provisional Aceite24",
                    &["cortijolos"],
                ),
                ("Admin login till-admin-07 / b4ra", &["till-admin-07"]),
                (
                    "Konto angelegt 25.11.2026 um 3:14 Uhr als „shopper_lena99“.",
                    &["shopper_lena99"],
                ),
                ("Der Verkäufer „koenig.von.berg“ hat", &["koenig.von.berg"]),
                ("Die App (Konto jaeger_toni) hat", &["jaeger_toni"]),
                ("El vendedor, tito_gangas_84, exige", &["tito_gangas_84"]),
                ("il s'appelle top_affaires_59.", &["top_affaires_59"]),
                ("and he goes by @gadgetpal_77.", &["@gadgetpal_77"]),
                ("usunięcia konta gienek.tied oraz", &["gienek.tied"]),
                ("Profil @kruszyna.piecze, piszcie", &["@kruszyna.piecze"]),
                ("ask @tobi_85 about it", &["@tobi_85"]),
                ("login, please", &[]),
                ("user login, password reset", &[]),
                ("user name / password: b4ra", &[]),
                ("login = os.environ[\"LOGIN\"]", &[]),
                ("Login unter portal_v2 geht", &[]),
                ("seller sold item_4711 twice", &[]),
                ("login page-2 and account tier-3", &[]),
                ("my account is locked since 12.03.2024", &[]),
                ("profile picture img_2041.jpg", &[]),
                ("account marketing.example.com", &[]),
                ("Konto gesperrt.Bitte melden", &[]),
                ("seller sold 12_000 boxes", &[]),
                ("account DE89_3704", &[]),
                ("hi @all and @sarah, see @home", &[]),
                ("@shop_pl again late", &[]),
                ("12 pieces @3.50, @v2, @angular/core2", &[]),
                ("mail anna@shop_24.example", &[]),
                ("@user_id42 = 5", &[]),
                ("login page", &[]),
                ("login failed", &[]),
                ("user name is required", &[]),
                ("username: unknown", &[]),
                ("login: https://shop.example", &[]),
                ("user anna@example.com", &[]),
                ("user wants 2 boxes", &[]),
                ("we saw it on Instagram yesterday", &[]),
                ("login: please reset it", &[]),
            ],
        );
    }

    #[test]
    fn names_in_forums_and_apps() {
        check(
            &UserName,
            &[
                (
                    "Der Name im Forum? Den hat basia_z_podlasia, steht da.",
                    &["basia_z_podlasia"],
                ),
                ("auf Insta bin ich holzwurm_79, hi", &["holzwurm_79"]),
                (
                    "na app apareço como tita.da.graca, está",
                    &["tita.da.graca"],
                ),
                (
                    "Il nome utente con cui accedo è nonna.rita52, ma",
                    &["nonna.rita52"],
                ),
                ("the app sends order_status and img_upload_2 online", &[]),
                ("wifi in the app is kasse_gast", &[]),
                ("Le réseau wifi s'appelle Magasin_Invites", &[]),
                ("kam an.bitte melden.danke im forum", &[]),
                ("My login does not work on iphone15", &[]),
                ("Is the code black_friday valid in the app?", &[]),
            ],
        );
    }
}
