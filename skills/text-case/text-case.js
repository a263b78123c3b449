/* happyos
name = "text-case"
version = "0.1.0"
license = "Apache-2.0"
*/
"use strict";

// Letters that Unicode does not take apart into a base letter and a mark.
const LATIN = {
  "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D",
  "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L", "ħ": "h", "Ħ": "H", "ı": "i", "ŋ": "n", "Ŋ": "N",
  "ſ": "s", "ĸ": "k", "ŧ": "t", "Ŧ": "T", "&": " and ", "@": " at ",
};

// How a language writes its own letters in plain ones, where that is not the bare letter.
const BY_LANGUAGE = {
  de: { "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "&": " und " },
  da: { "å": "aa", "Å": "Aa", "ø": "oe", "Ø": "Oe", "&": " og " },
  nb: { "&": " og " },
  sv: { "&": " och ", "@": " snabel-a " },
};

/** The text in plain ASCII letters, as far as it is written in Latin ones. */
function toAscii(text, language) {
  const own = Object.hasOwn(BY_LANGUAGE, language) ? BY_LANGUAGE[language] : {};
  let result = "";
  for (const letter of text.normalize("NFC")) {
    if (Object.hasOwn(own, letter)) result += own[letter];
    else if (Object.hasOwn(LATIN, letter)) result += LATIN[letter];
    else result += letter;
  }
  return result.normalize("NFD").replace(/[\u0300-\u036f]+/g, "");
}

function slug({ text, separator = "-", maxLength, language = "", lowercase = true }) {
  // An apostrophe stands inside a word: "don't" is one word.
  let result = toAscii(text, language.toLowerCase().split("-")[0]).replace(/['’]/g, "");
  if (lowercase) result = result.toLowerCase();
  let words = result.match(/[A-Za-z0-9]+/g) ?? [];
  if (words.length === 0) {
    throw new SkillError("invalid-input", `nothing in ${JSON.stringify(text)} can be written with a-z and 0-9`);
  }
  if (maxLength !== undefined) words = fitted(words, separator, maxLength);
  return { slug: words.join(separator) };
}

/** As many whole words as fit; a first word that is too long is cut. */
function fitted(words, separator, maxLength) {
  const kept = [words[0].slice(0, maxLength)];
  let length = kept[0].length;
  if (length < words[0].length) return kept;
  for (const word of words.slice(1)) {
    length += separator.length + word.length;
    if (length > maxLength) break;
    kept.push(word);
  }
  return kept;
}

// Written as strings, so that a call makes only those it uses: the engine makes every regular
// expression between slashes while it reads the file, and those over all of Unicode take longest.
const unicode = (pattern) => new RegExp(pattern, "gu");

/** Splits where people see words: at anything but letters and digits, and at "fooBar" and "HTTPServer". */
function wordsOf(text) {
  return text
    .normalize("NFC")
    .replace(unicode("(?<=[\\p{L}\\p{N}])['’](?=\\p{L})"), "")
    .replace(unicode("([\\p{Ll}\\p{N}])(\\p{Lu})"), "$1 $2")
    .replace(unicode("(\\p{Lu})(\\p{Lu}\\p{Ll})"), "$1 $2")
    .match(unicode("[\\p{L}\\p{M}\\p{N}]+")) ?? [];
}

const lower = (word) => word.toLowerCase();
const upper = (word) => word.toUpperCase();

function capital(word) {
  const [first, ...rest] = word;
  return first.toUpperCase() + rest.join("").toLowerCase();
}

/** For text that stays text: each word in place, with all that stands between them. */
function eachWord(text, change) {
  return text.replace(unicode("[\\p{L}\\p{M}\\p{N}]+(?:['’][\\p{L}\\p{M}]+)*"), (word) => change(word));
}

/** Capital letters at the start of the text and after . ! ? and a space. */
function sentences(text) {
  const starts = unicode("(^|[.!?][\"”»')\\]]*\\s+)([^\\p{L}\\p{N}]*)(\\p{L})");
  return text.toLowerCase().replace(starts, (_all, before, between, letter) => before + between + letter.toUpperCase());
}

const CASES = {
  camel: (text) => wordsOf(text).map((word, index) => (index === 0 ? lower(word) : capital(word))).join(""),
  pascal: (text) => wordsOf(text).map(capital).join(""),
  snake: (text) => wordsOf(text).map(lower).join("_"),
  kebab: (text) => wordsOf(text).map(lower).join("-"),
  constant: (text) => wordsOf(text).map(upper).join("_"),
  dot: (text) => wordsOf(text).map(lower).join("."),
  path: (text) => wordsOf(text).map(lower).join("/"),
  title: (text) => eachWord(text, capital),
  sentence: sentences,
  lower: (text) => text.toLowerCase(),
  upper: (text) => text.toUpperCase(),
  swap: (text) => Array.from(text, (letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase())).join(""),
};

const READ_ONLY = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };

skill({
  name: "slug",
  description: "Makes a URL slug of a title or any text: plain letters and digits, words joined by a hyphen. Handles å, ä, ö, ü, ß, é and other Latin letters.",
  inputSchema: {
    type: "object",
    properties: {
      text: { type: "string", minLength: 1, maxLength: 10000, description: "The title or text." },
      separator: { type: "string", enum: ["-", "_", "."], default: "-", description: "What stands between words." },
      maxLength: { type: "integer", minimum: 1, maximum: 1000, description: "Greatest length; whole words are kept." },
      language: { type: "string", description: "Language of the text, such as `de`: German ä becomes ae, Swedish & becomes och.", examples: ["sv", "de", "da"] },
      lowercase: { type: "boolean", default: true, description: "Whether capital letters become small ones." },
    },
    required: ["text"],
    additionalProperties: false,
  },
  outputSchema: {
    type: "object",
    properties: { slug: { type: "string", description: "The slug." } },
    required: ["slug"],
    additionalProperties: false,
  },
  annotations: READ_ONLY,
  examples: [
    {
      request: { en: "Make a URL slug of \"Smörgåsbord & Köttbullar: 10 Recipes\"", sv: "Gör en URL-slug av \"Smörgåsbord & Köttbullar: 10 Recipes\"" },
      input: { text: "Smörgåsbord & Köttbullar: 10 Recipes" },
      output: { slug: "smorgasbord-and-kottbullar-10-recipes" },
    },
    {
      request: { en: "Slug for the Swedish title \"Räksmörgås och kaffe på Åland\", at most 20 characters", sv: "Slug för rubriken \"Räksmörgås och kaffe på Åland\", högst 20 tecken" },
      input: { text: "Räksmörgås och kaffe på Åland", language: "sv", maxLength: 20 },
      output: { slug: "raksmorgas-och-kaffe" },
    },
    {
      request: { en: "German slug of \"Grüße aus Köln\" with underscores", sv: "Tysk slug av \"Grüße aus Köln\" med understreck" },
      input: { text: "Grüße aus Köln", language: "de", separator: "_" },
      output: { slug: "gruesse_aus_koeln" },
    },
    {
      request: { en: "Slugify \"Ten Tips for Spring\"", sv: "Gör om \"Ten Tips for Spring\" till en slug" },
      input: { text: "Ten Tips for Spring" },
      output: { slug: "ten-tips-for-spring" },
    },
  ],
  run: slug,
});

skill({
  name: "convert-case",
  description: "Converts text between letter cases: camelCase, PascalCase, snake_case, kebab-case, CONSTANT_CASE, dot.case, path/case, Title Case, Sentence case, lower, upper and swapped.",
  inputSchema: {
    type: "object",
    properties: {
      text: { type: "string", minLength: 1, maxLength: 100000, description: "The text or identifier." },
      to: { type: "string", enum: Object.keys(CASES), description: "The case to convert to." },
    },
    required: ["text", "to"],
    additionalProperties: false,
  },
  outputSchema: {
    type: "object",
    properties: { text: { type: "string", description: "The converted text." } },
    required: ["text"],
    additionalProperties: false,
  },
  annotations: READ_ONLY,
  examples: [
    {
      request: { en: "Turn \"user account id\" into camelCase", sv: "Skriv om \"user account id\" till camelCase" },
      input: { text: "user account id", to: "camel" },
      output: { text: "userAccountId" },
    },
    {
      request: { en: "Convert parseHTTPResponse2 to snake_case", sv: "Gör om parseHTTPResponse2 till snake_case" },
      input: { text: "parseHTTPResponse2", to: "snake" },
      output: { text: "parse_http_response2" },
    },
    {
      request: { en: "Write \"övre gräns\" as a constant name", sv: "Skriv \"övre gräns\" som ett konstantnamn" },
      input: { text: "övre gräns", to: "constant" },
      output: { text: "ÖVRE_GRÄNS" },
    },
    {
      request: { en: "Put \"THE END. IS IT? YES!\" into sentence case", sv: "Skriv \"THE END. IS IT? YES!\" med stor bokstav bara i början av meningarna" },
      input: { text: "THE END. IS IT? YES!", to: "sentence" },
      output: { text: "The end. Is it? Yes!" },
    },
    {
      request: { en: "Title case for \"it's a wolf’s life\"", sv: "Stor bokstav i varje ord: \"it's a wolf’s life\"" },
      input: { text: "it's a wolf’s life", to: "title" },
      output: { text: "It's A Wolf’s Life" },
    },
    {
      request: { en: "Write \"good evening\" in capital letters", sv: "Skriv \"good evening\" med stora bokstäver" },
      input: { text: "good evening", to: "upper" },
      output: { text: "GOOD EVENING" },
    },
    {
      request: { en: "Put \"rain again\" in capitals", sv: "Skriv \"rain again\" i versaler" },
      input: { text: "rain again", to: "upper" },
      output: { text: "RAIN AGAIN" },
    },
    {
      request: { en: "Make \"STOP SHOUTING\" lower case", sv: "Gör \"STOP SHOUTING\" till små bokstäver" },
      input: { text: "STOP SHOUTING", to: "lower" },
      output: { text: "stop shouting" },
    },
    {
      request: { en: "\"total price\" in kebab-case", sv: "\"total price\" i kebab-case" },
      input: { text: "total price", to: "kebab" },
      output: { text: "total-price" },
    },
    {
      request: { en: "Put \"order line number\" in PascalCase", sv: "Skriv \"order line number\" i PascalCase" },
      input: { text: "order line number", to: "pascal" },
      output: { text: "OrderLineNumber" },
    },
    {
      request: { en: "Convert \"half past nine\" to uppercase", sv: "Gör om \"half past nine\" till versaler" },
      input: { text: "half past nine", to: "upper" },
      output: { text: "HALF PAST NINE" },
    },
    {
      request: { en: "Convert \"LOUD VOICE\" to lowercase", sv: "Gör om \"LOUD VOICE\" till gemener" },
      input: { text: "LOUD VOICE", to: "lower" },
      output: { text: "loud voice" },
    },
    {
      request: { en: "Write \"mind the step\" in upper case", sv: "Skriv \"mind the step\" med versaler" },
      input: { text: "mind the step", to: "upper" },
      output: { text: "MIND THE STEP" },
    },
    {
      request: { en: "Write \"KEEP QUIET\" in lowercase letters", sv: "Skriv \"KEEP QUIET\" med gemener" },
      input: { text: "KEEP QUIET", to: "lower" },
      output: { text: "keep quiet" },
    },
    {
      request: { en: "Put \"GO HOME\" in small letters", sv: "Skriv \"GO HOME\" med små bokstäver" },
      input: { text: "GO HOME", to: "lower" },
      output: { text: "go home" },
    },
    {
      request: { en: "Put \"summer plans\" in title format", sv: "Skriv \"summer plans\" i titelformat" },
      input: { text: "summer plans", to: "title" },
      output: { text: "Summer Plans" },
    },
  ],
  run({ text, to }) {
    const converted = CASES[to](text);
    if (converted === "") throw new SkillError("invalid-input", `there are no words in ${JSON.stringify(text)}`);
    return { text: converted };
  },
});
