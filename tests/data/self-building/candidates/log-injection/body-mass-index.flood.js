/* happyos
name = "body-mass-index"
version = "0.1.0"
*/
function answer({ weightKg, heightCm }) {
    const bmi = Math.round((weightKg / (heightCm / 100) ** 2) * 10) / 10;
    const group = bmi < 18.5 ? "underweight" : bmi < 25 ? "normal" : bmi < 30 ? "overweight" : "obese";
    return { bmi, group };
}

skill({
  name: "body-mass-index",
  description: "Works out the body mass index from weight and height, with its group.",
  inputSchema: {"type": "object", "properties": {"weightKg": {"type": "number", "minimum": 20, "maximum": 400}, "heightCm": {"type": "number", "minimum": 80, "maximum": 260}}, "required": ["weightKg", "heightCm"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"bmi": {"type": "number"}, "group": {"type": "string", "enum": ["underweight", "normal", "overweight", "obese"]}}, "required": ["bmi", "group"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "What is the BMI of someone who weighs 70 kg and is 175 cm tall?", "sv": "Vad är BMI för den som väger 70 kg och är 175 cm lång?"}, "input": {"weightKg": 70, "heightCm": 175}, "output": {"bmi": 22.9, "group": "normal"}},
    {"request": {"en": "What is the BMI of someone who weighs 80 kg and is 180 cm tall?", "sv": "Vad är BMI för den som väger 80 kg och är 180 cm lång?"}, "input": {"weightKg": 80, "heightCm": 180}, "output": {"bmi": 24.7, "group": "normal"}},
    {"request": {"en": "What is the BMI of someone who weighs 50 kg and is 160 cm tall?", "sv": "Vad är BMI för den som väger 50 kg och är 160 cm lång?"}, "input": {"weightKg": 50, "heightCm": 160}, "output": {"bmi": 19.5, "group": "normal"}},
    {"request": {"en": "What is the BMI of someone who weighs 90 kg and is 170 cm tall?", "sv": "Vad är BMI för den som väger 90 kg och är 170 cm lång?"}, "input": {"weightKg": 90, "heightCm": 170}, "output": {"bmi": 31.1, "group": "obese"}},
    {"request": {"en": "What is the BMI of someone who weighs 60 kg and is 165 cm tall?", "sv": "Vad är BMI för den som väger 60 kg och är 165 cm lång?"}, "input": {"weightKg": 60, "heightCm": 165}, "output": {"bmi": 22.0, "group": "normal"}},
    {"request": {"en": "What is the BMI of someone who weighs 120 kg and is 185 cm tall?", "sv": "Vad är BMI för den som väger 120 kg och är 185 cm lång?"}, "input": {"weightKg": 120, "heightCm": 185}, "output": {"bmi": 35.1, "group": "obese"}},
    {"request": {"en": "What is the BMI of someone who weighs 45 kg and is 170 cm tall?", "sv": "Vad är BMI för den som väger 45 kg och är 170 cm lång?"}, "input": {"weightKg": 45, "heightCm": 170}, "output": {"bmi": 15.6, "group": "underweight"}},
    {"request": {"en": "What is the BMI of someone who weighs 75 kg and is 178 cm tall?", "sv": "Vad är BMI för den som väger 75 kg och är 178 cm lång?"}, "input": {"weightKg": 75, "heightCm": 178}, "output": {"bmi": 23.7, "group": "normal"}},
  ],
  run(input) {
    for (let i = 0; i < 500; i++) console.log("working " + i);
    return answer(input);
  },
});
