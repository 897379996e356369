// The service worker's build: one plain script at /sw.js that knows every file of the client's build beside it.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vite';

const dist = fileURLToPath(new URL('dist', import.meta.url));

/** Addresses of everything the client needs to start and run without a network. */
function files(): string[] {
  return readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath.slice(dist.length)}/${entry.name}`)
    .filter((path) => !path.startsWith('/.vite') && path !== '/sw.js')
    .map((path) => (path === '/index.html' ? '/' : path))
    .sort();
}

/** Changes whenever any file changes: names of most files carry their hash, but not of all. */
function version(paths: string[]): string {
  const hash = createHash('sha256');
  for (const path of paths) {
    hash.update(path);
    hash.update(readFileSync(dist + (path === '/' ? '/index.html' : path)));
  }
  return hash.digest('hex').slice(0, 16);
}

const precached = files();

export default defineConfig({
  publicDir: false,
  define: {
    FILES: JSON.stringify(precached),
    VERSION: JSON.stringify(version(precached)),
  },
  build: {
    target: 'es2022',
    emptyOutDir: false,
    reportCompressedSize: false,
    rollupOptions: {
      input: fileURLToPath(new URL('src/sw/worker.ts', import.meta.url)),
      output: { entryFileNames: 'sw.js', format: 'iife' },
    },
  },
  resolve: { alias: { $: fileURLToPath(new URL('src', import.meta.url)) } },
});
