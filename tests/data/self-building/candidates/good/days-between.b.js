/* happyos
name = "days-between"
version = "0.1.0"
*/

skill({
  name: "days-between",
  description: "Counts the days from one date to another.",
  inputSchema: {"type": "object", "properties": {"from": {"type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}$"}, "to": {"type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}$"}}, "required": ["from", "to"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"days": {"type": "integer"}}, "required": ["days"], "additionalProperties": false},
  examples: [
    {"request": {"en": "How many days from 2024-01-01 to 2024-01-31?"}, "input": {"from": "2024-01-01", "to": "2024-01-31"}, "output": {"days": 30}},
    {"request": {"en": "How many days from 2023-03-01 to 2023-03-02?"}, "input": {"from": "2023-03-01", "to": "2023-03-02"}, "output": {"days": 1}},
    {"request": {"en": "How many days from 2023-12-31 to 2024-01-01?"}, "input": {"from": "2023-12-31", "to": "2024-01-01"}, "output": {"days": 1}},
    {"request": {"en": "How many days from 2022-05-05 to 2022-06-05?"}, "input": {"from": "2022-05-05", "to": "2022-06-05"}, "output": {"days": 31}},
    {"request": {"en": "How many days from 2021-02-01 to 2021-03-01?"}, "input": {"from": "2021-02-01", "to": "2021-03-01"}, "output": {"days": 28}},
    {"request": {"en": "How many days from 2020-06-01 to 2020-12-01?"}, "input": {"from": "2020-06-01", "to": "2020-12-01"}, "output": {"days": 183}},
  ],
  run(input, context) {
    const julian = (text) => {
      let [y, m, d] = text.split("-").map(Number);
      const a = Math.floor((14 - m) / 12); y = y + 4800 - a; m = m + 12 * a - 3;
      return d + Math.floor((153 * m + 2) / 5) + 365 * y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) - 32045;
    };
    return { days: julian(input.to) - julian(input.from) };
  },
});
