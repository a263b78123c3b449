/* happyos
name = "luhn-check"
version = "0.1.0"
*/
skill({
  name: "luhn-check",
  description: "Checks a card number by the Luhn sum.",
  inputSchema: {"type": "object", "properties": {"number": {"type": "string", "minLength": 1, "maxLength": 40, "pattern": "^[0-9 ]+$"}}, "required": ["number"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"valid": {"type": "boolean"}}, "required": ["valid"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "Is the card number 4539 1488 0343 6467 valid by its Luhn sum?", "sv": "Stämmer kortnumret 4539 1488 0343 6467 enligt Luhn?"}, "input": {"number": "4539 1488 0343 6467"}},
    {"request": {"en": "Is the card number 8273 1232 7352 0569 valid by its Luhn sum?", "sv": "Stämmer kortnumret 8273 1232 7352 0569 enligt Luhn?"}, "input": {"number": "8273 1232 7352 0569"}},
    {"request": {"en": "Is the card number 79927398713 valid by its Luhn sum?", "sv": "Stämmer kortnumret 79927398713 enligt Luhn?"}, "input": {"number": "79927398713"}},
    {"request": {"en": "Is the card number 79927398710 valid by its Luhn sum?", "sv": "Stämmer kortnumret 79927398710 enligt Luhn?"}, "input": {"number": "79927398710"}},
    {"request": {"en": "Is the card number 4111111111111111 valid by its Luhn sum?", "sv": "Stämmer kortnumret 4111111111111111 enligt Luhn?"}, "input": {"number": "4111111111111111"}},
    {"request": {"en": "Is the card number 1234567812345670 valid by its Luhn sum?", "sv": "Stämmer kortnumret 1234567812345670 enligt Luhn?"}, "input": {"number": "1234567812345670"}},
    {"request": {"en": "Is the card number 1234567812345678 valid by its Luhn sum?", "sv": "Stämmer kortnumret 1234567812345678 enligt Luhn?"}, "input": {"number": "1234567812345678"}},
    {"request": {"en": "Is the card number 5500005555555559 valid by its Luhn sum?", "sv": "Stämmer kortnumret 5500005555555559 enligt Luhn?"}, "input": {"number": "5500005555555559"}},
  ],
  run({ number }) {
    const digits = [...number.replace(/ /g, "")].map(Number);
    const sum = digits.reduce((sum, digit, index) => sum + (index % 2 === 0 ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit), 0);
    return { valid: digits.length > 1 && sum % 10 === 0 };
  },
});
