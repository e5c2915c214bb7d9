//! Words around nationalities, in eight languages, folded.

use super::super::super::context::Words;

/// Labels, and words that a nationality follows.
pub(super) static LABELS: Words = Words::of_line(
    "nationality nationalities citizenship nationalitat staatsangehorigkeit staatsburgerschaft nationalite citoyennete \
     nacionalidad ciudadania nazionalita cittadinanza nationaliteit staatsburgerschap narodowosc narodowosci obywatelstwo \
     obywatelstwa nacionalidade cidadania religion religions konfession bekenntnis glaube religionszugehorigkeit confession \
     religione confessione godsdienst geloof religie wyznanie religia wyznania religiao religiosa ethnicity ethnic herkunft \
     nat staatsang",
);

/// Verbs that say what those are who speak.
pub(super) static ARE: Words =
    Words::of_line("am bin suis sommes soy somos siamo jestem jestesmy sou bent");

/// Verbs that say what somebody or something is.
pub(super) static IS: Words = Words::of_line(
    "is are was were s re ist sind war waren est sont etait es son era eran sono e ben zijn jest sa byl byla sao eram sei",
);

/// Who is meant.
pub(super) static WHO: Words = Words::of_line(
    "i he she they we you who ich er sie wir ihr beide il elle ils elles on nous vous el ella ellos ellas nosotros yo lui lei \
     loro noi io ik hij zij ze wij we jij u ona oni one ono my eu ele ela eles elas nos",
);

/// Words that join clauses.
pub(super) static LINKS: Words = Words::of_line("porque que y pero perche che e ma mas bo ze i a");

/// Words between the verb and what is said.
pub(super) static FILLERS: Words = Words::of_line(
    "a an the really also both all half originally proud still now not ein eine auch beide alle nur halb eigentlich selbst \
     glaubig glaubige glaubiger strengglaubig un une aussi tous toutes tres una tambien muy uno anche molto een ook \
     belijdend praktiserend tez takze um uma tambem muito geburtige geburtiger practising devout",
);

/// People and papers that an adjective in front tells the nationality of.
pub(super) static PEOPLE_BEHIND: Words = Words::of_line(
    "citizen citizens national nationals passport passports citizenship nationality woman women man men girl boy guy lady \
     wife husband mother father parents family people customer customers colleague colleagues neighbour neighbours tenant \
     student refugee refugees immigrant workers worker lodger driver couple boyfriend girlfriend friend friends origin \
     descent embassy guests tourists id burger burgerin staatsburger staatsburgerin staatsangehoriger staatsangehorige \
     staatsangehorigen staatsangehorigkeit pass reisepass ausweis personalausweis frau frauen mann manner familie eltern \
     mutter vater nachbar nachbarn nachbarin kollege kollegin kollegen kunde kundin kunden herkunft gastarbeiter fahrer \
     student studentin freund freundin touristen fuhrerschein paspoort vrouw vrouwen man mannen burger nationaliteit \
     klant klanten collega buurman buurvrouw ouders moeder vader gezin afkomst komaf chauffeur obywatel obywatelka \
     obywatelem obywatelstwo paszport paszportem paszportu narodowosci pochodzenia",
);

/// People and papers that an adjective behind tells the nationality of.
pub(super) static PEOPLE_BEFORE: Words = Words::of_line(
    "citoyen citoyenne citoyens ressortissant ressortissante ressortissants passeport passeports femme homme femmes hommes \
     dame monsieur epouse mari famille voisin voisine voisins client cliente clients collegue etudiant etudiante nationalite \
     origine randonneurs touristes ami amie amis ouvrier ouvriers chauffeur couple pere mere parents fille garcon \
     ciudadano ciudadana ciudadanos ciudadanas pasaporte mujer hombre mujeres hombres senor senora chico chica esposa marido \
     familia vecino vecina vecinos cliente clientes nacionalidad origen tecnico ciudadania amigo amiga companero companera \
     padre madre padres turistas trabajador trabajadores cittadino cittadina cittadini cittadine passaporto donna uomo donne \
     uomini ragazzo ragazza ragazzi signore signora famiglia vicino vicina vicini marito moglie cittadinanza nazionalita \
     collega amico amica operaio operai badante turisti cidadao cidada cidadaos mulher homem moco moca passaporte senhor \
     senhora esposo familia vizinho vizinha nacionalidade origem colega obywatel obywatelka paszport narodowosc obywatelstwo \
     pochodzenia gerente professor professora motorista autista montatore kobieta mezczyzna",
);

/// What may be said of people and of things alike where it stands behind "is": people in the sentence.
pub(super) static SOMEBODY: Words = Words::of_line(
    "wife husband mother father brother sister son daughter friend colleague neighbour boss manager driver frau mann mutter \
     vater bruder schwester sohn tochter freund freundin kollege kollegin chef chefin nachbar nachbarin femme mari mere pere \
     frere soeur fils fille ami amie collegue voisin voisine esposa marido mujer madre padre hermano hermana hijo hija amigo \
     amiga vecino vecina jefe jefa moglie marito fratello sorella figlio figlia amico amica collega vicino vicina vrouw man \
     moeder vader broer zus zoon dochter vriend vriendin buurman buurvrouw zona maz matka ojciec brat siostra syn corka \
     kolega kolezanka sasiad sasiadka mulher mae pai irmao irma filho filha vizinho vizinha gerente chefe cajera cajero \
     montador montatore tecnico clienta cliente kunde kundin klient klientka customer client",
);

/// Articles that make nouns of adjectives.
pub(super) static ARTICLES: Words = Words::of_line(
    "una unos unas los las uma uns umas gli dei degli delle des dos tres cuatro due tre muchos muchas alcuni alcune varios",
);

/// The singular, which of a language is said, too.
pub(super) static ARTICLE: Words = Words::of_line("un um uno");

/// Words that may follow where nothing is said of a thing.
pub(super) static GOES_ON: Words = Words::of_line(
    "and but or so too by from in with who since living named called on at as und oder aber aus mit et mais ou qui y o pero de \
     e ma con che en maar of uit met i ale z oraz mas com no na em residente originally now though because",
);

/// What follows a nationality by birth.
pub(super) const BY_BIRTH: &[&str] = &[
    " by birth",
    " von Geburt",
    " de nacimiento",
    " di nascita",
    " d'origine",
    " d’origine",
    " de naissance",
    " de origen",
    " di origine",
    " de origem",
    " van geboorte",
    " z pochodzenia",
];

/// Languages that "un" may be said of.
pub(super) static TONGUES: Words = Words::of_line(
    "espanol frances ingles aleman italiano portugues polaco ruso chino japones arabe holandes turco tedesco inglese francese \
     spagnolo alemao espanhol polaco russo americano francais anglais allemand espagnol italien portugais",
);

/// Whose witness somebody is.
pub(super) static JEHOVAH: Words =
    Words::of_line("jehovas jehova jehovah jeova jehovy geova jehowy jehovah");
