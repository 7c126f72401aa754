// Before the first paint, so that the page does not flash in the wrong theme; a file, as the policy allows no inline script.
try {
  const theme = localStorage.getItem("classpulse.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is switched off: the system's theme it is.
}
