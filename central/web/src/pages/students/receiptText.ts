import type { Receipt } from "../../api/models";
import { count } from "../../time/formats";

/** The receipt as a text file, for the school's records. `moment`: shows a time in the school's zone. */
export function receiptText(receipt: Receipt, school: string, moment: (at: string) => string): string {
  const lines = [
    `Receipt ${receipt.receipt}: erasure of student ${receipt.student_id}`,
    `${school}, ${moment(receipt.erased_at)}, by ${receipt.erased_by}`,
    "",
    ...receiptRows(receipt).map(([name, value]) => `${name}: ${value}`),
  ];
  if (receipt.left_to_do.length > 0) {
    lines.push("", "Left to do by a person:", ...receipt.left_to_do.map((task) => `- ${task}`));
  }
  return `${lines.join("\n")}\n`;
}

/** What was erased, line by line. */
export function receiptRows(receipt: Receipt): [name: string, value: string][] {
  return [
    ["Profile", receipt.profile ? "erased" : "there was none"],
    ["Observations erased", count(receipt.observations)],
    ...receipt.classrooms.map((one): [string, string] => [
      `Of these in ${one.classroom}`,
      count(one.observations),
    ]),
    ["Rows of minutes, hours and days erased", count(receipt.aggregates)],
    ["Retained messages at the broker", retained(receipt.retained_messages)],
  ];
}

function retained(found: number | null): string {
  return found === null ? "the broker could not be asked" : found === 0 ? "none" : `${count(found)} found`;
}
