/** What happened while the person looked elsewhere: one line a session, shown when they are back. */
import type { SessionView } from '../api/api';
import { counted, dollars } from '../text/format';
import { decisionLook, sessionLook, type Look } from '../text/words';

/** Who is away for less than this has missed nothing, in milliseconds. */
export const SHORT = 60_000;

export interface Missed {
  id: string;
  goal: string;
  look: Look;
  /** Decided, changed, spent, and what waits, in this order. */
  what: string[];
}

export class Away {
  missed = $state.raw<Missed[]>([]);
  #left: { at: number; before: Map<string, SessionView> } | null = null;

  /** The person turns away from the window. */
  leave(sessions: readonly SessionView[], now: number): void {
    this.#left ??= { at: now, before: new Map(sessions.map((one) => [one.id, one])) };
  }

  /** The person is back. */
  comeBack(sessions: readonly SessionView[], now: number): void {
    const left = this.#left;
    this.#left = null;
    if (left === null || now - left.at < SHORT) return;
    const missed = sessions.flatMap((one) => whatChanged(left.before.get(one.id), one) ?? []);
    if (missed.length > 0) this.missed = missed;
  }

  dismiss(): void {
    this.missed = [];
  }
}

/** What is worth telling of a session; null where only its workers went on. */
export function whatChanged(before: SessionView | undefined, now: SessionView): Missed | null {
  if (before !== undefined && before.seq === now.seq) return null;
  const what: string[] = [];
  const decisions = now.decisions.slice(before?.decisions.length ?? 0);
  const last = decisions.at(-1);
  if (last !== undefined) what.push(`decided: ${decisionLook(last.decision).word.toLowerCase()}`);
  const files = now.files_changed.length;
  if (files > 0 && files !== (before?.files_changed.length ?? 0)) what.push(`${counted(files, 'file')} changed`);
  // What was not known before cannot be told from what was spent meanwhile.
  const known = before === undefined ? 0 : before.cost_usd;
  const spent = known === null ? 0 : (now.cost_usd ?? 0) - known;
  if (spent >= 0.01) what.push(`${dollars(spent)} spent`);
  const waits = now.needs_you.length;
  if (waits > (before?.needs_you.length ?? 0)) what.push(`${counted(waits, 'matter waits', 'matters wait')} for you`);
  if (what.length === 0 && before?.state === now.state) return null;
  return { id: now.id, goal: now.goal, look: sessionLook(now), what };
}
