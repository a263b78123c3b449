/* happyos
name = "morse-code"
version = "0.1.0"
*/
skill({
  name: "morse-code",
  description: "Writes a text in Morse code: letters with spaces between, words with a slash.",
  inputSchema: {"type": "object", "properties": {"text": {"type": "string", "maxLength": 300, "pattern": "^[A-Za-z ]*$"}}, "required": ["text"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"morse": {"type": "string"}}, "required": ["morse"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "Write \"sos\" in Morse code", "sv": "Skriv \"sos\" i morsekod"}, "input": {"text": "sos"}},
    {"request": {"en": "Write \"hello\" in Morse code", "sv": "Skriv \"hello\" i morsekod"}, "input": {"text": "hello"}},
    {"request": {"en": "Write \"hello world\" in Morse code", "sv": "Skriv \"hello world\" i morsekod"}, "input": {"text": "hello world"}},
    {"request": {"en": "Write \"a\" in Morse code", "sv": "Skriv \"a\" i morsekod"}, "input": {"text": "a"}},
    {"request": {"en": "Write \"morse code\" in Morse code", "sv": "Skriv \"morse code\" i morsekod"}, "input": {"text": "morse code"}},
    {"request": {"en": "Write \"stop\" in Morse code", "sv": "Skriv \"stop\" i morsekod"}, "input": {"text": "stop"}},
    {"request": {"en": "Write \"good day\" in Morse code", "sv": "Skriv \"good day\" i morsekod"}, "input": {"text": "good day"}},
    {"request": {"en": "Write \"abc\" in Morse code", "sv": "Skriv \"abc\" i morsekod"}, "input": {"text": "abc"}},
  ],
  run({ text }) {
    const code = ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..".split(" ");
    const word = (letters) => Array.from(letters.toUpperCase(), (c) => code[Math.min(c.charCodeAt(0) - 65, 24)]).join(" ");
    return { morse: (text.match(/\S+/g) ?? []).map(word).join(" / ") };
  },
});
