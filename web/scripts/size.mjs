// How much script and style a browser loads before the first feed is shown: `npm run size`, after a build. The promise is
// at most 70 kB of script, compressed with gzip.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** What the first feed may cost, in bytes. */
const SCRIPT_BYTES_MAX = 70_000;

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const manifest = JSON.parse(readFileSync(`${dist}.vite/manifest.json`, 'utf8'));
const gzip = (path) => gzipSync(readFileSync(dist + path), { level: 9 }).length;

/** Files that a chunk needs to run, itself first. */
function needed(name, seen = new Set()) {
  if (seen.has(name)) return [];
  seen.add(name);
  return [name, ...(manifest[name].imports ?? []).flatMap((other) => needed(other, seen))];
}

const languages = Object.keys(manifest).filter((name) => /src\/language\/(ko|en|ja)\.ts$/.test(name));
const first = needed('index.html');
const scripts = first.map((name) => [manifest[name].file, gzip(manifest[name].file)]);
const largest = languages
  .map((name) => [manifest[name].file, gzip(manifest[name].file)])
  .sort((a, b) => b[1] - a[1])[0];
const styles = first.flatMap((name) => manifest[name].css ?? []).map((file) => [file, gzip(file)]);
const script = [...scripts, largest, ['boot.js', gzip('boot.js')]];
const sum = (list) => list.reduce((total, [, bytes]) => total + bytes, 0);

for (const [file, bytes] of [...script, ...styles]) console.log(`${String(bytes).padStart(7)}  ${file}`);
console.log(`script before the first feed: ${sum(script)} bytes of gzip, at most ${SCRIPT_BYTES_MAX}`);
console.log(`style before the first feed: ${sum(styles)} bytes of gzip`);
if (sum(script) > SCRIPT_BYTES_MAX) process.exit(1);
