//! Peoples, creeds and parties in eight languages: stems, and the endings that each of them takes.

use super::super::vocabulary::{Language, Topic};

use Language::{De, En, Es, Fr, It, Nl, Pl, Pt};
use Topic::{Creed, People, Person, Witness};

/// Topic, language, endings (`-`: none), stems.
const LINES: &[(Topic, Language, &str, &str)] = &[
    // German: adjectives, and nouns.
    (
        People,
        De,
        "- e en er es em",
        "afghanisch ägyptisch albanisch algerisch amerikanisch angolanisch argentinisch armenisch \
        aserbaidschanisch äthiopisch australisch bangladeschisch belgisch bolivianisch bosnisch brasilianisch britisch bulgarisch \
        chilenisch chinesisch dänisch deutsch ecuadorianisch englisch eritreisch estnisch finnisch französisch gambisch georgisch \
        ghanaisch griechisch indisch indonesisch irakisch iranisch irisch isländisch israelisch italienisch ivorisch japanisch \
        jordanisch kamerunisch kanadisch kasachisch kenianisch kolumbianisch kongolesisch koreanisch kosovarisch kroatisch \
        kubanisch kurdisch lettisch libanesisch libysch litauisch luxemburgisch malaysisch maltesisch marokkanisch mazedonisch \
        mexikanisch moldauisch mongolisch montenegrinisch mosambikanisch namibisch nepalesisch neuseeländisch niederländisch \
        nigerianisch norwegisch österreichisch pakistanisch palästinensisch peruanisch philippinisch polnisch portugiesisch \
        ruandisch rumänisch russisch saudisch schottisch schwedisch schweizerisch senegalesisch serbisch simbabwisch singapurisch \
        slowakisch slowenisch somalisch spanisch srilankisch südafrikanisch sudanesisch syrisch tadschikisch taiwanesisch \
        tansanisch thailändisch togoisch tschechisch tschetschenisch tunesisch türkisch turkmenisch ugandisch ukrainisch ungarisch \
        uruguayisch usbekisch venezolanisch vietnamesisch walisisch weißrussisch belarussisch zyprisch arabisch tamilisch \
        eritreisch staatenlos",
    ),
    (
        Person,
        De,
        "er ers ern erin erinnen",
        "afrikan ägypt alban algeri amerikan angolan argentini äthiopi austral bangladesch belgi \
        bolivian bosni brasilian ecuadorian engländ eritre georgi ghana holländ ind indonesi irak iran isländ israeli italien japan \
        jordani kamerun kanadi kenian kolumbian korean kuban liban litau luxemburg malaysi marokkan \
        mazedoni mexikan moldaui montenegrin mosambikan namibi nepales neuseeländ niederländ nigerian norweg österreich pakistan \
        palästinens peruan philippin ruand simbabw singapur slowen somali spani südafrikan syr taiwan tansani \
        thailänd togo tunesi ugand ukrain uruguay venezolan",
    ),
    (
        Person,
        De,
        "e en in innen",
        "afghan bulgar chines dän finn franzos griech kongoles kosovar kroat kurd libanes nigeri portugies \
        rumän russ schott senegales serb slowak sudanes tschech tschetschen türk vietnames",
    ),
    (
        Person,
        De,
        "in innen",
        "araber brit estn ir lett österreicher pol schweizer ungar",
    ),
    (Person, De, "- n", "araber briten deutschen letten"),
    (
        People,
        De,
        "-",
        "schweizer schweizern pole polen deutscher deutsche deutschen brite bayer bayern bayerin badener ire iren ungar \
        ungarn este esten",
    ),
    (
        Creed,
        De,
        "- e en er es em",
        "katholisch evangelisch protestantisch muslimisch islamisch jüdisch orthodox buddhistisch \
        hinduistisch christlich konfessionslos atheistisch lutherisch alevitisch jesidisch schiitisch sunnitisch",
    ),
    (
        Creed,
        De,
        "- en in innen",
        "katholik protestant methodist baptist buddhist atheist kommunist sozialist sozialdemokrat \
        christdemokrat alevit adventist calvinist",
    ),
    (
        Creed,
        De,
        "- s n in innen",
        "muslim moslem hindu sikh mormone jude christ",
    ),
    (
        Creed,
        De,
        "-",
        "muslima muslime juden jüdin jüdinnen jeside jesidin jesiden mennonit sinti sinto christin schiit sunnit",
    ),
    (Witness, De, "- n", "zeuge zeugin zeuginnen"),
    // English.
    (
        People,
        En,
        "-",
        "british english scottish welsh irish french dutch spanish portuguese italian german austrian swiss belgian \
        danish swedish norwegian finnish icelandic polish czech slovak slovenian slovene croatian serbian bosnian montenegrin \
        albanian kosovan macedonian bulgarian romanian hungarian ukrainian russian belarusian lithuanian latvian estonian moldovan \
        greek turkish cypriot maltese georgian armenian azerbaijani kazakh uzbek afghan pakistani indian bangladeshi nepali nepalese \
        chinese taiwanese japanese korean vietnamese thai filipino filipina indonesian malaysian singaporean burmese cambodian \
        mongolian iranian iraqi syrian lebanese israeli palestinian jordanian saudi yemeni kuwaiti emirati egyptian libyan tunisian \
        algerian moroccan sudanese ethiopian eritrean somali kenyan ugandan tanzanian rwandan congolese nigerian ghanaian senegalese \
        gambian ivorian cameroonian angolan mozambican zimbabwean zambian namibian botswanan malawian american canadian mexican \
        cuban jamaican haitian dominican guatemalan honduran salvadoran nicaraguan colombian venezuelan ecuadorian peruvian bolivian \
        brazilian chilean argentinian argentine paraguayan uruguayan surinamese australian fijian samoan tongan kurdish tamil \
        cornish catalan basque luxembourgish",
    ),
    (
        Person,
        En,
        "s",
        "italian german austrian belgian norwegian slovak slovenian croatian serbian bosnian albanian macedonian \
        bulgarian romanian hungarian ukrainian russian belarusian lithuanian latvian estonian moldovan cypriot georgian armenian \
        pakistani indian bangladeshi filipino indonesian malaysian singaporean cambodian iranian iraqi syrian israeli palestinian \
        jordanian egyptian libyan tunisian algerian moroccan ethiopian eritrean somali kenyan ugandan tanzanian rwandan nigerian \
        ghanaian gambian cameroonian angolan zimbabwean zambian american canadian mexican cuban jamaican haitian colombian \
        venezuelan ecuadorian peruvian bolivian brazilian chilean argentinian australian spaniard briton \
        greek dane swede finn turk kurd afghan",
    ),
    (
        Person,
        En,
        "man men woman women",
        "dutch french english irish welsh scots chinese",
    ),
    (Person, En, "-", "spaniard briton icelander dutchie"),
    (
        Creed,
        En,
        "- s",
        "muslim catholic protestant methodist baptist christian anglican jew sikh hindu buddhist mormon lutheran \
        calvinist quaker atheist evangelical presbyterian communist socialist tory gypsy",
    ),
    (Creed, En, "-", "jewish orthodox romani catholics muslims"),
    (Witness, En, "- es", "witness"),
    // Spanish.
    (
        People,
        Es,
        "o a os as",
        "afgan alban american angolan argelin argentin armeni australian austriac bolivian brasileñ búlgar \
        colombian corean cuban chilen chin checheno chec dominican ecuatorian egipci eslovac esloven europe filipin gambian georgian \
        ghanian grieg guatemaltec guinean haitian hondureñ húngar indi italian jamaican jordan kurd letón liban libi lituan \
        marfileñ maltés mexican moldav mongol mozambiqueñ norteamerican norueg nigerian palestin panameñ paraguay peruan polac \
        puertorriqueñ rumano ruman rus salvadoreñ serbi siri suec suiz surafrican sudafrican tunecin turc ucranian uruguay \
        venezolan venezolano gitan cameruno",
    ),
    (
        People,
        Es,
        "- a es as",
        "español frances alemán inglés portugués danés finlandés irlandés escocés holandés neerlandés senegalés \
        japonés libanés sudanés congoleño camerunés maltés galés neozelandés tailandés luxemburgués catalán andaluz francés letón",
    ),
    (
        People,
        Es,
        "- s es",
        "belga croata estadounidense canadiense nicaragüense costarricense croata bielorruso vietnamita etíope \
        marroquí iraní iraquí paquistaní israelí saudí pakistaní bangladesí somalí keniata árabe saharaui británic",
    ),
    (
        People,
        Es,
        "o a os as",
        "britanic bieloruso kosovar vasc galleg",
    ),
    (
        Creed,
        Es,
        "o a os as",
        "musulman católic judí ortodox cristian evangélic gitan budist socialist",
    ),
    (Creed, Es, "- a es as", "musulmán"),
    (
        Creed,
        Es,
        "- s",
        "protestante budista hinduista comunista socialista ateo atea hindú",
    ),
    (Witness, Es, "- s", "testigo"),
    // French.
    (
        People,
        Fr,
        "- e s es",
        "français anglais irlandais écossais gallois néerlandais hollandais portugais polonais danois suédois \
        finlandais islandais albanais libanais sénégalais camerounais congolais gabonais rwandais sud-africain africain américain \
        mexicain cubain marocain roumain afghan allemand espagnol estonien togolais béninois burkinais ghanéen maltais luxembourgeois \
        chinois japonais taïwanais thaïlandais vietnamien pakistanais sri-lankais népalais indonésien québécois suissesse catalan \
        kosovar dominicain portoricain ougandais angolais soudanais monégasque andorran kurde hongrois",
    ),
    (
        People,
        Fr,
        "- s ne nes",
        "italien autrichien norvégien ukrainien biélorusse lituanien letton estonien bosnien macédonien \
        tunisien algérien égyptien libyen syrien jordanien palestinien israélien irakien iranien saoudien indien canadien brésilien \
        argentinien colombien vénézuélien équatorien péruvien bolivien chilien paraguayen uruguayen haïtien jamaïcain malien \
        guinéen ivoirien nigérien nigérian éthiopien érythréen somalien kényan tanzanien australien néo-zélandais géorgien \
        arménien coréen vietnamien cambodgien malaisien singapourien européen mauricien mauritanien ghanéen malgache",
    ),
    (
        People,
        Fr,
        "- s",
        "belge suisse russe serbe croate slovène slovaque tchèque bulgare moldave grec grecque turc turque kurde \
        arabe malgache britannique afghane slovaque ivoirienne philippin philippine argentin argentine gitan gitane tzigane kabyle",
    ),
    (
        Creed,
        Fr,
        "- e s es",
        "musulman protestant juif juive adventiste communiste orthodoxe",
    ),
    (
        Creed,
        Fr,
        "- s",
        "catholique juive bouddhiste hindou hindoue chrétien chrétienne écologiste socialiste communiste évangélique \
        athée anglican orthodoxe",
    ),
    (Witness, Fr, "- s", "témoin"),
    // Italian.
    (
        People,
        It,
        "o a i e",
        "italian american african rumen ucrain russ polacc svizzer svedes norveges dan bulgar \
        serb croat boliviano brasilian argentin colombian cuban ecuadorian messican peruvian cilen venezuelan paraguaian uruguaian \
        indian iranian iracheni irachen sirian giordan israelian libic tunisin algerin egizian etiope eritre somal keniot \
        nigerian sudafrican australian corean filippin cec sloven lituan afghan pachistan turc macedoni montenegrin \
        moldav marocchin americano kosovar armen georgian",
    ),
    (
        People,
        It,
        "e i",
        "ingles frances irlandes scozzes olandes portoghes danes svedes norveges finlandes albanes senegales cines \
        giappones thailandes libanes sudanes congoles ghanes togoles canades statunitens ungheres eston letton palestines bengales camerunens vietnamit nepales ugandes galles",
    ),
    (
        People,
        It,
        "-",
        "tedesco tedesca tedeschi tedesche spagnolo spagnola spagnoli spagnole greco greca greci greche turco turca \
        turchi turche austriaco austriaca austriaci austriache belga belgi belghe croato croata croati britannico britannica \
        britannici svizzero svizzera svizzeri svizzere marocchino marocchina marocchini marocchine polacco polacca polacchi polacche \
        slovacco slovacca bielorusso bielorussa ceco ceca ivoriano ivoriana iraniano iraniana iracheno irachena",
    ),
    (
        Creed,
        It,
        "o a i e",
        "musulman ebre cristian ortodoss cattolic",
    ),
    (
        Creed,
        It,
        "-",
        "cattolici cattoliche protestante protestanti buddista buddisti comunista socialista ebreo ebrea ebrei valdese \
        evangelico evangelica ateo atea induista rom",
    ),
    (Witness, It, "-", "testimone testimoni"),
    // Dutch.
    (
        People,
        Nl,
        "- e",
        "afghaans albanees algerijns amerikaans angolees argentijns armeens australisch belgisch bosnisch braziliaans \
        brits bulgaars canadees chileens chinees colombiaans congolees cubaans deens duits egyptisch engels eritrees estisch \
        ethiopisch fins frans ghanees grieks hongaars iers indiaas indonesisch iraaks iraans israëlisch italiaans japans keniaans \
        koerdisch koreaans kroatisch lets libanees libisch litouws luxemburgs maltees marokkaans mexicaans moldavisch nederlands \
        nepalees nigeriaans noors oekraïens oostenrijks pakistaans palestijns peruaans pools portugees roemeens russisch schots \
        senegalees servisch slovaaks sloveens somalisch spaans surinaams syrisch thais tsjechisch tunesisch turks venezolaans \
        vietnamees zuid-afrikaans zweeds zwitsers antilliaans fries vlaams",
    ),
    (Person, Nl, "er ers", "nederland duits zwits oostenrijk"),
    (
        Person,
        Nl,
        "-",
        "belg belgen duitser duitsers fransman fransen française engelsman engelsen engelse spanjaard spanjaarden \
        italiaan italianen portugezen marokkaan marokkanen turken amerikaan amerikanen surinamer surinamers syriër syriërs \
        oekraïner oekraïners rus russen griek grieken roemeen roemenen bulgaren somaliër somaliërs eritreeër eritreeërs pakistaan \
        pakistanen chinezen indiër indiërs nigeriaan nigerianen ghanees braziliaan brazilianen zweed zweden noor noren hongaar \
        hongaren kroaat kroaten koerd koerden afghaan afghanen iraniër irakees irakezen antilliaan antillianen",
    ),
    (
        Creed,
        Nl,
        "- e",
        "katholiek joods islamitisch protestants gereformeerd hervormd boeddhistisch hindoestaans christelijk orthodox \
        evangelisch",
    ),
    (
        Creed,
        Nl,
        "- s en",
        "moslim moslima katholiek jood hindoe christen boeddhist socialist",
    ),
    (Witness, Nl, "- n", "getuige"),
    // Polish: adjectives, then nouns with their cases.
    (
        People,
        Pl,
        "ski ska skie skiego skiej skim skich skimi skiemu scy",
        "pol niemiec francu angiel hiszpań portugal wło włos \
        ukraiń rosyj białoru litew łotew estoń słowac słoweń chorwac serb bośniac albań macedoń bułgar rumuń węgier mołdaw duń \
        szwedz norwe fiń isłandz irlandz szkoc walij holender niderlandz belgij luksembur szwajcar austriac turec syryj irac irań \
        izrael egip libań tunezyj algier marokań nigeryj senegal etiop somalij gruziń ormiań azerbejdżań kazach uzbec wietnam \
        chiń japoń koreań indyj pakistań filipiń amerykań kanadyj meksykań brazylij argentyń kolumbij wenezuel peruwiań chilij \
        austral nowozelandz brytyj kongij afgań indonezyj tajlandz rom",
    ),
    (
        People,
        Pl,
        "ki ka kie kiego kiej kim kich",
        "cz szwedz norwes gre czes wło afgańs niemiec francus hiszpańs węgiers turec",
    ),
    (Person, Pl, "- a iem owi i ów ami", "polak słowak"),
    (
        Person,
        Pl,
        "a i ę ą om",
        "polk niemk francuzk angielk hiszpank włoszk ukraink rosjank białorusink litwink słowaczk czeszk rumunk \
        węgierk bułgark szwedk norweżk holenderk austriaczk turczynk syryjk gruzink wietnamk chink japonk amerykank kanadyjk \
        brazylijk romk żydówk",
    ),
    (
        Person,
        Pl,
        "-",
        "polacy słowacy niemcem niemcowi francuz francuza francuzem francuzi francuzów anglik anglika anglikiem anglicy \
        anglików hiszpan hiszpanie hiszpanów włochem włosi włochów ukrainiec ukraińca ukraińcem ukraińcowi ukraińcy ukraińców \
        ukrainki rosjanin rosjanina rosjaninem rosjanie rosjan białorusin białorusini litwin litwini litwinów czesi czechem \
        rumun rumuni rumunów węgrem szwed szwedzi norweg norwegowie duńczyk duńczycy holender holendrzy austriak austriacy turek turka \
        turkiem turcy turków syryjczyk syryjczycy gruzin gruzini gruzinów wietnamczyk wietnamczycy chińczyk chińczycy amerykanin \
        amerykanie amerykanów kanadyjczyk brazylijczyk nigeryjczyk nigeryjka senegalczyk hindus hindusi brytyjczyk brytyjczycy \
        irlandczyk szkot grek grecy belg belgowie",
    ),
    (
        Creed,
        Pl,
        "- a iem i ów",
        "katolik muzułmanin protestant baptyst",
    ),
    (
        Creed,
        Pl,
        "ki ka kie kiego kim kich",
        "katolic żydows muzułmańs chrześcijańs ewangelic",
    ),
    (
        Creed,
        Pl,
        "-",
        "katoliczka katoliczką katolicy muzułmanka muzułmanką muzułmanie muzułmaninem żyd żyda żydem żydzi żydów \
        prawosławny prawosławna prawosławnym buddysta buddystka ateista ateistka rom romowie romów",
    ),
    (
        Witness,
        Pl,
        "-",
        "świadek świadka świadkiem świadkowie świadków",
    ),
    // Portuguese.
    (
        People,
        Pt,
        "o a os as",
        "afegan alban american angolan argelin argentin arméni australian austríac bolivian brasileir búlgar \
        cabo-verdian caboverdian chilen colombian corean croat cuban checo chec egípci eslovac esloven filipin georgian guatemaltec \
        guinean haitian húngar indian indonési italian jordan lituan marroquin mexican moçambican moldav nigerian norueg palestin \
        paquistanes paraguai peruan polac romen rus sérvi síri suec suíç tunisin turc ucranian urugui venezuelan cigan",
    ),
    (
        People,
        Pt,
        "- a es as",
        "português inglês francês irlandês escocês holandês neerlandês dinamarquês finlandês japonês chinês \
        senegalês libanês sudanês tailandês congolês camaronês espanhol moçambicano maltês galês luxemburguês",
    ),
    (
        People,
        Pt,
        "- s",
        "belga croata canadense norte-americano vietnamita israelita iraniano iraquiano alemã alemão alemães afegão \
        afegã estadunidense moçambicana timorense santomense angolana árabe espanhóis britânico britânica britânicos \
        costarriquenho guineense são-tomense bangladechiano neozelandês catalã catalão romena",
    ),
    (
        Creed,
        Pt,
        "o a os as",
        "muçulman católic judeu ortodox evangélic cigan",
    ),
    (
        Creed,
        Pt,
        "- s",
        "judeu judia cristão cristã cristãos protestante budista comunista socialista espírita ateu ateia hindu",
    ),
    (Witness, Pt, "- s", "testemunha"),
];

/// Every form.
pub(in super::super) fn each_word(each: &mut dyn FnMut(Topic, Language, &str)) {
    for (topic, language, endings, stems) in LINES {
        for stem in stems.split_whitespace() {
            for ending in endings.split_whitespace() {
                let ending = if ending == "-" { "" } else { ending };
                each(*topic, *language, &format!("{stem}{ending}"));
            }
        }
    }
}
