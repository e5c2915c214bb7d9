//! Words about names: titles, particles, and words that are names and something else too.

/// Titles in front of a name, folded; they identify nobody, so they stay in the text.
pub(super) const TITLES: &[&str] = &[
    "mr", "mrs", "ms", "miss", "mx", "sir", "madam", "dr", "prof", "professor", "doctor", "herr", "herrn", "frau", "hr", "fr",
    "dipl", "ing", "mag", "monsieur", "madame", "mademoiselle", "mme", "mlle", "maitre", "sig", "signor", "signora", "signorina",
    "dott", "dottssa", "avv", "sr", "sra", "srta", "senor", "senora", "senorita", "don", "dona", "dhr", "mevr", "mevrouw", "meneer",
    "mw", "drs", "ir", "pan", "pani", "senhor", "senhora", "doutor", "rev", "lord", "lady", "dame", "capt", "col",
];

/// Endings of a name that are no part of it.
pub(super) const SUFFIXES: &[&str] = &["jr", "sr", "ii", "iii", "iv", "phd", "md", "mba", "msc", "bsc", "esq", "dds", "cpa"];

/// Words inside family names that identify nobody alone.
pub(super) const PARTICLES: &[&str] = &[
    "von", "van", "de", "der", "den", "del", "della", "dello", "di", "da", "do", "dos", "das", "du", "des", "la", "le", "les", "lo",
    "el", "al", "bin", "ibn", "ben", "bint", "ten", "ter", "te", "zu", "zum", "zur", "vom", "am", "y", "e", "und", "and", "et", "st",
    "san", "santa", "mac", "af", "av",
];

/// Names that are words of a language too: alone they need evidence, folded.
const COMMON: &[&str] = &[
    // Given names
    "will", "mark", "rose", "may", "june", "april", "august", "grace", "hope", "faith", "joy", "bill", "jack", "frank", "art", "rich",
    "sue", "pat", "drew", "chase", "hunter", "mason", "summer", "autumn", "dawn", "eve", "iris", "ivy", "lily", "daisy", "olive", "pearl",
    "ruby", "amber", "crystal", "sandy", "sunny", "rusty", "dusty", "rocky", "buddy", "guy", "jay", "ray", "gene", "dean", "earl",
    "duke", "prince", "major", "grant", "miles", "chance", "christian", "carol", "holly", "penny", "patience", "prudence", "victor",
    "angel", "destiny", "melody", "harmony", "star", "sky", "rain", "storm", "ocean", "river", "brook", "glen", "cliff", "dale", "heath",
    "forest", "rob", "nick", "don", "ken", "peg", "bob", "tony", "max", "case", "page", "paige", "reed", "van", "can", "so", "song",
    "man", "son", "sun", "long", "her", "an", "my", "do", "van", "dan", "den", "ben", "tim", "jan", "kai", "mai", "rosa", "paz", "luz",
    "sol", "mar", "dolores", "cruz", "pilar", "consuelo", "mercedes", "angeles", "esperanza", "alba", "nieves", "rocio", "pierre",
    "claire", "blanche", "aimee", "desiree", "prudente", "serena", "gioia", "bianca", "viola", "ernst", "ernest", "wolf", "jo", "lee",
    // Family names
    "white", "black", "brown", "green", "young", "king", "short", "price", "baker", "cook", "cooke", "carter", "bell", "stone", "wood",
    "woods", "hill", "hills", "field", "fields", "park", "parks", "banks", "bank", "rice", "bush", "day", "moon", "cross", "best", "love",
    "power", "powers", "street", "small", "little", "bishop", "knight", "hall", "ford", "gray", "grey",
    "sharp", "strong", "sterling", "church", "marsh", "brooks", "pool", "fox", "wolfe", "fish", "bird", "swan", "lamb", "bull", "bond",
    "cash", "coin", "sale", "sales", "order", "orders", "post", "rush", "swift", "quick", "bright", "noble", "good", "wise", "gold",
    "silver", "steel", "glass", "shoe", "ball", "bow", "spring", "winter", "winters", "summers", "north", "west", "east", "law", "judge",
    "fine", "free", "hand", "head", "foot", "house", "home", "castle", "lane", "way", "rose", "english", "french", "german", "welsh",
    "ireland", "england", "france", "holland", "london", "paris", "berlin", "barber", "butcher", "farmer", "fisher", "gardener",
    "potter", "porter", "page", "archer", "mason", "sheriff", "warden", "abbot", "pope", "monk", "friend",
    "hardy", "moody", "savage", "blunt", "wild", "frost", "snow", "waters", "lake", "beach", "kitchen", "temple", "tower", "weeks", "call",
    "gross", "klein", "lang", "kurz", "koch", "bauer", "richter", "sommer", "herbst", "fruhling", "stein", "berg", "vogel", "hahn", "fuchs",
    "hase", "sonntag", "freitag", "montag", "konig", "kaiser", "furst", "graf", "herzog",
    "schwarz", "weiss", "braun", "roth", "rot", "grun", "jung",
    "alt", "neu", "stark", "sauer", "bitter", "engel", "teufel", "himmel", "winkler", "busch", "baum", "blum", "blume", "bach",
    "see", "wald", "feld", "sand", "ort", "haus", "hof", "brot", "wein", "bier", "pfeffer", "salz", "zucker", "kraft", "gut", "lieb",
    "petit", "grand", "blanc", "noir", "roux", "marchand", "boulanger", "meunier", "leroy", "roy", "roi",
    "lebon", "bon", "moulin", "fontaine", "pont", "riviere", "bois", "champ", "rue", "maison", "vidal", "poulain",
    "leon", "iglesias", "blanco", "moreno", "rubio", "calle", "reyes", "rey", "campos", "rojo", "castillo", "flores", "fuentes", "rios",
    "prado", "molina", "bravo", "delgado", "gallego", "herrero", "zapatero", "verdugo", "guerra", "franco", "santos", "dias", "cordero",
    "bianchi", "neri", "verdi", "bruno", "costa", "sala", "monti", "monte", "villa", "fontana", "leone", "gatti",
    "galli", "longo", "bassi", "grassi", "romano", "conti", "testa", "bakker", "visser", "jong", "groot", "wit", "boer", "vos",
    "dijk", "smit", "mulder", "kok", "prins", "koning", "bos", "haan", "leeuw",
];

/// Names that are nouns of German: there every noun has a capital, which therefore says nothing.
const GERMAN_NOUNS: &[&str] = &[
    "koch", "bauer", "richter", "sommer", "winter", "herbst", "fruhling", "stein", "berg", "vogel", "hahn", "fuchs", "hase", "sonntag",
    "freitag", "montag", "konig", "kaiser", "furst", "graf", "herzog",
    "engel", "teufel", "himmel", "busch", "baum", "blume", "bach", "see", "wald", "feld", "sand", "ort", "haus",
    "hof", "brot", "wein", "bier", "pfeffer", "salz", "zucker", "kraft", "wolf", "august", "april", "mai", "ernst", "park", "bank", "post",
    "ball", "gold", "rose", "rosa", "iris", "mark", "art", "monat",
];

/// Whether `folded` is a word of a language too.
pub(super) fn is_common(folded: &str) -> bool {
    COMMON.contains(&folded) || is_german_noun(folded)
}

/// Whether `folded` has a capital in German even when it is no name.
pub(super) fn is_german_noun(folded: &str) -> bool {
    GERMAN_NOUNS.contains(&folded)
}

/// Local parts of mailboxes that belong to no person.
pub(super) const ROLES: &[&str] = &[
    "info", "sales", "support", "service", "contact", "kontakt", "office", "hello", "help", "admin", "mail", "team", "shop", "order",
    "orders", "billing", "noreply", "no-reply", "newsletter", "marketing", "customer", "kundenservice", "vertrieb", "buero", "webmaster",
    "postmaster", "accounts", "accounting", "invoice", "contacto", "ventas", "commercial", "compta", "assistenza", "klantenservice", "returns",
];

/// Legal forms at the end of a company's name, folded, without full stops.
pub(super) const LEGAL_FORMS: &[&str] = &[
    "gmbh", "ag", "kg", "ohg", "gbr", "ug", "se", "ev", "eg", "co", "kgaa", "mbh", "ltd", "limited", "plc", "llp", "llc", "inc",
    "incorporated", "corp", "corporation", "company", "sa", "sas", "sarl", "eurl", "sasu", "scs", "sl", "slu", "spa", "srl", "snc", "bv",
    "nv", "vof", "sprl", "as", "asa", "ab", "oy", "oyj", "aps", "sp", "zoo", "sro", "kft", "zrt", "lda", "pty", "pte", "gesmbh",
    "haftungsbeschrankt", "&",
];
