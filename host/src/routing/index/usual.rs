//! What vectors of requests have in common, and vectors of descriptions, whatever is asked for: measured on texts of
//! every kind, so that it is known before a skill or a request is.

use super::vector::dot;
use crate::routing::Embed;

/// Means of vectors of usual texts.
#[derive(Debug, Clone, Default)]
pub struct Usual {
    /// Of requests, in each language.
    requests: Vec<Vec<f32>>,
    /// Of descriptions as something to be found, and as if they were requests.
    passage: Vec<f32>,
    description: Vec<f32>,
}

impl Usual {
    /// Measured with `embed`; `None` if that fails.
    pub fn of(embed: &dyn Embed) -> Option<Usual> {
        let of_requests = |texts: &[&str]| {
            let vectors: Option<Vec<_>> = texts.iter().map(|text| embed.query(text).ok()).collect();
            Some(mean(&vectors?))
        };
        let requests = [ENGLISH, SWEDISH].into_iter().map(of_requests).collect::<Option<_>>()?;
        let passage = mean(&embed.passages(DESCRIPTIONS).ok()?);
        Some(Usual { requests, passage, description: of_requests(DESCRIPTIONS)? })
    }

    /// A request's vector without what requests of its language have in common.
    pub fn request(&self, vector: &[f32]) -> Vec<f32> {
        let nearest = self.requests.iter().max_by(|a, b| dot(a, vector).total_cmp(&dot(b, vector)));
        vector.iter().zip(nearest.into_iter().flatten()).map(|(value, mean)| value - mean).collect()
    }

    /// What a description says, from its vectors in both ways.
    pub fn description(&self, passage: impl Iterator<Item = f32>, description: impl Iterator<Item = f32>) -> Vec<f32> {
        let passage = passage.zip(&self.passage).map(|(value, mean)| value - mean);
        let description = description.zip(&self.description).map(|(value, mean)| value - mean);
        passage.zip(description).map(|(a, b)| (a + b) / 2.0).collect()
    }
}

fn mean(vectors: &[Vec<f32>]) -> Vec<f32> {
    let mut mean = vec![0.0; vectors.first().map_or(0, Vec::len)];
    for vector in vectors {
        mean.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value / vectors.len() as f32);
    }
    mean
}

/// Requests in English.
const ENGLISH: &[&str] = &[
    "What will the weather be like in Paris this weekend?",
    "Can you recommend a good restaurant near me that is open late?",
    "How many kilometres are there in 26 miles?",
    "I'm looking for a recipe with chicken, rice and vegetables.",
    "Translate this sentence into German for me, please.",
    "Remind me to call my mother tomorrow at five o'clock.",
    "Find the cheapest flight from London to New York in May.",
    "Calculate the area of a circle with a radius of 4 metres.",
    "Turn off the lights in the living room.",
    "What are the latest news about the election?",
    "Write a short poem about the sea.",
    "How much is 250 euros in dollars today?",
    "I need help with my homework about the French Revolution.",
    "Play some relaxing music.",
    "Who won the match last night?",
    "Send an email to my boss that I will be late.",
    "Can I get a loan if my income is 30,000 a year?",
    "Sort the rows of this table by date.",
    "Give me a workout plan for building muscle at home.",
    "What is the capital of Australia?",
    "Book a table for four people on Friday evening.",
    "Summarise this article in three sentences.",
    "How do I get to the airport by public transport?",
    "Which stocks have gone up the most this month?",
    "I want to learn to play the guitar. Where do I begin?",
    "Add milk and eggs to my shopping list.",
    "What does the word serendipity mean?",
    "Show me pictures of modern kitchens.",
    "Is it safe to take these two medicines together?",
    "Write a function in Python that reverses a string.",
    "Find me a flat with two bedrooms in the city centre.",
    "What time is it in Tokyo right now?",
    "Can you explain how vaccines work?",
    "Cancel my appointment with the dentist.",
    "I'd like to compare the prices of these two phones.",
    "Which films are on at the cinema tonight?",
    "Set the temperature to 21 degrees.",
    "Create a chart of our sales for the last four quarters.",
    "What are the symptoms of the flu?",
    "Convert this file to PDF.",
    "Tell me a joke.",
    "How many words are there in this text?",
    "Are there any jobs for nurses in Boston?",
    "Plan a trip of one week to Italy for a family with children.",
    "What is the probability of rolling two sixes?",
    "Please check this paragraph for spelling mistakes.",
    "Where is my parcel?",
    "What can I give my father for his birthday?",
    "Find scientific papers about solar energy.",
    "How old is the president of France?",
    "Make a logo for my new company.",
    "When does the next train to Manchester leave?",
    "Give me tips for saving money on my electricity bill.",
    "Look up the phone number of the nearest pharmacy.",
    "Can you check whether this website is available?",
    "How do I change the password of my account?",
    "What are the rules of chess?",
    "I have been feeling stressed lately, what should I do?",
    "Count how often each name is in the list.",
    "Rent a car in Madrid for three days.",
    "What should I plant in my garden in the spring?",
    "Who wrote this song, and when did it come out?",
    "Do I need a lawyer to sell my house?",
    "Generate a random number between 1 and 100.",
];

/// The same in Swedish.
const SWEDISH: &[&str] = &[
    "Hur blir vädret i Paris i helgen?",
    "Kan du rekommendera en bra restaurang nära mig som har öppet sent?",
    "Hur många kilometer är 26 miles?",
    "Jag letar efter ett recept med kyckling, ris och grönsaker.",
    "Översätt den här meningen till tyska åt mig, tack.",
    "Påminn mig om att ringa min mamma i morgon klockan fem.",
    "Hitta det billigaste flyget från London till New York i maj.",
    "Beräkna arean av en cirkel med radien 4 meter.",
    "Släck lamporna i vardagsrummet.",
    "Vilka är de senaste nyheterna om valet?",
    "Skriv en kort dikt om havet.",
    "Hur mycket är 250 euro i dollar i dag?",
    "Jag behöver hjälp med min läxa om franska revolutionen.",
    "Spela lite avkopplande musik.",
    "Vem vann matchen i går kväll?",
    "Skicka ett mejl till min chef om att jag blir sen.",
    "Kan jag få ett lån om min inkomst är 30 000 om året?",
    "Sortera raderna i den här tabellen efter datum.",
    "Ge mig ett träningsprogram för att bygga muskler hemma.",
    "Vad heter huvudstaden i Australien?",
    "Boka ett bord för fyra personer på fredag kväll.",
    "Sammanfatta den här artikeln i tre meningar.",
    "Hur tar jag mig till flygplatsen med kollektivtrafiken?",
    "Vilka aktier har gått upp mest den här månaden?",
    "Jag vill lära mig spela gitarr. Var börjar jag?",
    "Lägg till mjölk och ägg på min inköpslista.",
    "Vad betyder ordet serendipitet?",
    "Visa mig bilder på moderna kök.",
    "Är det säkert att ta de här två medicinerna tillsammans?",
    "Skriv en funktion i Python som vänder på en sträng.",
    "Hitta en lägenhet med två sovrum i centrum åt mig.",
    "Vad är klockan i Tokyo just nu?",
    "Kan du förklara hur vacciner fungerar?",
    "Avboka min tid hos tandläkaren.",
    "Jag skulle vilja jämföra priserna på de här två telefonerna.",
    "Vilka filmer går på bio i kväll?",
    "Ställ in temperaturen på 21 grader.",
    "Skapa ett diagram över vår försäljning de senaste fyra kvartalen.",
    "Vilka är symptomen på influensa?",
    "Konvertera den här filen till PDF.",
    "Berätta en vits.",
    "Hur många ord finns det i den här texten?",
    "Finns det några jobb för sjuksköterskor i Boston?",
    "Planera en resa på en vecka till Italien för en familj med barn.",
    "Vad är sannolikheten att slå två sexor?",
    "Kontrollera stavningen i det här stycket, tack.",
    "Var är mitt paket?",
    "Vad kan jag ge min pappa i födelsedagspresent?",
    "Hitta vetenskapliga artiklar om solenergi.",
    "Hur gammal är Frankrikes president?",
    "Gör en logotyp till mitt nya företag.",
    "När går nästa tåg till Manchester?",
    "Ge mig tips för att spara pengar på elräkningen.",
    "Slå upp telefonnumret till närmaste apotek.",
    "Kan du kontrollera om den här webbplatsen är tillgänglig?",
    "Hur ändrar jag lösenordet till mitt konto?",
    "Vilka är reglerna i schack?",
    "Jag har känt mig stressad på sistone, vad ska jag göra?",
    "Räkna hur ofta varje namn finns i listan.",
    "Hyr en bil i Madrid i tre dagar.",
    "Vad ska jag plantera i trädgården i vår?",
    "Vem skrev den här låten, och när kom den ut?",
    "Behöver jag en jurist för att sälja mitt hus?",
    "Generera ett slumptal mellan 1 och 100.",
];

/// Descriptions of skills.
const DESCRIPTIONS: &[&str] = &[
    "weather: Gives the forecast of the next days for a place.",
    "unit converter: Converts lengths, weights and temperatures between units.",
    "calculator: Evaluates an arithmetic expression.",
    "recipe finder: Suggests recipes from the ingredients at hand.",
    "book flight: Searches flights between two airports and books one.",
    "calendar create event: Adds an event to the calendar at a date and time.",
    "stock price: Returns the latest price of a share by its symbol.",
    "translate: Translates a text from one language into another.",
    "news search: Finds recent articles about a topic.",
    "send email: Sends a message to a recipient with a subject and a body.",
    "play music: Plays a song, an album or an artist.",
    "text summary: Makes a short summary of a long document.",
    "currency exchange: Converts an amount of money at the current rate.",
    "restaurant search: Lists restaurants near a location by cuisine and price.",
    "image generator: Creates a picture from a description in words.",
    "set thermostat: Sets the target temperature of a room.",
    "circle area: Calculates the area of a circle from its radius.",
    "word count: Counts the words and characters of a text.",
    "job search: Finds open positions by title, place and salary.",
    "real estate: Lists houses and flats for sale or for rent.",
    "pdf reader: Extracts the text of a PDF file and answers questions about it.",
    "fitness plan: Makes a training programme for a person and a goal.",
    "movie info: Gives cast, plot and ratings of a film.",
    "sort list: Sorts the items of a list in ascending or descending order.",
    "database query: Runs a query against a table and returns the rows that match.",
    "travel guide: Recommends sights, hotels and routes for a trip.",
    "code review: Looks for mistakes in source code and suggests improvements.",
    "shopping assistant: Compares the prices of products in online shops.",
    "medical advice: Explains symptoms, medicines and treatments.",
    "law assistant: Finds court cases and statutes about a question.",
    "quiz maker: Creates questions with answers on a subject.",
    "domain checker: Tells whether a domain name is registered.",
];
