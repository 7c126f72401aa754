import type { Role } from "../api/models";
import type { IconName } from "../design/Icon";

export interface Destination {
  path: string;
  name: string;
  icon: IconName;
  roles: readonly Role[];
}

/** What each role may open. Central refuses the rest anyway; this keeps it out of sight. */
export const DESTINATIONS: readonly Destination[] = [
  { path: "/", name: "Overview", icon: "overview", roles: ["admin", "teacher"] },
  { path: "/groups", name: "Groups", icon: "group", roles: ["admin", "teacher"] },
  { path: "/students", name: "Students", icon: "people", roles: ["admin", "teacher"] },
  { path: "/devices", name: "Devices", icon: "device", roles: ["admin", "technician"] },
  { path: "/audit", name: "Audit", icon: "log", roles: ["admin"] },
  { path: "/settings", name: "Settings", icon: "settings", roles: ["admin", "teacher", "technician"] },
];

export function destinations(role: Role): readonly Destination[] {
  return DESTINATIONS.filter(({ roles }) => roles.includes(role));
}

/** Whether a role may open a page; pages that are not destinations are open to all. */
export function mayOpen(role: Role, path: string): boolean {
  const destination = DESTINATIONS.find((one) => one.path === path);
  return destination?.roles.includes(role) ?? true;
}
