/** What shows names or profiles, and is asked for again when one changed. */
export const ABOUT_STUDENTS = [
  "/api/students",
  "/api/unknown-students",
  "/api/groups",
  "/api/overview",
  "/api/classrooms",
] as const;

export function studentPath(studentId: string): string {
  return `/api/students/${encodeURIComponent(studentId)}`;
}
