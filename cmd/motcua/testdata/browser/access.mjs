// Looks at a page as somebody does who sees, hears or moves otherwise than most.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

// violations gives what breaks WCAG 2.2 AA in a page or frame, in light and dark colours, each with letters as they are and of double size.
export async function violations(page, where, frame = page) {
  const found = [];
  await frame.evaluate(axe);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const size of ['', '200%']) {
      await frame.evaluate((size) => { document.documentElement.style.fontSize = size; }, size);
      const all = await frame.evaluate(async (rules) => {
        const { violations } = await globalThis.axe.run(document, { runOnly: rules });
        const wide = document.documentElement.scrollWidth - window.innerWidth;
        return [...violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`), ...(wide > 0 ? [`${wide} px too wide`] : [])];
      }, rules);
      found.push(...all.map((v) => `${where}, ${colorScheme} ${size}: ${v}`));
    }
  }
  await frame.evaluate(() => { document.documentElement.style.fontSize = ''; });
  return found;
}
