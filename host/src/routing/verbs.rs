//! The verbs that requests begin with, in English and Swedish, as they are said to somebody.

use std::collections::HashSet;
use std::sync::LazyLock;

static VERBS: LazyLock<HashSet<&str>> = LazyLock::new(|| ENGLISH.iter().chain(SWEDISH).copied().collect());

/// Whether `word`, in lower case, is one of them.
pub fn is_verb(word: &str) -> bool {
    VERBS.contains(word)
}

const ENGLISH: &[&str] = &[
    "add", "analyse", "analyze", "assign", "book", "build", "buy", "calculate", "call", "cancel", "change", "check", "close", "compare", "compose", "compute", "convert", "copy", "count", "create", "decode", "delete", "describe", "design", "determine", "discover", "divide", "download", "draw", "echo", "edit", "email", "encode", "encrypt", "estimate", "evaluate", "explain", "explore", "fetch", "find", "generate", "get", "give", "help", "identify", "include", "invite", "keep", "know", "learn", "list", "locate", "look", "mail", "make", "measure", "monitor", "move", "multiply", "note", "open", "order", "plan", "play", "plot", "post", "predict", "print", "provide", "purchase", "put", "read", "recommend", "remember", "remind", "remove", "rename", "repeat", "replace", "reschedule", "reserve", "retrieve", "run", "save", "say", "schedule", "search", "see", "send", "set", "share", "show", "shuffle", "simulate", "solve", "sort", "start", "stop", "store", "subtract", "suggest", "sum", "summarise", "summarize", "tell", "track", "train", "translate", "turn", "update", "upload", "watch", "write",
];

const SWEDISH: &[&str] = &[
    "anteckna", "avboka", "avgör", "bedöm", "beräkna", "berätta", "beskriv", "beställ", "bestäm", "boka", "bygg", "byt", "dela", "döp", "eka", "ersätt", "flytta", "föreslå", "förklara", "ge", "gör", "hitta", "hjälp", "hämta", "jämför", "kolla", "kom", "kontrollera", "konvertera", "kopiera", "köp", "kör", "leta", "lista", "lägg", "läs", "lös", "mejla", "multiplicera", "mät", "omvandla", "planera", "påminn", "radera", "rekommendera", "ring", "rita", "räkna", "sammanfatta", "skapa", "skicka", "skriv", "släck", "slå", "sortera", "spara", "spela", "starta", "stoppa", "stäng", "säg", "sätt", "sök", "ta", "tänd", "uppdatera", "upprepa", "visa", "ändra", "öppna", "översätt",
];
