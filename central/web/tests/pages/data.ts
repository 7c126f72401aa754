/** What central answers, for tests of pages: each with all its fields, and whatever a test gives instead. */
import type {
  AccountView,
  AuditEntry,
  Device,
  Page,
  Receipt,
  SettingsView,
  Shares,
  StudentView,
} from "../../src/api/models";

export function page<Item>(items: Item[], given: Partial<Page<Item>> = {}): Page<Item> {
  return { items, total: items.length, next: null, ...given };
}

export function auditEntry(given: Partial<AuditEntry> = {}): AuditEntry {
  return {
    number: 7,
    at: "2026-11-20T10:15:00Z",
    account: "b.jones",
    action: "student.view",
    subject: "s-042",
    detail: "",
    ...given,
  };
}

export function shares(given: Partial<Shares> = {}): Shares {
  return { angry: 0, happy: 0, neutral: 0, sad: 0, tired: 0, ...given };
}

export function student(given: Partial<StudentView> = {}): StudentView {
  return {
    student_id: "s-042",
    display_name: "Ada Lovelace",
    group: "7b",
    tags: ["choir"],
    notes: "",
    consent_reference: "file 12",
    consent_expires: "2027-07-31",
    consent_expired: false,
    archived: false,
    created_at: "2026-09-01T08:00:00Z",
    updated_at: "2026-09-01T08:00:00Z",
    last_seen: "2026-11-20T10:15:00Z",
    present: null,
    ...given,
  };
}

export function device(given: Partial<Device> = {}): Device {
  return {
    classroom: "room-101",
    simulated: false,
    online: true,
    since: "2026-11-20T06:00:00Z",
    health: {
      version: "1.4.0",
      camera: "working",
      frames_per_second: 7.4,
      temperature_celsius: 61.2,
      spool_depth: 3,
      spool_oldest_seconds: 12,
      disk_free_bytes: 21_400_000_000,
      uptime_seconds: 90_000,
      throttled_bits: 0,
      models: { detector: "0123456789ab" },
    },
    health_at: "2026-11-20T10:14:50Z",
    received: 120_000,
    missing: 0,
    rejected: {},
    certificate_expires: "2027-11-01",
    complaints: [],
    ...given,
  };
}

export function receipt(given: Partial<Receipt> = {}): Receipt {
  return {
    receipt: "E-2026-0007",
    student_id: "s-042",
    erased_at: "2026-11-20T10:20:00Z",
    erased_by: "a.smith",
    profile: true,
    observations: 12_345,
    classrooms: [{ classroom: "room-101", observations: 12_345 }],
    aggregates: 987,
    retained_messages: 0,
    left_to_do: ["Run classpulse-edge forget s-042 in room-101."],
    ...given,
  };
}

export function account(given: Partial<AccountView> = {}): AccountView {
  return {
    account: "b.jones",
    role: "teacher",
    groups: ["7b"],
    active: true,
    locked: false,
    invited_until: null,
    last_login: "2026-11-19T07:30:00Z",
    created_at: "2026-09-01T08:00:00Z",
    ...given,
  };
}

export function settings(given: Partial<SettingsView> = {}): SettingsView {
  return {
    school: { name: "Hill School", timezone: "Europe/Berlin", smallest_group: 5, present_seconds: 60 },
    store: {
      observations: 1_234_567,
      missing: 12,
      rejected: 3,
      bytes: 456_000_000,
      keep_days: 30,
      keep_minutes_days: 30,
      keep_hours_days: 400,
      keep_days_days: 3650,
    },
    version: "1.4.0",
    broker: "mqtt.school.example:8883",
    broker_connected: true,
    ...given,
  };
}
