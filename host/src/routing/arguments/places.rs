//! "City, State" for the large cities of the United States, where a parameter asks for that form.

use super::schema::Parameter;

/// Whether the parameter's description shows places as "City, ST".
pub fn wants_state(parameter: &Parameter) -> bool {
    let coded = |shown: &String| {
        shown.rsplit_once(", ").is_some_and(|(city, state)| {
            let state = state.trim_end_matches('.');
            city.starts_with(char::is_uppercase)
                && state.len() == 2
                && state.bytes().all(|byte| byte.is_ascii_uppercase())
        })
    };
    parameter.shown.iter().any(coded) || parameter.description.to_lowercase().contains("city and state")
}

/// The place in the form "City, ST": as it is where it has a state already; none where the state is not known.
pub fn with_state(place: &str) -> Option<String> {
    if let Some((city, state)) = place.split_once(',') {
        let state = state.trim();
        let short = STATES.iter().find(|(name, _)| name.eq_ignore_ascii_case(state)).map_or(state, |(_, short)| *short);
        return Some(format!("{}, {short}", city.trim()));
    }
    let state = CITIES
        .iter()
        .find(|(_, cities)| cities.iter().any(|city| city.eq_ignore_ascii_case(place)))
        .map(|(state, _)| *state)?;
    Some(format!("{place}, {state}"))
}

const STATES: &[(&str, &str)] = &[
    ("Alabama", "AL"),
    ("Alaska", "AK"),
    ("Arizona", "AZ"),
    ("Arkansas", "AR"),
    ("California", "CA"),
    ("Colorado", "CO"),
    ("Connecticut", "CT"),
    ("Delaware", "DE"),
    ("Florida", "FL"),
    ("Georgia", "GA"),
    ("Hawaii", "HI"),
    ("Idaho", "ID"),
    ("Illinois", "IL"),
    ("Indiana", "IN"),
    ("Iowa", "IA"),
    ("Kansas", "KS"),
    ("Kentucky", "KY"),
    ("Louisiana", "LA"),
    ("Maine", "ME"),
    ("Maryland", "MD"),
    ("Massachusetts", "MA"),
    ("Michigan", "MI"),
    ("Minnesota", "MN"),
    ("Mississippi", "MS"),
    ("Missouri", "MO"),
    ("Montana", "MT"),
    ("Nebraska", "NE"),
    ("Nevada", "NV"),
    ("New Hampshire", "NH"),
    ("New Jersey", "NJ"),
    ("New Mexico", "NM"),
    ("New York", "NY"),
    ("North Carolina", "NC"),
    ("North Dakota", "ND"),
    ("Ohio", "OH"),
    ("Oklahoma", "OK"),
    ("Oregon", "OR"),
    ("Pennsylvania", "PA"),
    ("Rhode Island", "RI"),
    ("South Carolina", "SC"),
    ("South Dakota", "SD"),
    ("Tennessee", "TN"),
    ("Texas", "TX"),
    ("Utah", "UT"),
    ("Vermont", "VT"),
    ("Virginia", "VA"),
    ("Washington", "WA"),
    ("West Virginia", "WV"),
    ("Wisconsin", "WI"),
    ("Wyoming", "WY"),
];

/// The hundred or so largest cities whose name alone says which is meant.
const CITIES: &[(&str, &[&str])] = &[
    ("NY", &["New York", "New York City", "Buffalo", "Brooklyn", "Manhattan", "Queens"]),
    (
        "CA",
        &[
            "Los Angeles",
            "San Diego",
            "San Jose",
            "San Francisco",
            "Fresno",
            "Sacramento",
            "Long Beach",
            "Oakland",
            "Bakersfield",
            "Anaheim",
            "Santa Ana",
            "Riverside",
            "Stockton",
            "Irvine",
            "Santa Barbara",
            "Palo Alto",
            "Berkeley",
            "Pasadena",
            "Beverly Hills",
            "Malibu",
            "Mountain View",
        ],
    ),
    ("IL", &["Chicago"]),
    (
        "TX",
        &[
            "Houston",
            "San Antonio",
            "Dallas",
            "Austin",
            "Fort Worth",
            "El Paso",
            "Plano",
            "Lubbock",
            "Laredo",
            "Corpus Christi",
        ],
    ),
    ("AZ", &["Phoenix", "Tucson", "Mesa", "Scottsdale", "Tempe", "Chandler"]),
    ("PA", &["Philadelphia", "Pittsburgh"]),
    (
        "FL",
        &["Miami", "Jacksonville", "Tampa", "Orlando", "Fort Lauderdale", "Tallahassee", "St. Petersburg", "Hialeah"],
    ),
    ("OH", &["Columbus", "Cleveland", "Cincinnati", "Toledo"]),
    ("NC", &["Charlotte", "Raleigh", "Greensboro", "Durham"]),
    ("IN", &["Indianapolis", "Fort Wayne"]),
    ("WA", &["Seattle", "Spokane", "Tacoma", "Bellevue"]),
    ("CO", &["Denver", "Colorado Springs", "Boulder", "Aspen"]),
    ("TN", &["Nashville", "Memphis", "Knoxville", "Chattanooga"]),
    ("OK", &["Oklahoma City", "Tulsa"]),
    ("MA", &["Boston"]),
    ("NV", &["Las Vegas", "Reno"]),
    ("OR", &["Portland", "Eugene"]),
    ("MI", &["Detroit", "Ann Arbor", "Grand Rapids"]),
    ("KY", &["Louisville", "Lexington"]),
    ("MD", &["Baltimore"]),
    ("WI", &["Milwaukee", "Madison"]),
    ("NM", &["Albuquerque", "Santa Fe"]),
    ("GA", &["Atlanta", "Savannah"]),
    ("NE", &["Omaha"]),
    ("LA", &["New Orleans", "Baton Rouge"]),
    ("MN", &["Minneapolis", "Saint Paul", "St. Paul"]),
    ("HI", &["Honolulu"]),
    ("MO", &["Kansas City", "St. Louis", "Saint Louis"]),
    ("VA", &["Virginia Beach", "Richmond", "Norfolk"]),
    ("NJ", &["Newark", "Jersey City", "Princeton"]),
    ("UT", &["Salt Lake City"]),
    ("AK", &["Anchorage"]),
    ("ID", &["Boise"]),
    ("AL", &["Birmingham", "Montgomery"]),
    ("IA", &["Des Moines"]),
    ("DC", &["Washington D.C.", "Washington DC"]),
];
