// Classic script, before the first paint: a chosen theme must not flash the other one. The rest is settings.js.
(() => {
  try {
    const theme = localStorage.getItem('runnity.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.setAttribute('data-theme', theme);
  } catch {
    // storage may be forbidden; then the system's theme holds
  }
})();
