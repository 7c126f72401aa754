import { createContext, use, useMemo, type ReactElement, type ReactNode } from "react";
import type { School } from "../api/models";
import { createFormats, type Formats } from "../time/formats";

const Context = createContext<{ school: School; formats: Formats } | null>(null);

export function SchoolProvider({ school, children }: { school: School; children: ReactNode }): ReactElement {
  const value = useMemo(() => ({ school, formats: createFormats(school.timezone) }), [school]);
  return <Context value={value}>{children}</Context>;
}

function useContextValue() {
  const value = use(Context);
  if (value === null) throw new Error("outside <SchoolProvider>: only pages of a session know the school");
  return value;
}

export function useSchool(): School {
  return useContextValue().school;
}

/** Times in the school's zone. */
export function useFormats(): Formats {
  return useContextValue().formats;
}
