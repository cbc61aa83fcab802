// Runs before the page is drawn, so that it never shows in the other colours first.
(() => {
	const root = document.documentElement;
	root.classList.add("js");
	try {
		const theme = localStorage.getItem("theme");
		if (theme === "light" || theme === "dark") root.dataset.theme = theme;
	} catch {
		// Storage is switched off: the colours of the system are used.
	}
})();
