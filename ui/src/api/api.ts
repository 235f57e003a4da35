/**
 * The one seam between the page and the engine. Components never call the transport: they read the desk's state, which
 * reads this. A transport is chosen in `main.ts`; the tests bring a scripted one.
 */
import type { AgentCheck } from './types/AgentCheck';
import type { ScreensApi } from './screens';
import type { Attached } from './types/Attached';
import type { Batch } from './types/Batch';
import type { ChoiceForm } from './types/ChoiceForm';
import type { DoctorView } from './types/DoctorView';
import type { Dropped } from './types/Dropped';
import type { MissingPart } from './types/MissingPart';
import type { Refusal } from './types/Refusal';
import type { Remembered } from './types/Remembered';
import type { RuleOffer } from './types/RuleOffer';
import type { RulingView } from './types/RulingView';
import type { SettingsView } from './types/SettingsView';
import type { ShowNeed } from './types/ShowNeed';
import type { StartCheck } from './types/StartCheck';
import type { StartForm } from './types/StartForm';
import type { StatusView } from './types/StatusView';
import type { TimelineEntry } from './types/TimelineEntry';

export interface Api extends ScreensApi, SetupApi, SettingsApi {
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
  stop(session: string): Promise<void>;
  /** Goes on with a session that rests, perhaps with words of the person. */
  resume(session: string, message: string | null): Promise<void>;
  /** Deletes a session that does not run, with all that is kept of it. */
  remove(session: string): Promise<void>;
  /** Shows a session's folder in the file manager. */
  openFolder(session: string): Promise<void>;
  /** Opens a session's folder, or a file in it at a line, in the person's editor. */
  openEditor(session: string, path: string | null, line: number | null): Promise<void>;
  /** Opens a terminal in a session's folder. */
  openTerminal(session: string): Promise<void>;
  /** Answers a question of a session. It is durable once this returns. */
  answer(session: string, approval: string, choice: ChoiceForm): Promise<void>;
  /** The rule that a question can become; nothing is written. */
  ruleFor(session: string, approval: string): Promise<RuleOffer>;
  /** Takes back what was allowed for a whole session. */
  revoke(session: string, grant: string): Promise<void>;
  /** Takes down that a blocker is resolved, and goes on with its session. */
  resolve(session: string, blocker: string): Promise<void>;
}

/** What stands before a session. */
export interface SetupApi {
  /** What is wrong with a form, and what would happen; starts nothing. */
  checkStart(form: StartForm): Promise<StartCheck>;
  start(form: StartForm): Promise<string>;
  startDemo(): Promise<string>;
  /** What is remembered for a new session in that folder. */
  remembered(target: string): Promise<Remembered>;
  /** Asks for a folder in the system's dialog; null when the person thought better of it. */
  pickFolder(): Promise<string | null>;
  /** Hears what is dragged onto the window; answers how to stop hearing. */
  listenToDrops(hear: (dropped: Dropped) => void): Promise<() => void>;
}

/** What is found on this computer, and what is set. */
export interface SettingsApi {
  doctor(): Promise<DoctorView>;
  /** What this desktop lacks, such as somebody who shows notifications. */
  missing(): Promise<MissingPart[]>;
  /** Starts the app again, when it could not open its engine; this page goes away with it. */
  startAgain(): Promise<void>;
  /** Looks for one agent anew. */
  checkAgent(agent: string): Promise<AgentCheck>;
  settings(): Promise<SettingsView>;
  /** Changes one setting in the person's file; null takes it out, so that its default counts. */
  setSetting(name: string, value: string | null): Promise<SettingsView>;
  /** What the rules say to a command in a folder, asked by a worker of that role. */
  explain(command: string, role: string, folder: string): Promise<RulingView>;
  /** Shows a notification that asks for nothing. */
  testNotification(): Promise<void>;
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

export type { AgentCheck, Attached, Batch, ChoiceForm, DoctorView, Dropped, Refusal, Remembered, RuleOffer, RulingView, SettingsView };
export type { MissingPart, ShowNeed, StartCheck, StartForm, StatusView, TimelineEntry };
export type * from './screens';
export type { ApprovalView } from './types/ApprovalView';
export type { Choices } from './types/Choices';
export type { CheckView } from './types/CheckView';
export type { DecisionView } from './types/DecisionView';
export type { FindingView } from './types/FindingView';
export type { GrantView } from './types/GrantView';
export type { NeedView } from './types/NeedView';
export type { ReviewView } from './types/ReviewView';
export type { RulesView } from './types/RulesView';
export type { RuleView } from './types/RuleView';
export type { SettingView } from './types/SettingView';
export type { TeamView } from './types/TeamView';
export type { WorkerPreview } from './types/WorkerPreview';
export type { DiskRoom } from './types/DiskRoom';
export type { ResourceSample } from './types/ResourceSample';
export type { SessionResources } from './types/SessionResources';
export type { SessionNews } from './types/SessionNews';
export type { SessionView } from './types/SessionView';
export type { WorkerView } from './types/WorkerView';
