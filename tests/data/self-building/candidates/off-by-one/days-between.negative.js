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
    const at = (date) => Date.parse(date + "T00:00:00Z");
    return { days: Math.abs(Math.round((at(input.to) - at(input.from)) / 86400000)) };
  },
});
