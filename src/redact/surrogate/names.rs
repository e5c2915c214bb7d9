//! Names that nobody in a request has: the project's own lists, one per culture.
//!
//! Chosen by hand: in use in the culture, no word of a larger language, no two alike in one list, and none that another
//! one of the same list begins with.

use crate::types::Jurisdiction;

/// Whose names are usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Culture {
    Dutch,
    English,
    French,
    German,
    Italian,
    Nordic,
    Polish,
    Portuguese,
    Spanish,
}

/// What a culture calls people and places: lists with `|` between the names.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) women: &'static str,
    pub(super) men: &'static str,
    pub(super) families: &'static str,
    pub(super) cities: &'static str,
    pub(super) streets: &'static str,
}

/// The names of a list.
pub(super) fn list(names: &'static str) -> impl Iterator<Item = &'static str> + Clone {
    names.split('|')
}

impl Culture {
    /// All of them.
    pub(super) const ALL: [Self; 9] = [
        Self::Dutch,
        Self::English,
        Self::French,
        Self::German,
        Self::Italian,
        Self::Nordic,
        Self::Polish,
        Self::Portuguese,
        Self::Spanish,
    ];

    /// The culture of most people in a country.
    pub(super) fn of(country: Jurisdiction) -> Self {
        match country.as_str() {
            "AT" | "CH" | "DE" | "LI" | "LU" => Self::German,
            "BE" | "FR" | "MC" => Self::French,
            "AR" | "BO" | "CL" | "CO" | "EC" | "ES" | "MX" | "PE" | "PY" | "UY" | "VE" => {
                Self::Spanish
            }
            "IT" | "SM" => Self::Italian,
            "NL" => Self::Dutch,
            "DK" | "FI" | "IS" | "NO" | "SE" => Self::Nordic,
            "PL" => Self::Polish,
            "BR" | "PT" => Self::Portuguese,
            _ => Self::English,
        }
    }

    /// Its lists.
    pub(super) const fn names(self) -> &'static Names {
        match self {
            Self::Dutch => &DUTCH,
            Self::English => &ENGLISH,
            Self::French => &FRENCH,
            Self::German => &GERMAN,
            Self::Italian => &ITALIAN,
            Self::Nordic => &NORDIC,
            Self::Polish => &POLISH,
            Self::Portuguese => &PORTUGUESE,
            Self::Spanish => &SPANISH,
        }
    }
}

static GERMAN: Names = Names {
    women: "Lena|Klara|Ulrike|Annika|Svenja|Friederike|Gudrun|Heike|Katrin|Beate|Silke|Wiebke|Renate|Dagmar|\
        Jasmin|Carolin|Ronja|Mareike|Tabea|Ingrid",
    men: "Jonas|Florian|Matthias|Torsten|Volker|Ulrich|Sebastian|Henning|Rainer|Dietmar|Lukas|Holger|Benedikt|\
        Arne|Gerhard|Steffen|Malte|Wolfgang|Konrad|Tilman",
    families: "Hartmann|Vogelsang|Brinkmann|Seidel|Lindner|Oberhauser|Petersen|Reinhardt|Schubert|Dietrich|Kröger|\
        Baumgartner|Eggers|Winkler|Hoffmeister|Albrecht|Theissen|Rademacher|Gruber|Kirchhoff|Thalmann|\
        Niemeyer|Sievers|Wiesner|Zeller|Ostermann|Matthiesen|Feldhaus|Trautmann|Kühnert|Haberland|Lorenzen|\
        Pfister|Rosenthal|Uhlig|Mertens|Ackermann|Böttcher|Dreyer|Engelhardt",
    cities: "Altenfurt|Lindenau|Bergheim|Neustetten|Rosenfeld|Talbach|Waldkirch|Seefeld|Hohenstadt|Birkenau",
    streets: "Lindenallee|Birkenweg|Mühlenstraße|Gartenstraße|Kastanienallee|Rosenweg|Schillerstraße|Wiesenstraße|\
        Ahornstraße|Bergstraße",
};

static ENGLISH: Names = Names {
    women: "Megan|Harriet|Imogen|Philippa|Bethany|Gemma|Naomi|Rosalind|Tabitha|Kirsty|Lorna|Eleanor|Georgina|\
        Hester|Jocelyn|Marian|Nicola|Phoebe|Sheila|Yvonne",
    men: "Callum|Duncan|Edmund|Fergus|Gareth|Hamish|Ivor|Jasper|Kenneth|Leonard|Malcolm|Nigel|Oswald|Percival|\
        Quentin|Rupert|Stuart|Trevor|Vernon|Winston",
    families: "Ashworth|Bramwell|Carrington|Davenport|Ellsworth|Fairbanks|Grenville|Hathaway|Inglewood|Jenkinson|\
        Kingsley|Lockwood|Middleton|Northcott|Osborne|Pemberton|Radcliffe|Stanhope|Thornbury|Underhill|\
        Wainwright|Yardley|Atherton|Blackwell|Cromwell|Dunmore|Eastwick|Fotheringay|Galbraith|Hollingsworth|\
        Kendrick|Langford|Merriweather|Nettleton|Ormsby|Prescott|Rutherford|Sedgwick|Trevelyan|Whitcombe",
    cities: "Ashbourne|Brookfield|Clayton|Eastbrook|Fairview|Greenhaven|Kingsbury|Lakemont|Northfield|Westbrook",
    streets: "Maple Street|Oakfield Road|Elm Avenue|Willow Lane|Chestnut Street|Birchwood Drive|Cedar Road|\
        Hazel Avenue|Orchard Lane|Meadow Road",
};

static FRENCH: Names = Names {
    women: "Camille|Élodie|Margaux|Sandrine|Véronique|Aurélie|Bérénice|Coralie|Delphine|Estelle|Florence|Gaëlle|\
        Héloïse|Juliette|Laurence|Mathilde|Nathalie|Odile|Solène|Thérèse",
    men: "Antoine|Baptiste|Cédric|Damien|Édouard|Fabrice|Guillaume|Hugues|Julien|Kévin|Laurent|Mathieu|\
        Nicolas|Olivier|Pascal|Quentin|Rémi|Sylvain|Thibault|Xavier",
    families: "Beaumont|Chevrier|Delacroix|Estève|Fontanel|Garnier|Hébrard|Jacquemin|Lambert|Marchal|Nicoud|\
        Ollivier|Perrault|Quillet|Rousselot|Saunier|Thévenin|Vasseur|Arnault|Bertin|Charvet|Dubreuil|Faivre|\
        Gauthier|Humbert|Joubert|Lacombe|Maillard|Navarre|Pelletier|Renaudin|Sabatier|Tissot|Vallet|\
        Barrault|Collignon|Desmoulins|Fourcade|Guérin|Lemoine",
    cities: "Beauval|Clairmont|Fontenay|Granville|Montclair|Rochebelle|Saint-Aubin|Valfleuri|Villeneuve|Bellerive",
    streets: "rue des Lilas|rue du Moulin|avenue des Tilleuls|rue des Jardins|rue de la Fontaine|avenue du Parc|\
        rue des Vignes|rue du Verger|rue des Acacias|avenue des Platanes",
};

static SPANISH: Names = Names {
    women: "Beatriz|Inmaculada|Jimena|Leticia|Macarena|Noelia|Patricia|Raquel|Silvia|Teresa|Verónica|Yolanda|\
        Almudena|Carlota|Elvira|Graciela|Leonor|Nuria|Ximena|Rocío",
    men: "Álvaro|Bernardo|Cristóbal|Enrique|Fermín|Gonzalo|Hernán|Ignacio|Joaquín|Leandro|Manuel|Nicanor|\
        Octavio|Rodrigo|Salvador|Tomás|Ulises|Vicente|Germán|Esteban",
    families: "Aguirre|Benítez|Cárdenas|Domínguez|Escobar|Figueroa|Gallardo|Herrera|Ibáñez|Jiménez|Lozano|Montoya|\
        Navarro|Ortega|Pareja|Quintana|Rosell|Salazar|Toledo|Urrutia|Valverde|Zamora|Bermúdez|Carrasco|\
        Delmonte|Espinosa|Fuensanta|Guevara|Hidalgo|Lorca|Medrano|Nogales|Olivares|Pizarro|Quiroga|Revilla|\
        Serrano|Tejada|Vidal|Zabaleta",
    cities: "Villanueva|Montealto|Fuenteclara|Riosol|Puertonuevo|Torreblanca|Valdeflores|Casablanca|Altavista|\
        Campoverde",
    streets: "Calle Olmo|Calle Almendro|Avenida del Parque|Calle Jazmín|Calle Molino|Avenida de los Pinos|\
        Calle Romero|Calle Fuente|Avenida del Lago|Calle Laurel",
};

static ITALIAN: Names = Names {
    women: "Alessandra|Beatrice|Chiara|Donatella|Elisabetta|Federica|Ginevra|Ilaria|Loredana|Michela|Nicoletta|\
        Ornella|Patrizia|Raffaella|Simona|Tiziana|Valentina|Arianna|Costanza|Ludovica",
    men: "Alberto|Beppe|Claudio|Davide|Emanuele|Fabrizio|Giacomo|Lorenzo|Massimo|Nicolò|Ottavio|Pietro|\
        Riccardo|Stefano|Tommaso|Umberto|Vittorio|Corrado|Ettore|Graziano",
    families: "Albertini|Benedetti|Colombo|Deangelis|Esposito|Fontanesi|Galloni|Lombardi|Marchetti|Negroni|Orlandi|\
        Pellegrini|Quaranta|Rinaldi|Santoro|Valentini|Tedesco|Zanetti|Barbieri|Caruso|Donati|Fabbri|\
        Grassetti|Leonardi|Mancini|Nerini|Olivieri|Palumbo|Ricci|Sartori|Tosi|Vitali|Amadori|Bellini|\
        Contini|Ferrara|Giordano|Longhi|Moretti|Rossetti",
    cities: "Montebello|Castelnuovo|Roccaforte|Pianterra|Fontechiara|Valdoro|Portoverde|Collefiorito|Villabianca|\
        Pontelungo",
    streets: "Via dei Tigli|Via degli Olmi|Viale dei Pini|Via del Mulino|Via Fontana|Via delle Rose|Viale Europa|\
        Via dei Mandorli|Via del Colle|Via Belvedere",
};

static DUTCH: Names = Names {
    women: "Anouk|Birgit|Femke|Geertje|Hanneke|Ilse|Jolanda|Liesbeth|Marloes|Nienke|Petra|Rosanne|Saskia|Tineke|\
        Willemijn|Yvette|Fleur|Lotte|Maaike|Sietske",
    men: "Bram|Coen|Diederik|Egbert|Freek|Gijs|Hendrik|Jelle|Klaas|Lodewijk|Maarten|Niels|Pieter|Rutger|\
        Sjoerd|Teun|Wouter|Joost|Thijs|Ruben",
    families: "Bakker|Dijkstra|Evers|Goossens|Hendriksen|Jansma|Kuipers|Luijten|Mulder|Nijland|Oosterhuis|Postma|\
        Rietveld|Schouten|Terpstra|Verhoeven|Wagenaar|Zijlstra|Bosman|Cornelissen|Driessen|Eikelboom|\
        Groenewoud|Hofstra|Koster|Lammers|Meijerink|Noordhoek|Poelstra|Roelofs|Smeets|Timmermans|Veldhuis|\
        Wiersma|Bloemendaal|Hoekstra|Kramers|Rooijakkers|Steenbergen|Vermeulen",
    cities: "Nieuwdorp|Waterland|Bosrijk|Lindenhof|Oosterveld|Zandvoorde|Molenbeek|Heidestad|Westerhaven|Duinoord",
    streets: "Beukenlaan|Kastanjelaan|Molenstraat|Dorpsstraat|Eikenlaan|Schoolstraat|Lindelaan|Parklaan|\
        Tulpenstraat|Veldweg",
};

static POLISH: Names = Names {
    women: "Agnieszka|Bożena|Dorota|Ewelina|Grażyna|Halina|Izabela|Jolanta|Kinga|Lidia|Magdalena|Natalia|Olga|\
        Paulina|Renata|Sylwia|Urszula|Wanda|Zofia|Beata",
    men: "Andrzej|Bogdan|Czesław|Dariusz|Grzegorz|Henryk|Jarosław|Krzysztof|Leszek|Mariusz|Norbert|Przemysław|\
        Rafał|Sławomir|Tadeusz|Wiktor|Zbigniew|Mateusz|Radosław|Witold",
    families: "Adamczyk|Borkowicz|Chmiel|Dudek|Fijałek|Gajda|Hajduk|Jarosz|Kaczmarek|Lisiak|Majewicz|Nowicz|\
        Olejnik|Pawlak|Rogalewicz|Sikora|Tomczak|Urbaniak|Wrona|Zięba|Bielak|Cieślak|Domagała|Frączak|\
        Grabiec|Janiak|Kubiak|Leśniak|Michalak|Niemiec|Owczarek|Pietrzak|Ratajczak|Stasiak|Tkaczyk|Walczak|\
        Zawada|Banaś|Kozłowicz|Mazurek",
    cities: "Nowogród|Lipowiec|Brzeziny|Jasnagóra|Sosnówka|Dębowiec|Zielonka|Kamieniec|Wierzbica|Olszyna",
    streets: "ul. Lipowa|ul. Ogrodowa|ul. Polna|ul. Brzozowa|ul. Klonowa|ul. Słoneczna|ul. Kwiatowa|ul. Sosnowa|\
        ul. Wiśniowa|ul. Akacjowa",
};

static PORTUGUESE: Names = Names {
    women: "Adriana|Benedita|Cláudia|Débora|Eduarda|Filipa|Graziela|Inês|Joana|Letícia|Mafalda|Núria|Raquel|\
        Sónia|Tatiana|Vânia|Matilde|Leonor|Carolina|Luísa",
    men: "Afonso|Bernardo|Caetano|Diogo|Eduardo|Filipe|Gonçalo|Henrique|Inácio|Jorge|Lourenço|Martim|Nuno|\
        Otávio|Rodrigo|Sérgio|Tiago|Vasco|Xavier|Leandro",
    families: "Abrantes|Barbosa|Cardoso|Damasceno|Esteves|Fonseca|Guimarães|Henriques|Junqueira|Lacerda|Malheiro|\
        Nogueira|Pacheco|Queirós|Rezende|Sampaio|Tavares|Valadares|Xavier|Bragança|Coutinho|Figueiredo|\
        Gouveia|Lencastre|Moreira|Novais|Pestana|Ramalho|Siqueira|Teixeira|Vilhena|Azevedo|Bettencourt|\
        Carvalhal|Fragoso|Macedo|Meireles|Pimentel|Salvaterra|Trindade",
    cities: "Vila Nova|Monte Claro|Ribeira Alta|Porto Belo|Campo Verde|Fonte Nova|Serra Bela|Vale Formoso|\
        Praia Nova|Lagoa Azul",
    streets: "Rua das Flores|Rua do Moinho|Avenida do Parque|Rua dos Pinheiros|Rua da Fonte|Rua das Oliveiras|\
        Avenida do Lago|Rua do Jardim|Rua dos Cedros|Rua da Serra",
};

static NORDIC: Names = Names {
    women: "Astrid|Birgitta|Elin|Frida|Gunilla|Helle|Ingeborg|Kirsten|Linnea|Marit|Ragnhild|Sigrid|Tuva|Ulla|\
        Vibeke|Pernille|Solveig|Tove|Wenche|Åshild",
    men: "Anders|Bjarne|Einar|Fredrik|Gustav|Håkon|Ivar|Jesper|Kjell|Ludvig|Mikkel|Nils|Olav|Rasmus|Sven|\
        Torbjørn|Viggo|Asbjørn|Henrik|Rolf",
    families: "Andreassen|Bergström|Christensen|Dahlgren|Eklund|Fagerholm|Gustafsson|Hedlund|Isaksen|Jørgensen|\
        Kjellberg|Lundqvist|Mortensen|Nyström|Osterberg|Palmgren|Rydberg|Sandvik|Thorsen|Ulriksen|\
        Vestergaard|Wallin|Åkesson|Bakken|Carlsen|Davidsen|Engström|Forsberg|Grønlund|Hallberg|Ingvarsson|\
        Knutsen|Lindholm|Magnussen|Norberg|Pettersen|Rosengren|Solberg|Tangen|Westerlund",
    cities: "Björkvik|Granheim|Lillehavn|Nordby|Solvang|Strandvik|Vestfjord|Ekeby|Havnes|Kongsmark",
    streets: "Björkgatan|Skogveien|Havnegade|Kirkegata|Solbakken|Lindevej|Storgatan|Parkveien|Engvej|Strandgatan",
};

/// Firms that there are none of, without their legal form.
pub(super) const FIRMS: &str = "Nordwind Handel|Talblick Service|Meridian Trading|Silverbrook|Corvus Partners|Altamira Logistics|\
    Brightwater|Kestrel Systems|Lumeno|Ostwind Technik|Pinecrest Supply|Quantis Retail|Rivendale|\
    Solaris Vertrieb|Tessera Group|Vantara|Westmark Foods|Zephyra|Aurelia Home|Bellmont Stores|\
    Calyx Design|Dunmore Textiles|Elbtal Bau|Fjordline Imports|Granat Metall|Helvia|Ivoris|\
    Juniper Crafts|Kairos Media|Lindgrove";

/// Given names of the people who write, with those of the lists: whose gender is known.
pub(super) const MORE_WOMEN: &str = "ada|alice|amelie|ana|andrea|angela|anna|anne|annette|barbara|birte|brigitte|carmen|caroline|\
    catherine|charlotte|christina|christine|claire|clara|cristina|diana|elena|elisa|elizabeth|emily|\
    emma|eva|fiona|franziska|gabriele|giulia|hannah|helen|isabel|isabelle|jane|jennifer|jessica|johanna|\
    julia|karen|karin|katarzyna|kate|katharina|laura|linda|lisa|lucia|lucy|margaret|maria|marie|marta|\
    mary|melanie|monika|nadine|nancy|nicole|olivia|ottilie|paula|rebecca|sabine|sandra|sanne|sara|sarah|\
    sofia|sophie|stefanie|susan|susanne|ursula|vanessa|victoria|zoe";

/// See [`MORE_WOMEN`].
pub(super) const MORE_MEN: &str = "adam|alan|alejandro|alessandro|alexander|andreas|andrew|antonio|bernd|bob|brian|carlos|charles|\
    christian|christopher|daniel|david|dennis|dirk|edward|eric|felix|fernando|francesco|francisco|franz|\
    george|giovanni|giuseppe|hans|harald|jakub|james|jan|javier|jean|jens|joao|john|jose|joseph|juan|\
    jurgen|karl|kevin|klaus|luca|luigi|luis|marcel|marco|marek|mario|markus|martin|max|michael|michal|\
    miguel|oliver|oskar|pablo|paul|pedro|peter|philippe|pierre|piotr|ralf|richard|robert|roberto|simon|\
    stefan|steven|thomas|tim|tobias|tom|walter|werner|william";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_list_holds_a_name_twice_or_a_short_one() {
        for culture in Culture::ALL {
            let names = culture.names();
            for (own, least) in [
                (names.women, 20),
                (names.men, 20),
                (names.families, 40),
                (names.cities, 10),
                (names.streets, 10),
            ] {
                let n = list(own).count();
                let distinct: HashSet<_> = list(own).collect();
                assert!(n >= least && distinct.len() == n, "{culture:?}: {own}");
                assert!(
                    list(own).all(|name| name.chars().count() >= 3),
                    "{culture:?}"
                );
            }
        }
    }

    #[test]
    fn countries_have_their_culture() {
        for (country, culture) in [
            ("DE", Culture::German),
            ("AT", Culture::German),
            ("MX", Culture::Spanish),
            ("JP", Culture::English),
        ] {
            assert_eq!(Culture::of(country.parse().unwrap()), culture);
        }
    }
}
