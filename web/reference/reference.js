// Shows the description that this server gives of itself. Whoever is logged in here tries calls as themselves; others put
// a token under "Authorize".
const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();

SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  // Asks a server of others whether the description is valid; ours is checked by its tests.
  validatorUrl: null,
});
