/** The rows of the timeline: entries as they are, and runs of tool calls, with what they changed, folded into one. */
import type { TimelineEntry } from '../api/api';

export interface Kept {
  /** Its own number in this window; one event may give several entries. */
  id: number;
  entry: TimelineEntry;
}

export interface EntryRow {
  sort: 'entry';
  id: number;
  entry: TimelineEntry;
}

export interface ToolsRow {
  sort: 'tools';
  id: number;
  worker: string | null;
  calls: TimelineEntry[];
}

export type Row = EntryRow | ToolsRow;

/** What is folded: a call, how it failed, and the files that it changed. */
const FOLDED = ['tool', 'files'];

/** Folds what one worker's tools did in a row; a single entry stays as it is. */
export function fold(kept: readonly Kept[]): Row[] {
  const rows: Row[] = [];
  for (const { id, entry } of kept) {
    const last = rows.at(-1);
    if (FOLDED.includes(entry.kind) && last !== undefined) {
      if (last.sort === 'tools' && last.worker === entry.worker) {
        last.calls.push(entry);
        continue;
      }
      if (last.sort === 'entry' && FOLDED.includes(last.entry.kind) && last.entry.worker === entry.worker) {
        rows[rows.length - 1] = { sort: 'tools', id: last.id, worker: entry.worker, calls: [last.entry, entry] };
        continue;
      }
    }
    rows.push({ sort: 'entry', id, entry });
  }
  return rows;
}

/** Whether the newest `many` rows came within a second. */
export function isFlood(rows: readonly Row[], many: number): boolean {
  const [first, last] = [rows.at(-many), rows.at(-1)];
  return rows.length >= many && first !== undefined && last !== undefined && time(last) - time(first) < 1_000;
}

function time(row: Row): number {
  return Date.parse(row.sort === 'tools' ? row.calls.at(-1)!.at : row.entry.at);
}
