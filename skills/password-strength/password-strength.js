/* happyos
name = "password-strength"
version = "0.1.0"
license = "Apache-2.0"
*/
"use strict";

// The method is that of D. L. Wheeler, "zxcvbn: Low-Budget Password Strength Estimation" (USENIX
// Security 2016), with short lists: find every pattern in the password, estimate for each how many
// guesses it takes, and look for the sequence of patterns that an attacker finds soonest.
// The password is in no answer, message or log line.

// Most used first: a word's place is the number of guesses it takes.
const COMMON = `
123456 password 123456789 12345 12345678 qwerty 1234567 111111 1234567890 123123 abc123 1234 password1 iloveyou 1q2w3e4r
000000 qwerty123 zaq12wsx dragon sunshine princess letmein 654321 monkey 1qaz2wsx 123321 qwertyuiop superman asdfghjkl
hej123 sommar lösenord losenord hejsan hejhej fotboll mamma pappa sverige stockholm älskling alskling qwerty1
trustno1 welcome admin login master hello freedom whatever michael football baseball basketball shadow ashley jordan harley
ranger hunter buster soccer hockey killer george andrew charlie thomas daniel jessica pepper michelle jennifer joshua amanda
summer winter spring autumn vinter höst vår secret test guest root changeme default passw0rd computer internet samsung google
pokemon starwars matrix batman cheese banana chocolate butterfly flower lovely angel babygirl hannah nicole matthew robert
jasmine purple orange yellow silver golden diamond cookie ginger maggie tigger snoopy peanut mustang ferrari corvette mercedes
yankees liverpool arsenal chelsea barcelona madrid london berlin correct horse battery staple love money power happy friend
family mother father sister brother house garden kitchen window street school teacher student doctor music guitar piano dance
monday tuesday wednesday thursday friday saturday sunday måndag tisdag onsdag torsdag fredag lördag söndag january february
march april june july august september october november december januari februari mars maj juni juli augusti oktober
anna maria erik lars karl anders johan eva kristina mikael emma elin sara linda malin jesus heaven blessed faith apple tiger
lion eagle wolf bear horse dolphin rabbit kitten puppy hund katt katten hunden blomma solsken kärlek karlek glad lycka hemlig
`.trim().split(/\s+/);

const KEYBOARDS = [
  ["`1234567890-=", "qwertyuiop[]\\", "asdfghjkl;'", "zxcvbnm,./"],
  ["§1234567890+´", "qwertyuiopå¨", "asdfghjklöä'", "<zxcvbnm,.-"],
];

// What is written for a letter.
const LEET = { "4": "a", "@": "a", "3": "e", "1": "i", "!": "i", "0": "o", "$": "s", "5": "s", "7": "t", "+": "t", "8": "b", "9": "g" };

const WARNINGS = {
  common: "This is a very common password, or close to one.",
  single: "A single word is guessed soon, whatever its language.",
  word: "Common words and names are guessed first.",
  repeat: "Repeated characters are easy to guess.",
  sequence: "Sequences such as abc or 6543 are easy to guess.",
  keyboard: "Keys that are neighbours on the keyboard are easy to guess.",
  date: "Dates and years are easy to guess.",
  short: "It is short.",
};

const SUGGESTIONS = {
  longer: "Use more characters: four or more unrelated words are strong and easy to remember.",
  substitution: "Writing @ for a or 0 for o hardly helps.",
  capital: "A capital letter at the start hardly helps.",
  avoid: "Leave out dates, names, sequences and repeats, or put unrelated words between them.",
  unique: "Use it in one place only, and let a password manager remember it.",
};

const LETTER = /\p{L}/u;
const MONTH = "(?:jan|feb|mar|apr|ma[jy]|jun|jul|aug|sep|o[ck]t|nov|de[cs])[a-zå]*";

const RANKS = new Map(COMMON.map((word, index) => [word, index + 1]).reverse());
const LONGEST_WORD = Math.max(...COMMON.map((word) => word.length));
const NEIGHBOURS = neighbours();

/** For each key the keys beside it, on any of the keyboards. */
function neighbours() {
  const found = new Map();
  const join = (left, right) => {
    if (left === undefined || right === undefined) return;
    for (const [from, to] of [[left, right], [right, left]]) {
      if (!found.has(from)) found.set(from, new Set());
      found.get(from).add(to);
    }
  };
  for (const rows of KEYBOARDS) {
    rows.forEach((row, y) => {
      for (let x = 0; x < row.length; x++) {
        join(row[x], row[x + 1]);
        // Each row stands about half a key to the right of the one above it.
        for (const shift of [0, 1]) if (rows[y + 1]) join(row[x], rows[y + 1][x - shift]);
      }
    });
  }
  return found;
}

/** Every pattern: `{ start, end, guesses, kind }`, `end` not included. */
function patternsOf(letters) {
  const small = letters.map((letter) => letter.toLowerCase());
  return [...words(letters, small), ...unlistedWords(letters, small), ...runs(small), ...walks(small), ...dates(small)];
}

function words(letters, small) {
  const plain = small.map((letter) => LEET[letter] ?? letter);
  const found = [];
  for (let start = 0; start < small.length; start++) {
    for (let end = start + 3; end <= Math.min(small.length, start + LONGEST_WORD); end++) {
      const original = small.slice(start, end).join("");
      const unleeted = plain.slice(start, end).join("");
      const backwards = [...original].reverse().join("");
      const [rank, factor, leet] = RANKS.has(original) ? [RANKS.get(original), 1, false]
        : RANKS.has(unleeted) ? [RANKS.get(unleeted), 4, true]
        : RANKS.has(backwards) ? [RANKS.get(backwards), 2, false] : [0, 0, false];
      if (rank === 0) continue;
      const cased = capitalGuesses(letters, small, start, end);
      found.push({ start, end, guesses: rank * factor * cased, kind: "word", leet, capital: cased === 2 });
    }
  }
  return found;
}

/** Guesses for the capital letters: none; the first one or all, which is tried at once; or others. */
function capitalGuesses(letters, small, start, end) {
  const capitals = letters.slice(start, end).filter((letter, index) => letter !== small[start + index]).length;
  if (capitals === 0) return 1;
  return (capitals === 1 && letters[start] !== small[start]) || capitals === end - start ? 2 : 2 ** Math.min(capitals + 1, end - start);
}

/**
 * Runs of letters that can be said aloud are taken for words of some language, and what stands
 * between words for a separator: no list holds them all, and guessing them letter by letter would
 * make them look far too strong. About 2.2 bits a letter is what print in Germanic languages holds.
 */
function unlistedWords(letters, small) {
  const found = [];
  for (const read of [small, small.map((letter) => LEET[letter] ?? letter)]) {
    for (let start = 0; start < read.length; start++) {
      if (!LETTER.test(read[start]) || (start > 0 && LETTER.test(read[start - 1]))) continue;
      let end = start + 1;
      while (end < read.length && LETTER.test(read[end])) end++;
      if (!isSayable(read.slice(start, end).join(""))) continue;
      const leet = read !== small && read.slice(start, end).join("") !== small.slice(start, end).join("");
      const cased = capitalGuesses(letters, small, start, end);
      const guesses = 2 ** (3 + 2.2 * (end - start)) * cased * (leet ? 4 : 1);
      found.push({ start, end, guesses, kind: "unlisted", leet, capital: cased === 2 });
      if (end < read.length - 1 && /[ _.,-]/.test(read[end])) found.push({ start: end, end: end + 1, guesses: 4, kind: "separator" });
    }
  }
  return found;
}

function isSayable(word) {
  const vowels = word.match(/[aeiouyåäöæøáéíóúàèüêâ]/g)?.length ?? 0;
  return word.length >= 4 && vowels >= word.length * 0.2 && vowels <= word.length * 0.7 && !/[bcdfghjklmnpqrstvwxz]{5}/.test(word);
}

/** Repeats (aaa, abcabc) and sequences (abcd, 8642). */
function runs(small) {
  const found = [];
  for (let start = 0; start < small.length; start++) {
    for (let size = 1; size <= 16 && start + 2 * size <= small.length; size++) {
      // Only where it begins: what starts inside a repeat is never cheaper.
      if (start > 0 && small[start - 1] === small[start - 1 + size]) continue;
      let end = start + size;
      while (end < small.length && small[end] === small[end - size]) end++;
      const times = Math.floor((end - start) / size);
      if (times >= 2 && size * times >= 3) {
        const base = size === 1 ? alphabet([small[start]]) : bruteForce(small.slice(start, start + size));
        found.push({ start, end: start + size * times, guesses: base * times, kind: "repeat" });
      }
    }
    const step = delta(small, start);
    if (step === 0 || Math.abs(step) > 2) continue;
    let end = start + 2;
    while (end < small.length && delta(small, end - 1) === step) end++;
    if (end - start < 3) continue;
    const base = "a1z09".includes(small[start]) ? 4 : /\d/.test(small[start]) ? 10 : 26;
    found.push({ start, end, guesses: base * (end - start) * Math.abs(step) * (step < 0 ? 2 : 1), kind: "sequence" });
  }
  return found;
}

/** How far the next character is from this one, if both are letters or both digits. */
function delta(small, index) {
  const pair = small[index] + (small[index + 1] ?? "");
  return /^([a-z]{2}|\d{2})$/.test(pair) ? pair.charCodeAt(1) - pair.charCodeAt(0) : 0;
}

function walks(small) {
  const found = [];
  for (let start = 0; start < small.length; start++) {
    let end = start + 1;
    while (end < small.length && NEIGHBOURS.get(small[end - 1])?.has(small[end])) end++;
    const length = end - start;
    // A first key, and at each step one of the four or so keys beside it; straight lines come first.
    if (length >= 4) found.push({ start, end, guesses: 47 * 2.3 ** (length - 1), kind: "keyboard" });
  }
  return found;
}

/** Years from 1900 to 2049, and dates of six to eight digits with or without marks between them. */
function dates(small) {
  const found = [];
  const text = small.join("");
  // Other lengths: a letter of two halves, such as an emoji, would shift every place.
  if (text.length !== small.length) return found;
  const add = (start, match, guesses) => found.push({ start, end: start + match.length, guesses, kind: "date" });
  for (let start = 0; start < text.length; start++) {
    const rest = text.slice(start);
    const named = new RegExp(`^\\d{1,2}[-./ ]?${MONTH}[-./ ]?(?:19|20)?\\d\\d`).exec(rest);
    if (named) add(start, named[0], 365 * 150 * 16);
    const year = /^(19\d\d|20[0-4]\d)/.exec(rest);
    if (year) add(start, year[0], 150);
    for (const match of [
      /^(?:19|20)?\d\d([-./ ]?)(0[1-9]|1[0-2])\1(0[1-9]|[12]\d|3[01])/.exec(rest),
      /^(0?[1-9]|[12]\d|3[01])([-./ ]?)(0?[1-9]|1[0-2])\2(?:19|20)?\d\d/.exec(rest),
    ]) {
      if (match && match[0].replace(/\D/g, "").length >= 6) add(start, match[0], 365 * 150 * (/\D/.test(match[0]) ? 4 : 1));
    }
  }
  return found;
}

/** How many characters an attacker has to try for these. */
function alphabet(letters) {
  const has = (pattern) => letters.some((letter) => pattern.test(letter));
  return (has(/\d/) ? 10 : 0) + (has(/[a-z]/) ? 26 : 0) + (has(/[A-Z]/) ? 26 : 0) + (has(/[ -/:-@[-`{-~]/) ? 33 : 0) + (has(/[^ -~]/) ? 60 : 0) || 10;
}

function bruteForce(letters) {
  return alphabet(letters) ** letters.length;
}

/** The cheapest way to cover the password with patterns and, between them, single characters. */
function cheapest(letters) {
  const each = Math.log2(alphabet(letters));
  const best = [{ bits: 0 }];
  const ending = Array.from({ length: letters.length + 1 }, () => []);
  for (const pattern of patternsOf(letters)) ending[pattern.end].push(pattern);
  for (let end = 1; end <= letters.length; end++) {
    best[end] = { bits: best[end - 1].bits + each, pattern: { start: end - 1, end } };
    for (const pattern of ending[end]) {
      // One bit for each pattern: the attacker has to try which ones follow each other.
      const bits = best[pattern.start].bits + Math.log2(pattern.guesses) + (pattern.start > 0 ? 1 : 0);
      if (bits < best[end].bits) best[end] = { bits, pattern };
    }
  }
  const used = [];
  for (let end = letters.length; end > 0; end = best[end].pattern.start) {
    if (best[end].pattern.kind) used.unshift(best[end].pattern);
  }
  return { bits: best[letters.length].bits, used };
}

/** The least bits for scores 1 to 4: a few tries, an online attack, an offline one, one with money. */
function scoreOf(bits) {
  return [10, 20, 32, 45].filter((least) => bits >= least).length;
}

/** In words, from a number of seconds. */
function duration(seconds) {
  if (seconds < 1) return "less than a second";
  const units = [["second", 60], ["minute", 60], ["hour", 24], ["day", 365], ["year", 100]];
  for (const [unit, size] of units) {
    if (seconds < size) {
      const whole = Math.floor(seconds);
      return `${whole} ${unit}${whole === 1 ? "" : "s"}`;
    }
    seconds /= size;
  }
  return "centuries";
}

function strength({ password }) {
  const letters = [...password];
  const { bits, used } = cheapest(letters);
  const score = scoreOf(bits);
  const kinds = new Set(used.map((pattern) => pattern.kind));
  const warnings = [];
  const suggestions = [];
  if (score < 4) {
    if (used.length === 1 && kinds.has("word") && used[0].end - used[0].start === letters.length) kinds.add("common").delete("word");
    if (used.length === 1 && kinds.has("unlisted")) kinds.add("single");
    for (const kind of ["common", "single", "word", "repeat", "sequence", "keyboard", "date"]) if (kinds.has(kind)) warnings.push(WARNINGS[kind]);
    if (letters.length < 10) warnings.push(WARNINGS.short);
    suggestions.push(SUGGESTIONS.longer);
    if (used.some((pattern) => pattern.leet)) suggestions.push(SUGGESTIONS.substitution);
    if (used.some((pattern) => pattern.capital)) suggestions.push(SUGGESTIONS.capital);
    if (["repeat", "sequence", "keyboard", "date"].some((kind) => kinds.has(kind))) suggestions.push(SUGGESTIONS.avoid);
  }
  suggestions.push(SUGGESTIONS.unique);
  const guesses = 2 ** bits / 2;
  return {
    score,
    verdict: ["very weak", "weak", "fair", "good", "strong"][score],
    entropyBits: Math.round(bits * 10) / 10,
    length: letters.length,
    crackTime: { onlineThrottled: duration(guesses / (100 / 3600)), offlineSlowHash: duration(guesses / 1e4), offlineFastHash: duration(guesses / 1e10) },
    warnings,
    suggestions,
  };
}

const text = (description) => ({ type: "string", description });

skill({
  name: "password-strength",
  description: "Estimates how hard a password is to guess: bits of entropy, a score from 0 to 4, the time to crack it, warnings and suggestions. Finds common passwords, words, repeats, sequences, keyboard walks and dates. Never repeats or stores the password.",
  inputSchema: {
    type: "object",
    properties: { password: { type: "string", minLength: 1, maxLength: 128, description: "The password to judge.", writeOnly: true } },
    required: ["password"],
    additionalProperties: false,
  },
  outputSchema: {
    type: "object",
    properties: {
      score: { type: "integer", minimum: 0, maximum: 4, description: "0 very weak to 4 strong." },
      verdict: { type: "string", enum: ["very weak", "weak", "fair", "good", "strong"] },
      entropyBits: { type: "number", minimum: 0, description: "Base-2 logarithm of the guesses an informed attacker needs." },
      length: { type: "integer", description: "Number of characters." },
      crackTime: {
        type: "object",
        description: "On average, for an attacker who knows these patterns.",
        properties: {
          onlineThrottled: text("At 100 guesses an hour, as at a login form."),
          offlineSlowHash: text("At 10,000 guesses a second, as against bcrypt."),
          offlineFastHash: text("At 10,000,000,000 guesses a second, as against plain SHA-1."),
        },
        required: ["onlineThrottled", "offlineSlowHash", "offlineFastHash"],
        additionalProperties: false,
      },
      warnings: { type: "array", items: { type: "string" } },
      suggestions: { type: "array", items: { type: "string" } },
    },
    required: ["score", "verdict", "entropyBits", "length", "crackTime", "warnings", "suggestions"],
    additionalProperties: false,
  },
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {
      request: { en: "How strong is the password \"Sommar2024!\"?", sv: "Hur starkt är lösenordet \"Sommar2024!\"?" },
      input: { password: "Sommar2024!" },
      output: {
        score: 2,
        verdict: "fair",
        entropyBits: 20.8,
        length: 11,
        crackTime: { onlineThrottled: "1 year", offlineSlowHash: "1 minute", offlineFastHash: "less than a second" },
        warnings: [
          "Common words and names are guessed first.",
          "Dates and years are easy to guess.",
        ],
        suggestions: [
          "Use more characters: four or more unrelated words are strong and easy to remember.",
          "A capital letter at the start hardly helps.",
          "Leave out dates, names, sequences and repeats, or put unrelated words between them.",
          "Use it in one place only, and let a password manager remember it.",
        ],
      },
    },
    {
      request: { en: "Rate the password \"P@ssw0rd1\"", sv: "Betygsätt lösenordet \"P@ssw0rd1\"" },
      input: { password: "P@ssw0rd1" },
      output: {
        score: 1,
        verdict: "weak",
        entropyBits: 10.6,
        length: 9,
        crackTime: { onlineThrottled: "7 hours", offlineSlowHash: "less than a second", offlineFastHash: "less than a second" },
        warnings: [
          "Common words and names are guessed first.",
          "It is short.",
        ],
        suggestions: [
          "Use more characters: four or more unrelated words are strong and easy to remember.",
          "Writing @ for a or 0 for o hardly helps.",
          "A capital letter at the start hardly helps.",
          "Use it in one place only, and let a password manager remember it.",
        ],
      },
    },
    {
      request: { en: "Is \"giraff paraply tangent mossa\" a good password?", sv: "Är \"giraff paraply tangent mossa\" ett bra lösenord?" },
      input: { password: "giraff paraply tangent mossa" },
      output: {
        score: 4,
        verdict: "strong",
        entropyBits: 79,
        length: 28,
        crackTime: { onlineThrottled: "centuries", offlineSlowHash: "centuries", offlineFastHash: "centuries" },
        warnings: [],
        suggestions: [
          "Use it in one place only, and let a password manager remember it.",
        ],
      },
    },
    {
      request: { en: "Check the password \"tiger99\"", sv: "Kontrollera lösenordet \"tiger99\"" },
      input: { password: "tiger99" },
    },
    {
      request: { en: "Is \"Q7#vLp!2zR\" a secure password?", sv: "Är \"Q7#vLp!2zR\" ett säkert lösenord?" },
      input: { password: "Q7#vLp!2zR" },
    },
    {
      request: { en: "How long would it take to crack \"MintLeaf?77\" offline?", sv: "Hur lång tid tar det att knäcka \"MintLeaf?77\"?" },
      input: { password: "MintLeaf?77" },
    },
  ],
  run: strength,
});
