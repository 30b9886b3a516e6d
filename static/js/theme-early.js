// Loaded before the page is painted, so that it never flashes in the other theme.
(() => {
  const kept = localStorage.getItem("theme");
  document.documentElement.dataset.bsTheme = kept === "light" ? "light" : "dark";
  document.documentElement.dataset.agThemeMode = document.documentElement.dataset.bsTheme;
})();
