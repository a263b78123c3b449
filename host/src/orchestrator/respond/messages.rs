//! What is said to people, in the languages that are spoken: one entry for each thing there is to say.

/// The words of one language.
pub struct Words {
    /// Its tag.
    pub tag: &'static str,
    pub yes: &'static str,
    pub no: &'static str,
    pub nothing: &'static str,
    pub working: &'static str,
    pub canceled: &'static str,
    pub abandoned: &'static str,
    pub expired: &'static str,
    pub skipped: &'static str,
    pub which: &'static str,
    pub several: &'static str,
    pub one_at_a_time: &'static str,
    pub part_unknown: &'static str,
    /// With holes `{}` that are filled in their order.
    holes: Holes,
}

struct Holes {
    answer_with: &'static str,
    look_again: &'static str,
    files: &'static str,
    failed: &'static str,
    failed_in: &'static str,
    tried: &'static str,
    gap: &'static str,
    nearest: &'static str,
    fill: &'static str,
    part_done_by: &'static str,
    part_lacks: &'static str,
    part_choice: &'static str,
    what_is: &'static str,
    what_is_described: &'static str,
    perhaps: &'static str,
    interrupted: &'static str,
}

static ENGLISH: Words = Words {
    tag: "en",
    yes: "yes",
    no: "no",
    nothing: "(nothing)",
    working: "It is being worked on.",
    canceled: "It was stopped.",
    abandoned: "It was given up. The step that was interrupted may have run.",
    expired: "It was stopped: its question was not answered in time.",
    skipped: "The step that was interrupted was taken as done; whether it ran is not known.",
    which: "Which of these do you mean?",
    several: "This takes several skills, and requests of more than one step cannot be run yet. What was found:",
    one_at_a_time: "ask for one part at a time",
    part_unknown: "no installed skill does this",
    holes: Holes {
        answer_with: "answer with `happyos task answer {} \"…\"`",
        look_again: "`happyos task show {}` says what became of it",
        files: "Files that came with it: {}.",
        failed: "It could not be done: {}.",
        failed_in: "`{}` could not do it: {}.",
        tried: "Tried before: {}.",
        gap: "No installed skill does this. It is noted as the gap {}.",
        nearest: "What comes nearest: {}.",
        fill: "`happyos gap show {}` shows it; `happyos skill new NAME` begins a skill that fills it",
        part_done_by: "`{}` does this",
        part_lacks: "`{}` does this, and needs to be told: {}",
        part_choice: "several fit: `{}`",
        what_is: "What is `{}` for `{}`?",
        what_is_described: "What is `{}` ({}) for `{}`?",
        perhaps: "Is it {}?",
        interrupted: "The daemon was stopped while `{}` ran, and it may have run or not. Answer `retry` to call it again, \
                      `skip` to take it as done, or `abandon` to give it up.",
    },
};

static SWEDISH: Words = Words {
    tag: "sv",
    yes: "ja",
    no: "nej",
    nothing: "(inget)",
    working: "Det pågår.",
    canceled: "Det avbröts.",
    abandoned: "Det gavs upp. Steget som avbröts kan ha körts.",
    expired: "Det avbröts: frågan besvarades inte i tid.",
    skipped: "Steget som avbröts räknades som gjort; om det kördes är inte känt.",
    which: "Vilken av de här menar du?",
    several: "Det här kräver flera färdigheter, och begäranden med mer än ett steg kan inte köras ännu. Det här hittades:",
    one_at_a_time: "be om en del i taget",
    part_unknown: "ingen installerad färdighet gör det här",
    holes: Holes {
        answer_with: "svara med `happyos task answer {} \"…\"`",
        look_again: "`happyos task show {}` säger vad det blev av det",
        files: "Filer som följde med: {}.",
        failed: "Det gick inte: {}.",
        failed_in: "`{}` kunde inte göra det: {}.",
        tried: "Prövat innan: {}.",
        gap: "Ingen installerad färdighet gör det här. Det är noterat som luckan {}.",
        nearest: "Närmast kommer: {}.",
        fill: "`happyos gap show {}` visar den; `happyos skill new NAMN` påbörjar en färdighet som fyller den",
        part_done_by: "`{}` gör det",
        part_lacks: "`{}` gör det, men behöver få veta: {}",
        part_choice: "flera passar: `{}`",
        what_is: "Vad är `{}` för `{}`?",
        what_is_described: "Vad är `{}` ({}) för `{}`?",
        perhaps: "Är det {}?",
        interrupted: "Daemonen stoppades medan `{}` kördes, och steget kan ha körts eller inte. Svara `retry` för att köra \
                      det igen, `skip` för att räkna det som gjort eller `abandon` för att ge upp.",
    },
};

impl Words {
    /// The words of the language of that BCP 47 tag; English where it is another.
    pub fn of(tag: &str) -> &'static Words {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("sv") { &SWEDISH } else { &ENGLISH }
    }

    pub fn answer_with(&self, id: &str) -> String {
        filled(self.holes.answer_with, &[id])
    }

    pub fn look_again(&self, id: &str) -> String {
        filled(self.holes.look_again, &[id])
    }

    pub fn files(&self, n_files: usize) -> String {
        filled(self.holes.files, &[&n_files.to_string()])
    }

    pub fn failed(&self, skill: Option<&str>, why: &str) -> String {
        let why = why.trim_end_matches('.');
        match skill {
            Some(skill) => filled(self.holes.failed_in, &[skill, why]),
            None => filled(self.holes.failed, &[why]),
        }
    }

    pub fn tried(&self, what: &str) -> String {
        filled(self.holes.tried, &[what])
    }

    pub fn gap(&self, id: &str) -> String {
        filled(self.holes.gap, &[id])
    }

    pub fn nearest(&self, skills: &str) -> String {
        filled(self.holes.nearest, &[skills])
    }

    pub fn fill(&self, id: &str) -> String {
        filled(self.holes.fill, &[id])
    }

    pub fn part_done_by(&self, skill: &str) -> String {
        filled(self.holes.part_done_by, &[skill])
    }

    pub fn part_lacks(&self, skill: &str, values: &str) -> String {
        filled(self.holes.part_lacks, &[skill, values])
    }

    pub fn part_choice(&self, skills: &str) -> String {
        filled(self.holes.part_choice, &[skills])
    }

    pub fn what_is(&self, name: &str, description: Option<&str>, skill: &str) -> String {
        match description.map(|text| text.trim().trim_end_matches('.')).filter(|text| !text.is_empty()) {
            Some(description) => filled(self.holes.what_is_described, &[name, description, skill]),
            None => filled(self.holes.what_is, &[name, skill]),
        }
    }

    pub fn perhaps(&self, value: &str) -> String {
        filled(self.holes.perhaps, &[value])
    }

    pub fn interrupted(&self, skill: &str) -> String {
        filled(self.holes.interrupted, &[skill])
    }
}

/// The text with its holes filled in their order. What fills them may have holes of its own, which stay.
fn filled(text: &str, with: &[&str]) -> String {
    let mut parts = text.split("{}");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    let mut with = with.iter();
    for part in parts {
        filled.push_str(with.next().copied().unwrap_or_default());
        filled.push_str(part);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hole_is_filled_in_both_languages() {
        let count = |text: &str| text.matches("{}").count();
        let (en, sv) = (&ENGLISH.holes, &SWEDISH.holes);
        for (a, b, n_holes) in [
            (en.answer_with, sv.answer_with, 1),
            (en.look_again, sv.look_again, 1),
            (en.files, sv.files, 1),
            (en.failed, sv.failed, 1),
            (en.failed_in, sv.failed_in, 2),
            (en.tried, sv.tried, 1),
            (en.gap, sv.gap, 1),
            (en.nearest, sv.nearest, 1),
            (en.fill, sv.fill, 1),
            (en.part_done_by, sv.part_done_by, 1),
            (en.part_lacks, sv.part_lacks, 2),
            (en.part_choice, sv.part_choice, 1),
            (en.what_is, sv.what_is, 2),
            (en.what_is_described, sv.what_is_described, 3),
            (en.perhaps, sv.perhaps, 1),
            (en.interrupted, sv.interrupted, 1),
        ] {
            assert_eq!((count(a), count(b)), (n_holes, n_holes), "{a} / {b}");
        }
        assert_eq!(filled("a {} b {}", &["{}", "x"]), "a {} b x");
    }
}
