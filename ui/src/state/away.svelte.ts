/** What happened while the person looked elsewhere: one line a session, shown when they are back. */
import type { SessionView } from '../api/api';
import { counted, dollars, tokens } from '../text/format';
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
  #since: number | null = null;
  /** How things stood when the person last saw all of them. */
  #seen: Map<string, SessionView> | null = null;

  /** The person turns away from the window. */
  leave(sessions: readonly SessionView[], now: number): void {
    this.#since ??= now;
    // What still lies there from before is told along with what comes.
    this.#seen ??= new Map(sessions.map((one) => [one.id, one]));
  }

  /** The person is back. */
  comeBack(sessions: readonly SessionView[], now: number): void {
    const [since, seen] = [this.#since, this.#seen];
    this.#since = null;
    if (since === null || seen === null) return;
    if (now - since >= SHORT) this.missed = sessions.flatMap((one) => whatChanged(seen.get(one.id), one) ?? []);
    if (this.missed.length === 0) this.#seen = null;
  }

  /** The person has read one line, or all. */
  dismiss(session: SessionView | null = null): void {
    this.missed = session === null ? [] : this.missed.filter((one) => one.id !== session.id);
    if (session !== null) this.#seen?.set(session.id, session);
    if (this.missed.length === 0) this.#seen = null;
  }
}

/** What is worth telling of a session; null where only its workers went on. */
export function whatChanged(before: SessionView | undefined, now: SessionView): Missed | null {
  if (before !== undefined && before.seq === now.seq) return null;
  const what: string[] = [];
  const last = now.decisions.slice(before?.decisions.length ?? 0).at(-1);
  if (last !== undefined) what.push(`decided: ${decisionLook(last.decision).word.toLowerCase()}`);
  const known = new Set(before?.files_changed);
  const files = now.files_changed.filter((path) => !known.has(path)).length;
  if (files > 0) what.push(known.size === 0 ? `${counted(files, 'file')} changed` : `${counted(files, 'more file')} changed`);
  const needed = new Set(before?.needs_you.map(keyOf));
  const news = what.length > 0 || before?.state !== now.state || now.needs_you.some((need) => !needed.has(keyOf(need)));
  if (!news) return null;
  what.push(...spent(before, now));
  const waits = now.needs_you.length;
  if (waits > 0) what.push(`${counted(waits, 'matter waits', 'matters wait')} for you`);
  return { id: now.id, goal: now.goal, look: sessionLook(now), what };
}

const keyOf = (need: SessionView['needs_you'][number]) => need.id ?? `${need.kind} ${need.title}`;

/** What the session cost meanwhile: in dollars as far as they are known, else in tokens. */
function spent(before: SessionView | undefined, now: SessionView): string[] {
  const dollarsOf = (session: SessionView | undefined) => session?.cost_known_usd ?? 0;
  const [cost, more] = [dollarsOf(now) - dollarsOf(before), now.tokens - (before?.tokens ?? 0)];
  if (cost >= 0.01) return [`${dollars(cost)}${now.cost_usd === null ? ' + unknown' : ''} spent`];
  return more > 0 ? [`${tokens(more)} spent`] : [];
}
