// The API reference, served at /docs: Swagger UI as it comes, and our page around it. Runs after the client's builds, so
// that the service worker does not keep it on every phone.
import { cpSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const FILES = ['swagger-ui-bundle.js', 'swagger-ui.css', 'LICENSE', 'NOTICE', 'swagger-ui-bundle.js.LICENSE.txt'];

mkdirSync(at('dist/docs'), { recursive: true });
cpSync(at('reference'), at('dist/docs'), { recursive: true });
for (const file of FILES) cpSync(at(`node_modules/swagger-ui-dist/${file}`), at(`dist/docs/${file}`));
