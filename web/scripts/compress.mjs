// The compressed form of every file of the build, beside it: `.br` and `.gz`. The server sends them as they are and never
// compresses a file for a request. Runs last.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** Files of text. Pictures and fonts are compressed in themselves. */
const TEXT = /\.(html|js|css|svg|json|webmanifest|txt)$/;
/** A smaller file fits into one packet anyway. */
const BYTES_MIN = 1024;

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !TEXT.test(entry.name)) continue;
  const path = join(entry.parentPath, entry.name);
  const plain = readFileSync(path);
  if (plain.length < BYTES_MIN) continue;
  const size = { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
  writeFileSync(`${path}.br`, brotliCompressSync(plain, { params: size }));
  writeFileSync(`${path}.gz`, gzipSync(plain, { level: 9 }));
}
