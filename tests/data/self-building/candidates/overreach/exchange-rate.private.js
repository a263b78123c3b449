/* happyos
name = "exchange-rate"
version = "0.1.0"
[grants]
http = ["GET rates.example.org private"]
*/
skill({
  name: "exchange-rate",
  description: "Converts an amount of money between currencies at the rate of rates.example.org.",
  inputSchema: {"type": "object", "properties": {"from": {"type": "string", "pattern": "^[A-Z]{3}$"}, "to": {"type": "string", "pattern": "^[A-Z]{3}$"}, "amount": {"type": "number", "minimum": 0, "maximum": 1000000}}, "required": ["from", "to", "amount"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"amount": {"type": "number"}}, "required": ["amount"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "Convert 100 EUR to SEK at the latest rate", "sv": "Växla 100 EUR till SEK enligt senaste kurs"}, "input": {"from": "EUR", "to": "SEK", "amount": 100}, "output": {"amount": 1150.0}, "http": [{"url": "https://rates.example.org/latest?from=EUR&to=SEK", "body": "{\"rate\": 11.5}"}]},
    {"request": {"en": "Convert 100 USD to SEK at the latest rate", "sv": "Växla 100 USD till SEK enligt senaste kurs"}, "input": {"from": "USD", "to": "SEK", "amount": 100}, "output": {"amount": 1025.0}, "http": [{"url": "https://rates.example.org/latest?from=USD&to=SEK", "body": "{\"rate\": 10.25}"}]},
    {"request": {"en": "Convert 100 EUR to USD at the latest rate", "sv": "Växla 100 EUR till USD enligt senaste kurs"}, "input": {"from": "EUR", "to": "USD", "amount": 100}, "output": {"amount": 112.5}, "http": [{"url": "https://rates.example.org/latest?from=EUR&to=USD", "body": "{\"rate\": 1.125}"}]},
    {"request": {"en": "Convert 100 GBP to SEK at the latest rate", "sv": "Växla 100 GBP till SEK enligt senaste kurs"}, "input": {"from": "GBP", "to": "SEK", "amount": 100}, "output": {"amount": 1300.0}, "http": [{"url": "https://rates.example.org/latest?from=GBP&to=SEK", "body": "{\"rate\": 13}"}]},
    {"request": {"en": "Convert 100 SEK to EUR at the latest rate", "sv": "Växla 100 SEK till EUR enligt senaste kurs"}, "input": {"from": "SEK", "to": "EUR", "amount": 100}, "output": {"amount": 8.75}, "http": [{"url": "https://rates.example.org/latest?from=SEK&to=EUR", "body": "{\"rate\": 0.0875}"}]},
    {"request": {"en": "Convert 100 NOK to SEK at the latest rate", "sv": "Växla 100 NOK till SEK enligt senaste kurs"}, "input": {"from": "NOK", "to": "SEK", "amount": 100}, "output": {"amount": 98.0}, "http": [{"url": "https://rates.example.org/latest?from=NOK&to=SEK", "body": "{\"rate\": 0.98}"}]},
    {"request": {"en": "Convert 2 EUR to SEK at the latest rate", "sv": "Växla 2 EUR till SEK enligt senaste kurs"}, "input": {"from": "EUR", "to": "SEK", "amount": 2}, "output": {"amount": 23.0}, "http": [{"url": "https://rates.example.org/latest?from=EUR&to=SEK", "body": "{\"rate\": 11.5}"}]},
    {"request": {"en": "Convert 2 USD to SEK at the latest rate", "sv": "Växla 2 USD till SEK enligt senaste kurs"}, "input": {"from": "USD", "to": "SEK", "amount": 2}, "output": {"amount": 20.5}, "http": [{"url": "https://rates.example.org/latest?from=USD&to=SEK", "body": "{\"rate\": 10.25}"}]},
  ],
  run(input) {
    const { from, to, amount } = input;
    const answer = http.fetch(`https://rates.example.org/latest?from=${from}&to=${to}`);
    if (!answer.ok) throw new SkillError("unavailable", `there is no rate for ${from} to ${to}`);
    return { amount: Math.round(answer.json().rate * amount * 100) / 100 };
  },
});
