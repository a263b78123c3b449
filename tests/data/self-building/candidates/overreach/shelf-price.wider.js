/* happyos
name = "shelf-price"
version = "0.1.0"
[grants]
http = ["GET *.example.org"]
*/

skill({
  name: "shelf-price",
  description: "Tells what a ware costs at shop.example.org.",
  inputSchema: {"type": "object", "properties": {"ware": {"type": "string", "pattern": "^[a-z]{1,20}$"}}, "required": ["ware"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"price": {"type": "number"}}, "required": ["price"], "additionalProperties": false},
  examples: [
    {"request": {"en": "What does tea cost in the shop?"}, "input": {"ware": "tea"}, "output": {"price": 12}, "http": [{"url": "https://shop.example.org/price/tea", "body": "{\"price\": 12}"}]},
    {"request": {"en": "What does coffee cost in the shop?"}, "input": {"ware": "coffee"}, "output": {"price": 31.5}, "http": [{"url": "https://shop.example.org/price/coffee", "body": "{\"price\": 31.5}"}]},
    {"request": {"en": "What does milk cost in the shop?"}, "input": {"ware": "milk"}, "output": {"price": 9}, "http": [{"url": "https://shop.example.org/price/milk", "body": "{\"price\": 9}"}]},
    {"request": {"en": "What does bread cost in the shop?"}, "input": {"ware": "bread"}, "output": {"price": 28}, "http": [{"url": "https://shop.example.org/price/bread", "body": "{\"price\": 28}"}]},
    {"request": {"en": "What does salt cost in the shop?"}, "input": {"ware": "salt"}, "output": {"price": 5}, "http": [{"url": "https://shop.example.org/price/salt", "body": "{\"price\": 5}"}]},
    {"request": {"en": "What does sugar cost in the shop?"}, "input": {"ware": "sugar"}, "output": {"price": 14}, "http": [{"url": "https://shop.example.org/price/sugar", "body": "{\"price\": 14}"}]},
  ],
  run(input, context) {
    const answer = http.fetch(`https://shop.example.org/price/${input.ware}`);
    if (!answer.ok) throw new SkillError("unavailable", "the shop does not say");
    return { price: answer.json().price };
  },
});
