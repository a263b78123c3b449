//! The world `plain` in JavaScript, for the tests of components that know nothing of this project.

export const shop = {
  total(items) {
    let sum = 0;
    for (const { name, price, count } of items) {
      // An error that is thrown is the `err` of the WIT result.
      if (!(price >= 0)) throw `${name} has no price`;
      sum += price * count;
    }
    return sum;
  },

  find(items, name) {
    return items.find((item) => item.name === name);
  },

  nextSerial(last) {
    return last + 1n;
  },
};

export function reverse(words) {
  return [...words].reverse();
}

export function reverseBytes(data) {
  return data.slice().reverse();
}

export function say(line) {
  console.log(line);
  return line.length;
}

export function now() {
  return BigInt(Date.now());
}

export async function request(url, body) {
  try {
    const response = await fetch(url, body === "" ? {} : { method: "POST", body });
    return `${response.status} ${await response.text()}`;
  } catch (error) {
    throw String(error);
  }
}

export function crash(reason) {
  throw new Error(reason);
}
