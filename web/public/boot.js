// Runs before the first paint, so that nobody sees the wrong theme or hears the wrong language for a moment.
// What it reads was written by src/settings/theme.svelte.ts and src/language/index.svelte.ts.
(function () {
  var root = document.documentElement;
  try {
    var theme = localStorage.getItem('sosik.theme');
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
    var language = localStorage.getItem('sosik.language');
    if (language) root.lang = language;
    if (localStorage.getItem('sosik.me')) root.dataset.known = '';
  } catch (_refused) {
    // Storage is switched off: the defaults of the system apply.
  }
})();
