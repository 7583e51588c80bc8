// Builds the pages into ../assets: names hold a hash of the content, and the same source always gives the same bytes.
// Usage: node build.mjs [--to folder] [--sizes] | --tests
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { analyzeMetafile, build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
process.chdir(here);
const argument = (name) => process.argv[process.argv.indexOf(name) + 1];
const to = process.argv.includes("--to") ? argument("--to") : "../assets";
const common = {
  bundle: true, minify: true, target: ["chrome94", "firefox93", "safari15.4"], legalComments: "none", charset: "utf8",
  jsx: "automatic", jsxImportSource: "preact", logLevel: "warning", absWorkingDir: here,
};
const hash = (data) => createHash("sha256").update(data).digest("hex").slice(0, 10);
const fill = (text, values) => text.replace(/\{\{(\w+)\}\}/g, (_, name) => values[name]);

// tests makes plain JavaScript of the tests, for node --test.
async function tests() {
  const files = (await readdir("src", { recursive: true })).filter((f) => f.endsWith(".test.ts")).map((f) => join("src", f));
  await rm("node_modules/.tests", { recursive: true, force: true });
  await build({ ...common, minify: false, entryPoints: files, outdir: "node_modules/.tests", target: "node20", outExtension: { ".js": ".mjs" }, entryNames: "[dir]-[name]", format: "esm", platform: "node", packages: "bundle" });
}

// chunks builds what the page loads and gives the names of its first script, its style and everything made.
async function chunks(files) {
  const out = await build({
    ...common, entryPoints: { app: "src/main.tsx" }, outdir: files, format: "esm", splitting: true, metafile: true,
    entryNames: "[name]-[hash]", chunkNames: "part-[hash]", assetNames: "[name]-[hash]", publicPath: "/chat/assets",
  });
  const entry = Object.entries(out.metafile.outputs).find(([, o]) => o.entryPoint === "src/main.tsx");
  if (process.argv.includes("--sizes")) console.log(await analyzeMetafile(out.metafile));
  return { script: basename(entry[0]), style: basename(entry[1].cssBundle), made: Object.keys(out.metafile.outputs).map((f) => basename(f)) };
}

// script builds one file that stands alone.
async function script(source, values) {
  const out = await build({ ...common, entryPoints: [source], format: "iife", write: false });
  return fill(out.outputFiles[0].text, values);
}

async function licences() {
  const { dependencies } = JSON.parse(await readFile("package.json", "utf8"));
  const texts = await Promise.all(Object.keys(dependencies).sort().map(async (name) => {
    const folder = join("node_modules", name), file = (await readdir(folder)).find((f) => /^licen[cs]e/i.test(f));
    return `${name} ${dependencies[name]}\n\n${file ? await readFile(join(folder, file), "utf8") : ""}`;
  }));
  return texts.map((t) => t.trim()).join("\n\n----\n\n") + "\n";
}

// place writes data under a name that holds its hash, and gives the name.
async function place(files, name, type, data) {
  const placed = `${name}-${hash(data)}.${type}`;
  await writeFile(join(files, placed), data);
  return placed;
}

async function all() {
  const files = join(to, "files"), at = (name) => `/chat/assets/${name}`;
  await mkdir(files, { recursive: true });
  const { script: js, style, made } = await chunks(files);
  const icon = await place(files, "icon", "svg", await readFile("src/icon.svg")), touch = await place(files, "icon", "png", await readFile("src/icon.png"));
  const manifest = await place(files, "chat", "webmanifest", fill(await readFile("src/chat.webmanifest", "utf8"), { icon: at(icon), touch: at(touch) }));
  await writeFile(join(files, "licenses.txt"), await licences());
  const values = { icon: at(icon), touch: at(touch), manifest: at(manifest), script: at(js), style: at(style) };
  await writeFile(join(to, "page.html"), fill(await readFile("src/page.html", "utf8"), values));
  await writeFile(join(to, "widget.js"), await script("src/widget.ts", values));
  await writeFile(join(to, "sw.js"), await script("src/sw.ts", values));
  const keep = new Set([...made, icon, touch, manifest, "licenses.txt"]); // old ones go last: somebody may be compiling them in
  for (const f of await readdir(files)) if (!keep.has(f)) await rm(join(files, f));
}

await (process.argv.includes("--tests") ? tests() : all());
