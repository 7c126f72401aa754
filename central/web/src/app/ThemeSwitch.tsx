import type { ReactElement } from "react";
import { Button } from "../design/Button";
import type { IconName } from "../design/Icon";
import { useTheme, type Theme } from "./theme";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const ICONS: Record<Theme, IconName> = { system: "system", light: "sun", dark: "moon" };

export function ThemeSwitch(): ReactElement {
  const [theme, choose] = useTheme();
  const words = `Theme: ${theme}. Switch to ${NEXT[theme]}`;
  return (
    <Button
      look="plain"
      icon={ICONS[theme]}
      aria-label={words}
      title={words}
      onClick={() => {
        choose(NEXT[theme]);
      }}
    />
  );
}
