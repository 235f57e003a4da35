/**
 * The one seam between the page and the engine. Components never call the transport: they read the desk's state, which
 * reads this. A transport is chosen in `main.ts`; the tests bring a scripted one.
 */
import type { Attached } from './types/Attached';
import type { Batch } from './types/Batch';
import type { ChoiceForm } from './types/ChoiceForm';
import type { MissingPart } from './types/MissingPart';
import type { Refusal } from './types/Refusal';
import type { ShowNeed } from './types/ShowNeed';
import type { StartForm } from './types/StartForm';
import type { StatusView } from './types/StatusView';
import type { TimelineEntry } from './types/TimelineEntry';

export interface Api {
  /** Hears batches from now on; answers how to stop hearing. Comes before `attach`, so that none is missed. */
  listen(hear: (batch: Batch) => void): Promise<() => void>;
  /** Hears what the desktop has the page open: the card of a notification that was clicked. */
  listenShow(hear: (show: ShowNeed) => void): Promise<() => void>;
  /** Begins a run of batches for this page. */
  attach(): Promise<Attached>;
  /** Says that a batch has been shown; only then the next one comes. */
  ack(epoch: number, number: number): void;
  status(): Promise<StatusView>;
  /** At most `limit` entries above `since`, oldest first. */
  timeline(session: string, since: number, limit: number): Promise<TimelineEntry[]>;
  start(form: StartForm): Promise<string>;
  startDemo(): Promise<string>;
  stop(session: string): Promise<void>;
  /** Answers a question of a session. It is durable once this returns. */
  answer(session: string, approval: string, choice: ChoiceForm): Promise<void>;
  /** Takes back what was allowed for a whole session. */
  revoke(session: string, grant: string): Promise<void>;
  /** Asks for a folder in the system's dialog; null when the person thought better of it. */
  pickFolder(): Promise<string | null>;
  /** What this desktop lacks, such as somebody who shows notifications. */
  missing(): Promise<MissingPart[]>;
}

/** Whatever was thrown, as a refusal that can be shown. */
export function asRefusal(thrown: unknown): Refusal {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown) {
    const { code, message } = thrown as { code: unknown; message: unknown };
    const hint = (thrown as { hint?: unknown }).hint;
    return { code: String(code), message: String(message), hint: typeof hint === 'string' ? hint : null };
  }
  return { code: 'internal', message: thrown instanceof Error ? thrown.message : String(thrown), hint: null };
}

export type { Attached, Batch, ChoiceForm, MissingPart, Refusal, ShowNeed, StartForm, StatusView, TimelineEntry };
export type { ApprovalView } from './types/ApprovalView';
export type { CheckView } from './types/CheckView';
export type { DecisionView } from './types/DecisionView';
export type { FindingView } from './types/FindingView';
export type { GrantView } from './types/GrantView';
export type { NeedView } from './types/NeedView';
export type { ReviewView } from './types/ReviewView';
export type { SessionNews } from './types/SessionNews';
export type { SessionView } from './types/SessionView';
export type { WorkerView } from './types/WorkerView';
