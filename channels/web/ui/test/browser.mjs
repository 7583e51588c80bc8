// Looks at the pages in Chromium against the stand-in and prints what is wrong, as a JSON array: node browser.mjs [name of one part].
import { start } from "./mock.mjs";
import { notices } from "./notices.mjs";
import { launch } from "./phone.mjs";
import { signed } from "./signed.mjs";
import { talks } from "./talks.mjs";

const problems = [], browser = await launch();
const only = process.argv[2];

// run has one part play with a city of its own.
async function run([name, part]) {
  const city = await start(), elsewhere = await start();
  try {
    await part({ browser, city, elsewhere, problems });
  } catch (e) {
    problems.push(`${name}: ${e.message.split("\n").slice(0, 4).join(" ")}`);
  }
  await Promise.all([city.stop(), elsewhere.stop()]);
}

const parts = Object.entries({ ...talks, ...notices, ...signed }).filter(([name]) => !only || name === only);
const each = 3; // at a time
await Promise.all(Array.from({ length: each }, async () => {
  for (let next; (next = parts.shift());) await run(next);
}));
await browser.close();
console.log(JSON.stringify(problems, null, 1));
