//! What is said to people, in the languages that are spoken: one entry for each thing there is to say.

/// A language that is spoken to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// The language of all that is not said in another.
    English,
    /// Swedish.
    Swedish,
}

impl Words {
    /// The words of the language of that BCP 47 tag; English where it is another.
    pub fn of(tag: &str) -> Words {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("sv") { Words::Swedish } else { Words::English }
    }

    /// Its tag.
    pub fn tag(self) -> &'static str {
        match self {
            Words::English => "en",
            Words::Swedish => "sv",
        }
    }

    fn said(self, english: &'static str, swedish: &'static str, with: &[&str]) -> String {
        filled(
            match self {
                Words::English => english,
                Words::Swedish => swedish,
            },
            with,
        )
    }
}

/// Each entry: its name, what fills its holes `{}` in their order, and the text in each language.
macro_rules! catalogue {
    ($($name:ident($($hole:ident),*): $english:literal, $swedish:literal;)*) => {
        impl Words {
            $(
                pub fn $name(self $(, $hole: &str)*) -> String {
                    self.said($english, $swedish, &[$($hole),*])
                }
            )*
        }

        /// Every entry with the number of its holes.
        #[cfg(test)]
        const ALL: &[(&str, usize, &str, &str)] = &[
            $((stringify!($name), <[&str]>::len(&[$(stringify!($hole)),*]), $english, $swedish)),*
        ];
    };
}

catalogue! {
    // Values.
    yes(): "yes", "ja";
    no(): "no", "nej";
    nothing(): "(nothing)", "(inget)";

    // How far a task is.
    working(): "It is being worked on.", "Det pågår.";
    canceled(): "It was stopped.", "Det avbröts.";
    abandoned():
        "It was given up. The step that was interrupted may have run.",
        "Det gavs upp. Steget som avbröts kan ha körts.";
    expired():
        "It was stopped: its question was not answered in time.",
        "Det avbröts: frågan besvarades inte i tid.";
    planned_by_agent(): "(An agent planned this.)", "(En agent planerade detta.)";
    answered_by_agent(): "(No skill does this: an agent answered.)", "(Ingen färdighet gör detta: en agent svarade.)";
    not_approved(): "Nothing was done: it was not approved.", "Inget gjordes: det godkändes inte.";
    skipped():
        "The step that was interrupted was taken as done; whether it ran is not known.",
        "Steget som avbröts räknades som gjort; om det kördes är inte känt.";
    files(n_files): "Files that came with it: {}.", "Filer som följde med: {}.";
    look_again(id):
        "`happyos task show {}` says what became of it",
        "`happyos task show {}` säger vad det blev av det";

    // Questions.
    which(): "Which of these do you mean?", "Vilken av de här menar du?";
    what_is(name, skill): "What is `{}` for `{}`?", "Vad är `{}` för `{}`?";
    what_is_described(name, description, skill): "What is `{}` ({}) for `{}`?", "Vad är `{}` ({}) för `{}`?";
    perhaps(value): "Is it {}?", "Är det {}?";
    interrupted(skill):
        "The daemon was stopped while `{}` ran, and it may have run or not. Answer `retry` to call it again, `skip` to take it as done, or `abandon` to give it up.",
        "Daemonen stoppades medan `{}` kördes, och steget kan ha körts eller inte. Svara `retry` för att köra det igen, `skip` för att räkna det som gjort eller `abandon` för att ge upp.";
    answer_with(id):
        "answer with `happyos task answer {} \"…\"`",
        "svara med `happyos task answer {} \"…\"`";
    answer_with_tool(id):
        "answer by calling this tool again with the answer as `text` and `task_id` \"{}\"",
        "svara genom att anropa det här verktyget igen med svaret som `text` och `task_id` \"{}\"";

    agent_asks(agent, question): "The agent `{}` asks: {}", "Agenten `{}` frågar: {}";
    may_it_run(skill, with):
        "May `{}` be called with this: {}? Answer `approve` or `reject`.",
        "Får `{}` anropas med det här: {}? Svara `approve` eller `reject`.";

    // Refusals.
    gap(id):
        "No installed skill does this. It is noted as the gap {}.",
        "Ingen installerad färdighet gör det här. Det är noterat som luckan {}.";
    nearest(skills): "What comes nearest: {}.", "Närmast kommer: {}.";
    fill(id):
        "`happyos gap show {}` shows it; `happyos skill new NAME` begins a skill that fills it",
        "`happyos gap show {}` visar den; `happyos skill new NAMN` påbörjar en färdighet som fyller den";
    several():
        "This has several parts, and none of them can be done. What was found:",
        "Det här har flera delar, och ingen av dem kan göras. Det här hittades:";
    one_at_a_time():
        "say what is missing, or ask for one part at a time",
        "säg vad som saknas, eller be om en del i taget";
    part_waits(): "it needs the answer of a part that cannot be done", "det behöver svaret från en del som inte kan göras";
    part_not_done(what): "Not done: {}", "Inte gjort: {}";
    part_failed(why): "It could not be done: {}", "Det gick inte: {}";
    part_blocked(): "Not done: it needs an earlier part that has no answer.", "Inte gjort: det behöver en tidigare del som saknar svar.";
    part_rejected(): "Not done: it was not approved.", "Inte gjort: det godkändes inte.";
    part_unknown(): "no installed skill does this", "ingen installerad färdighet gör det här";
    part_done_by(skill): "`{}` does this", "`{}` gör det";
    part_lacks(skill, values): "`{}` does this, and needs to be told: {}", "`{}` gör det, men behöver få veta: {}";
    part_choice(skills): "several fit: `{}`", "flera passar: `{}`";

    // Failures. In English the reason stands as it was given; these say it again.
    failed(why): "It could not be done: {}.", "Det gick inte: {}.";
    failed_in(skill, why): "`{}` could not do it: {}.", "`{}` kunde inte göra det: {}.";
    tried(what): "Tried before: {}.", "Prövat innan: {}.";
    limit_reached(limit): "it reached its limit of {}", "gränsen för {} nåddes";
    limit_fuel(): "fuel", "instruktioner";
    limit_time(): "time", "tid";
    limit_memory(): "memory", "minne";
    limit_host_calls(): "calls to the host", "anrop till värden";
    limit_output(): "the size of an answer", "svarets storlek";
    limit_money(): "money", "pengar";
    trapped(): "it crashed", "den kraschade";
    guest_says(message): "it says: {}", "den säger: {}";
    input_refused(message): "it does not take this input: {}", "den tar inte emot det här: {}";
    output_wrong(): "its answer is not what it promises", "dess svar är inte vad den lovar";
    not_allowed(message): "it may not do this: {}", "det är inte tillåtet: {}";
    busy(): "everything is busy", "allt är upptaget";
    call_stopped(): "the call was stopped", "anropet avbröts";
    not_installed(): "it is not installed any more", "den är inte installerad längre";
    host_failed(): "the daemon failed", "daemonen klarade det inte";
    daemon_stopped(): "the daemon was stopped while it ran", "daemonen stoppades medan den kördes";
    raise_limit(key):
        "an operator can raise `{}` in happyos.toml",
        "en operatör kan höja `{}` i happyos.toml";
    give_money(): "give it more, or ask for less", "ge den mer, eller be om mindre";
    fault_of_skill():
        "this is a fault of the skill; tell its author",
        "det är ett fel i färdigheten; säg till dess upphovsman";
    show_skill(skill):
        "`happyos skill show {}` prints what it takes",
        "`happyos skill show {}` visar vad den tar emot";
    list_skills(): "`happyos skill list` names the skills", "`happyos skill list` räknar upp färdigheterna";
    try_again(): "try again shortly", "försök igen om en stund";
    see_log(): "the daemon's log has the reason", "daemonens logg har orsaken";

    // How an answer came about.
    steps(): "Steps", "Steg";
    state_waiting(): "waiting", "väntar";
    state_running(): "running", "pågår";
    state_done(): "done", "klart";
    state_skipped(): "taken as done", "räknat som gjort";
    state_failed(): "failed", "misslyckades";
    state_paused(): "waits for its owner", "väntar på sin ägare";
    state_rejected(): "not approved", "inte godkänt";
    state_expanded(items): "done for each of {}", "gjort för var och en av {}";
    begun(times): "begun {} times", "påbörjat {} gånger";
    chosen_for(why): "chosen for {}", "vald för {}";
    sources(skills): "Sources: {}", "Källor: {}";
    used(fuel, span): "Used {} instructions in {}.", "Använde {} instruktioner på {}.";
    used_money(fuel, span, money):
        "Used {} instructions in {}, and {} millionths of your currency.",
        "Använde {} instruktioner på {}, och {} miljondelar av din valuta.";

    // What is wrong with a request.
    request_empty(): "the request is empty", "begäran är tom";
    request_empty_hint(): "say in plain words what is to be done", "säg med vanliga ord vad som ska göras";
    request_long(bytes, max):
        "the request has {} bytes, more than {}",
        "begäran har {} byte, fler än {}";
    request_long_hint():
        "give long texts to a skill by its name: `happyos call SKILL -`",
        "ge långa texter till en färdighet vid namn: `happyos call SKILL -`";
    tag_long(what, max): "the {} is longer than {} bytes", "{} är längre än {} byte";
    tag_session(): "session", "sessionen";
    tag_locale(): "locale", "språkmärket";
    tag_time_zone(): "time zone", "tidszonen";
    tag_skill(): "skill", "färdigheten";
    session_wrong():
        "the session is empty or has characters that are not seen",
        "sessionen är tom eller har tecken som inte syns";
    locale_wrong(tag): "the locale {} is not the tag of a language", "språkmärket {} är inget språk";
    locale_hint(): "write it like `sv` or `en-GB`", "skriv det som `sv` eller `en-GB`";
    time_zone_wrong(name): "the time zone {} is not known", "tidszonen {} är inte känd";
    time_zone_hint(): "write it like `Europe/Stockholm`", "skriv den som `Europe/Stockholm`";
    complexity_wrong():
        "the hint `complexity` is not between 0 and 1",
        "fingervisningen `complexity` är inte mellan 0 och 1";
    team_wrong(max):
        "the hint `team_size` is not between 1 and {}",
        "fingervisningen `team_size` är inte mellan 1 och {}";
    context_large(bytes, max):
        "the context has {} bytes, more than {}",
        "sammanhanget har {} byte, fler än {}";
    context_deep(max):
        "the context is nested deeper than {} levels",
        "sammanhanget är djupare nästlat än {} nivåer";

    // What is wrong with an answer.
    answer_empty(): "the answer is empty", "svaret är tomt";
    answer_empty_hint(): "say something, or stop the task", "säg något, eller avbryt";
    answer_long(max): "the answer is longer than {} bytes", "svaret är längre än {} byte";
    answer_long_hint(): "say it shorter", "säg det kortare";
    no_question(state): "the task is {}", "läget är {}";
    no_question_hint():
        "only a task that is `input-required` takes an answer",
        "bara det som är `input-required` tar emot svar";
    no_such_choice(): "the answer is none of the choices", "svaret är inget av valen";
    no_such_choice_hint(choices):
        "answer with a number or a name: {}; or `none`",
        "svara med ett nummer eller ett namn: {}; eller `inget`";
    gone(skill): "`{}` is not installed any more", "`{}` är inte installerad längre";
    gone_hint_choice(): "choose another, or `none`", "välj en annan, eller `inget`";
    gone_hint_value(): "stop the task, and ask anew", "avbryt, och fråga igen";
    answer_silent(names): "the answer says nothing of {}", "svaret säger inget om {}";
    answer_silent_hint():
        "give the value, or `name=value` for each of several",
        "ge värdet, eller `namn=värde` för vart och ett av flera";
    answer_no_object(why): "the answer is no JSON object: {}", "svaret är inget JSON-objekt: {}";
    answer_no_object_hint(): "give the value in words", "säg värdet med ord";
    no_resolution(skill):
        "the answer does not say what is to become of the call of `{}`",
        "svaret säger inte vad det ska bli av anropet av `{}`";
    no_resolution_hint():
        "answer `retry` to call it again, `skip` to take it as done, or `abandon` to give the task up",
        "svara `retry` för att köra det igen, `skip` för att räkna det som gjort eller `abandon` för att ge upp";
    no_approval(): "the answer does not say whether it may run", "svaret säger inte om det får köras";
    no_approval_hint(): "answer `approve` or `reject`", "svara `approve` eller `reject`";
    not_interrupted(state):
        "the task is {}: only one that was interrupted is resumed",
        "läget är {}: bara det som avbrutits återupptas";
    being_worked_on():
        "the task is being worked on",
        "det arbetas redan med det";
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
        for (name, n_holes, english, swedish) in ALL {
            let count = |text: &str| text.matches("{}").count();
            assert_eq!((count(english), count(swedish)), (*n_holes, *n_holes), "{name}");
            assert!(!english.is_empty() && !swedish.is_empty(), "{name}");
            assert_eq!(english.matches('`').count() % 2, 0, "{name}");
            assert_eq!(swedish.matches('`').count() % 2, 0, "{name}");
        }
        assert_eq!(filled("a {} b {}", &["{}", "x"]), "a {} b x");
    }
}
