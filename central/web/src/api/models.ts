/** The API's shapes by the names that `central/api/models/` gives them. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type SessionView = Schemas["SessionView"];
export type School = SessionView["school"];
export type Role = SessionView["role"];
export type InvitedAccount = Schemas["InvitedAccount"];
export type AccountView = Schemas["AccountView"];
export type NewAccount = Schemas["NewAccount"];
export type AccountChange = Schemas["AccountChange"];
export type InvitationLink = Schemas["InvitationLink"];
export type PasswordChange = Schemas["PasswordChange"];

export type Shares = Schemas["Shares"];
export type Label = keyof Shares;
export type Present = Schemas["Present"];
export type Overview = Schemas["Overview"];
export type OverviewClassroom = Schemas["OverviewClassroom"];
export type ClassroomView = Schemas["ClassroomView"];
export type Bucket = Schemas["Bucket"];
export type Timeline = Schemas["Timeline"];
export type Resolution = Timeline["resolution"];
export type GroupView = Schemas["GroupView"];
export type PatternCell = Schemas["PatternCell"];
export type Baseline = Schemas["Baseline"];
export type StudentPattern = Schemas["StudentPattern"];
export type ObservationRow = Schemas["ObservationRow"];

export type StudentView = Required<Schemas["StudentView"]>;
export type NewStudent = Schemas["NewStudent"];
export type ProfileChange = Schemas["ProfileChange"];
export type UnknownStudent = Schemas["UnknownStudent"];
export type ImportResult = Schemas["ImportResult"];
export type Receipt = Schemas["Receipt"];

export type Device = Schemas["Device"];
export type AuditEntry = Schemas["AuditEntry"];
export type SettingsView = Schemas["SettingsView"];
export type Problem = Schemas["Problem"];
export type FieldProblem = Schemas["FieldProblem"];

/** Part of a list; `next` goes back as `after`. */
export interface Page<Item> {
  items: Item[];
  total: number;
  next: string | null;
}
