import type { ReactElement } from "react";
import { useTheme, type Theme } from "../../app/theme";
import { Card } from "../../design/Card";
import { Segments } from "../../design/Form";

export function ThemeCard(): ReactElement {
  const [theme, choose] = useTheme();
  return (
    <Card title="Theme" note="in this browser">
      <Segments<Theme>
        label="Theme"
        value={theme}
        onChange={choose}
        options={[
          ["system", "As the system"],
          ["light", "Light"],
          ["dark", "Dark"],
        ]}
      />
    </Card>
  );
}
