/** What waits for a person, and the line of the story that began it. */
import type { ApprovalView, TimelineEntry } from '../api/api';
import type { BlockerView } from '../api/types/BlockerView';

/** The `seq` of the event that a blocker's id (`orch_….9`) names. */
export function seqOf(blocker: string | null): number | null {
  const digits = /\.(\d+)$/.exec(blocker ?? '')?.[1];
  return digits === undefined ? null : Number(digits);
}

/** The open question or blocker that a line of the story is about; null for any other. */
export function needOf(entry: TimelineEntry, approvals: readonly ApprovalView[], blockers: readonly BlockerView[]): string | null {
  if (entry.kind === 'blocker') {
    return blockers.find((one) => one.state === 'open' && seqOf(one.id) === entry.seq)?.id ?? null;
  }
  if (entry.kind !== 'approval') return null;
  const asked = approvals.find(
    (one) => one.state === 'open' && one.worker === entry.worker && (one.asked_at === entry.at || entry.text === `asks again; it is question ${one.id}`),
  );
  return asked?.id ?? null;
}
