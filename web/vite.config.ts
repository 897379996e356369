// How the client is built and how its parts are tested. The service worker has its own build (vite.sw.config.ts), since it
// must be one file at a fixed address and lists what this build made.
import { fileURLToPath } from 'node:url';

import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** Where a running server is, for `npm run dev`. */
const server = process.env['SOSIK_URL'] ?? 'http://127.0.0.1:8420';

export default defineConfig({
  plugins: [svelte()],
  resolve: {
    alias: { $: fileURLToPath(new URL('src', import.meta.url)) },
    // Component tests run the client's Svelte, not the one that renders on servers.
    ...(process.env['VITEST'] ? { conditions: ['browser'] } : {}),
  },
  build: {
    target: 'es2022',
    // The oldest browsers with `light-dark()`, which the tokens are made of.
    cssTarget: ['chrome123', 'safari17.5', 'firefox120'],
    // Nothing is inlined: the Content-Security-Policy allows no data scripts and no inline styles.
    assetsInlineLimit: 0,
    cssCodeSplit: true,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: true,
  },
  server: {
    proxy: { '/v1': { target: server, changeOrigin: false }, '/media': server, '/avatars': server, '/openapi.json': server },
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.ts'],
    setupFiles: ['src/test-setup.ts'],
    restoreMocks: true,
    // A busy machine may need several times as long as a quiet one; a test that waits for a state ends when it is there.
    testTimeout: 30_000,
  },
});
