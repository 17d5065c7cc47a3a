import { byId } from "./dom";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

const PLACE = "flowspec-theme";

/** The switch between light, dark, and what the system says. `changed` is called where colors change. */
export function themes(changed: () => void): void {
  const root = document.documentElement;
  const group = byId("theme");
  const choose = (theme: Theme): void => {
    root.dataset.theme = theme;
    changed();
  };
  for (const input of group.querySelectorAll("input")) {
    input.checked = input.value === remembered();
    input.addEventListener("change", () => {
      remember(input.value);
      choose(input.value as Theme);
    });
  }
  choose(remembered());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}

function remembered(): Theme {
  try {
    const found = localStorage.getItem(PLACE) as Theme;
    return THEMES.includes(found) ? found : "auto";
  } catch {
    return "auto"; // pages may be without a memory
  }
}

function remember(theme: string): void {
  try {
    localStorage.setItem(PLACE, theme);
  } catch {
    // the choice lasts as long as the page
  }
}
