//! Words of points in time, in eight languages, and the words around them.

use super::super::super::context::Words;
use super::super::vocabulary::{Language, Topic};

use Language::{De, En, Es, Fr, It, Nl, Pl, Pt};
use Topic::{
    Clock, Habit, Half, Hours, Month, MonthShort, MonthWeak, Noon, Part, Period, Relative, Week,
    Weekday, WeekdayShort,
};

/// Lines of words.
const LINES: &[(Topic, Language, &str)] = &[
    (
        Month,
        De,
        "januar jänner februar feber märz maerz april mai juni juli august september oktober november dezember",
    ),
    (
        Month,
        En,
        "january february march april may june july august september october november december",
    ),
    (
        Month,
        Es,
        "enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre",
    ),
    (
        Month,
        Fr,
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    ),
    (
        Month,
        It,
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    ),
    (
        Month,
        Nl,
        "januari februari maart april mei juni juli augustus september oktober november december",
    ),
    (
        Month,
        Pl,
        "stycznia styczeń styczniu lutego luty lutym marca marzec marcu kwietnia kwiecień kwietniu maja maj maju czerwca \
        czerwiec czerwcu lipca lipiec lipcu sierpnia sierpień sierpniu września wrzesień wrześniu października październik \
        październiku listopada listopad listopadzie grudnia grudzień grudniu",
    ),
    (
        Month,
        Pt,
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    ),
    (MonthShort, De, "jan feb mrz apr aug sept okt nov dez"),
    (MonthShort, En, "jan feb apr aug sept oct nov dec"),
    (MonthShort, Es, "ene feb abr sept oct nov dic"),
    (MonthShort, Fr, "janv févr avr juil sept oct nov déc"),
    (MonthShort, It, "feb apr sett ott nov dic"),
    (MonthShort, Nl, "jan feb mrt apr aug sept okt nov dec"),
    (MonthShort, Pl, "kwi wrz paź gru"),
    (MonthShort, Pt, "jan fev abr nov dez"),
    (MonthWeak, De, "jun jul sep"),
    (MonthWeak, En, "mar jun jul sep"),
    (MonthWeak, Es, "mar jun jul ago sep set"),
    (MonthWeak, It, "gen mar mag giu lug ago set"),
    (MonthWeak, Pl, "sty lut mar maj cze lip sie lis"),
    (MonthWeak, Pt, "mar mai jun jul ago set out"),
    (
        Weekday,
        De,
        "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag",
    ),
    (
        Weekday,
        En,
        "monday tuesday wednesday thursday friday saturday sunday",
    ),
    (
        Weekday,
        Es,
        "lunes martes miércoles jueves viernes sábado domingo",
    ),
    (
        Weekday,
        Fr,
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
    ),
    (
        Weekday,
        It,
        "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    ),
    (
        Weekday,
        Nl,
        "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    ),
    (
        Weekday,
        Pl,
        "poniedziałek poniedziałku wtorek wtorku środa środę czwartek czwartku piątek piątku sobota sobotę soboty \
        niedziela niedzielę niedzieli",
    ),
    (Weekday, Pt, "sábado domingo"),
    (WeekdayShort, De, "mo di mi do fr sa so"),
    (
        WeekdayShort,
        En,
        "mon tue tues wed thu thur thurs fri sat sun",
    ),
    (WeekdayShort, Es, "lun mar mié mier jue vie sáb dom"),
    (WeekdayShort, Fr, "lun mar mer jeu ven sam dim"),
    (WeekdayShort, It, "lun mar mer gio ven sab dom"),
    (WeekdayShort, Nl, "ma di wo do vr za zo"),
    (WeekdayShort, Pl, "pon pn wt śr czw pt pią sob sb nd niedz"),
    (
        WeekdayShort,
        Pt,
        "segunda terça quarta quinta sexta seg ter qua qui sex sáb dom",
    ),
    (Relative, De, "heute gestern vorgestern übermorgen morgen"),
    (Relative, En, "today yesterday tomorrow tonight tmrw"),
    (Relative, Es, "hoy ayer anteayer anoche mañana"),
    (Relative, Fr, "hier demain aujourd lendemain"),
    (
        Relative,
        It,
        "oggi ieri domani dopodomani stamattina stasera stanotte stamane",
    ),
    (
        Relative,
        Nl,
        "vandaag gisteren eergisteren overmorgen morgen vanavond vanmiddag vanmorgen vanochtend vannacht gisteravond",
    ),
    (
        Relative,
        Pl,
        "dziś dzisiaj wczoraj przedwczoraj jutro pojutrze",
    ),
    (Relative, Pt, "hoje ontem anteontem amanhã"),
    (
        Part,
        De,
        "früh vormittag mittag nachmittag abend nacht vormittags nachmittags abends morgens mittags",
    ),
    (Part, En, "morning afternoon evening night noon"),
    (Part, Es, "mañana tarde noche mediodía"),
    (Part, Fr, "matin midi soir nuit"),
    (Part, It, "mattina mattino pomeriggio sera notte"),
    (Part, Nl, "ochtend middag avond nacht"),
    (Part, Pl, "rano południe popołudniu wieczorem wieczór"),
    (Part, Pt, "manhã tarde noite"),
    (Period, De, "woche monat jahr wochenende"),
    (Period, En, "week month year weekend"),
    (Period, Es, "semana mes año"),
    (Period, Fr, "semaine mois année"),
    (Period, It, "settimana mese anno"),
    (Period, Nl, "week maand jaar weekend"),
    (Period, Pl, "tydzień tygodniu miesiąc miesiącu roku"),
    (Period, Pt, "semana mês ano"),
    (Half, De, "halb viertel dreiviertel"),
    (Half, En, "half quarter"),
    (Half, Nl, "half kwart"),
    (Noon, De, "mitternacht"),
    (Noon, En, "noon midnight"),
    (Noon, Es, "mediodía medianoche"),
    (Noon, Fr, "midi minuit"),
    (Noon, It, "mezzogiorno mezzanotte"),
    (Week, De, "kw kalenderwoche"),
    (Clock, En, "clock"),
    (Hours, Es, "las"),
    (
        Habit,
        De,
        "geöffnet öffnungszeiten öffnen geschlossen jeden jede",
    ),
    (
        Habit,
        En,
        "open opens opening hours every each sundays mondays slot slots",
    ),
    (
        Habit,
        Es,
        "abierto abierta abiertos abre abren horario cada todos",
    ),
    (
        Habit,
        Fr,
        "ouvert ouverts ouverte horaires fermé chaque tous",
    ),
    (
        Habit,
        It,
        "aperto aperti aperta apertura orari ogni chiusura",
    ),
    (
        Habit,
        Nl,
        "geopend openingstijden gesloten koopavond elke meestal",
    ),
    (Habit, Pl, "czynne czynny czynna otwarte otwarty handlowe"),
    (Habit, Pt, "aberto aberta abertos abrem horário todos"),
];

/// Every word of the lists.
pub(in super::super) fn each_word(each: &mut dyn FnMut(Topic, Language, &str)) {
    for (topic, language, line) in LINES {
        line.split_whitespace()
            .for_each(|word| each(*topic, *language, word));
    }
}

/// Words in front of a day: prepositions of time, labels, and what else says that a date follows. All lists from here
/// on are folded.
pub(super) static BEFORE_DAY: Words = Words::of_line(
    "am vom ab bis zum seit den dem datum frist termin lieferdatum on since until till by from before after date dated \
     deadline du le au depuis jusqu el del desde hasta fecha al dal il entro data scadenza op sinds tot vanaf per voor od \
     do dnia dniem dniu z termin dia desde ate em no prazo te t gegen vor nach avant apres des avanti antes para op vor \
     przed po najpozniej wizyta geliefert bestellt livraison consegna entrega entregado afspraak",
);

/// Words in front of a month and a year in numbers: what runs out.
pub(super) static BEFORE_EXPIRY: Words = Words::of_line(
    "exp expiry expires expiring valid gultig verfall ablauf scadenza scade validade valido valida caducidad caduca vence \
     vencimento vencimiento geldig wazna wazny wazne waznosci expire expiration valable verloopt bis m do thru until",
);

/// Words in front of a year.
pub(super) static BEFORE_YEAR: Words = Words::of_line(
    "jahr jahre jahres jahrgang seit since year depuis annee desde ano dal dall nel nell anno sinds jaar sedert od roku rok \
     del spring summer autumn winter fall fruhjahr sommer herbst fruhling",
);

/// Words in front of an hour.
pub(super) static BEFORE_HOUR: Words = Words::of_line(
    "um ab gegen bis at by until till before after from vers apres avant depuis des alle ore ora inizio om tot vanaf rond \
     godz godzinie godzina o od do as las ate hora horas uhrzeit uhr time heure hora vor nach das",
);

/// Words behind a number that make it a length of time, a price or a size.
pub(super) static UNITS: Words = Words::of_line(
    "min mins minute minutes minuten minuti minutos minut minuty minuto std stunde stunden hour hours hrs hr heures ore \
     horas hora uren godzin godziny sek sekunden sec secs seconds euro euros eur zl zloty pln usd gbp chf dollar dollars \
     pounds franken kg g mm cm km m l ml liter litre litres litros litri litrow watt w v volt percent prozent stuck pcs \
     pieces pezzi pcs szt sztuk stuks tage tagen days jours dias giorni dagen dni wochen weeks x mb gb tb kb",
);

/// Words in front of a word of time that make it a habit.
pub(super) static EVERY: Words = Words::of_line(
    "jeden jede jedem jeder every each chaque tous los las cada todos todas ogni tutti elke elk iedere ieder kazdy kazda \
     kazdego co ao aos nos un immer black cyber good",
);

/// Forms of address, which a name follows.
pub(super) static TITLES: Words = Words::of_line(
    "herr herrn frau fr hr familie mr mrs ms miss mme mlle monsieur madame senor senora sr sra don dona signor signora sig pan \
     pani pana meneer mevrouw dhr mevr senhor senhora dr prof ing",
);

/// Words that tell which of its kind a day or a week is, in front of it.
pub(super) static WHICH: Words = Words::of_line(
    "letzte letzten letzter letztes nachste nachsten nachster nachstes kommende kommenden kommender vergangene vergangenen \
     vergangener diese diesen dieser dieses vorige vorigen last next this coming past ce cet cette este esta ese proximo \
     proxima pasado pasada passado passada proximo proxima questo questa scorso scorsa prossimo prossima afgelopen vorig \
     vorige volgende komende aanstaande deze dit zeszly zeszla zeszlym zeszlego przyszly przyszla przyszlym przyszlego \
     ubiegly ubieglym nastepny nastepnym tym ten ta esse essa neste nesta",
);

/// The same behind it.
pub(super) static WHICH_BEHIND: Words = Words::of_line(
    "prochain prochaine dernier derniere passe passee pasado pasada proximo proxima passado passada scorso scorsa prossimo \
     prossima next",
);

/// Words that tell which part of a month is meant.
pub(super) static EDGES: Words = Words::of_line(
    "ende anfang mitte mid early late fin debut mi fine inizio meta eind einde begin half medio koniec koncem poczatek \
     poczatkiem polowa fim inicio meados finales mediados principios end",
);

/// Hours in words.
pub(super) static HOURS: Words = Words::of_line(
    "eins zwei drei vier funf sechs sieben acht neun zehn elf zwolf one two three four five six seven eight nine ten eleven \
     twelve una dos tres cuatro cinco seis siete ocho nueve diez once doce een twee drie vijf zes zeven negen tien twaalf",
);

/// Words around "hier" where it is French.
pub(super) static FRENCH: Words = Words::of_line(
    "tu il elle nous vous ils elles le la les une d est a et au aux que qu ai ont avez avait pas soir matin depuis votre vers \
     ca apres avant",
);
