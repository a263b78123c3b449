//! The script interpreter: takes one `.js` file in and answers as the skills it declares.

import { failed, toOutput, toSkillError } from "./answer.js";
import { DeclarationError, remember, scriptError } from "./errors.js";
import { install, reseed } from "./globals.js";
import { skills } from "./declare.js";

/// Called under this name, `eval` runs code as a script of its own: its lines and columns are the
/// author's, and it sees none of this file's names. `new Function` would parse every script twice:
/// the engine scans what stands in brackets ahead, to tell an arrow function from an expression.
const runScript = eval;

/// `happyos:script/interpreter`.
export const interpreter = {
  load(source) {
    remember(source);
    try {
      runScript(source);
      if (skills.size === 0) {
        throw new DeclarationError("the script declares no skill; hint: skill({ name, description, inputSchema, run(input) { … } })");
      }
    } catch (error) {
      throw scriptError(error);
    }
  },
};

/// `happyos:skill/skills`.
const skillsInterface = {
  list() {
    return Array.from(skills, ([name, { metadata }]) => ({ name, metadata }));
  },

  call(name, inputJson, context) {
    const found = skills.get(name);
    if (!found) throw failed(`this script declares no skill \`${name}\``);
    let input;
    try {
      input = JSON.parse(inputJson);
    } catch (error) {
      throw { tag: "invalid-input", val: `the input is not JSON: ${error.message}` };
    }
    reseed();
    let returned;
    try {
      returned = found.run(input, toContext(context));
    } catch (error) {
      throw toSkillError(error);
    }
    return toOutput(name, returned);
  },
};
export { skillsInterface as skills };

/// The WIT record `context` as scripts see it. The engine hands 64 bits over as a signed number, so
/// the seed loses what lies beyond 53 bits.
function toContext({ requestId, sessionId, locale, remainingMs, seed }) {
  return { requestId, sessionId, locale, remainingMs, seed: seed < 0 ? seed + 2 ** 64 : seed };
}

install();
