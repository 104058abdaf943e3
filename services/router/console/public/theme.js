// Blocking and tiny on purpose: theme and language stand before the first paint, so nothing flashes.
(function () {
  try {
    const theme = localStorage.getItem("console.theme");
    const language = localStorage.getItem("console.language");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    if (language) document.documentElement.lang = language;
  } catch {
    // Storage is forbidden: the browser's own theme and language stand.
  }
})();
