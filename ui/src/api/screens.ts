/** What the screens of one session ask of the engine. */
import type { ChangesView } from './types/ChangesView';
import type { CheckpointPoint } from './types/CheckpointPoint';
import type { DetailsView } from './types/DetailsView';
import type { FileDiff } from './types/FileDiff';
import type { LogFilter } from './types/LogFilter';
import type { LogFound } from './types/LogFound';
import type { LogMark } from './types/LogMark';
import type { LogPage } from './types/LogPage';
import type { LogRaw } from './types/LogRaw';
import type { RawSource } from './types/RawSource';
import type { ReceiptView } from './types/ReceiptView';
import type { RestoredView } from './types/RestoredView';

export interface ScreensApi {
  /** Brings what runs to a stand that can be resumed as it was. */
  pause(session: string): Promise<void>;
  /** Has the work reviewed now. */
  reviewNow(session: string, focus: string | null): Promise<void>;
  /** Tells a worker something after its turn. */
  message(session: string, worker: string, text: string): Promise<void>;

  /** At most `limit` rows from the `from`th that matches; one whose page is not whole is asked again. */
  log(session: string, filter: LogFilter, from: number, limit: number): Promise<LogPage>;
  /** The next row in which `needle` stands, behind or before row `from`. */
  findInLog(session: string, filter: LogFilter, needle: string, from: number | null, backwards: boolean): Promise<LogFound>;
  /** Which of `parts` equal parts of what matches hold a warning or an error. */
  logMarks(session: string, filter: LogFilter, parts: number): Promise<LogMark[]>;
  /** A row as it is stored. */
  logRaw(session: string, source: RawSource | null, seq: number): Promise<LogRaw | null>;
  /** Writes what matches into a file that the person chooses; null when they thought better of it. */
  exportLog(session: string, filter: LogFilter): Promise<number | null>;

  /** The checkpoints that stand, in order. */
  checkpoints(session: string): Promise<CheckpointPoint[]>;
  changes(session: string, from: number, to: number): Promise<ChangesView>;
  fileDiff(session: string, from: number, to: number, path: string): Promise<FileDiff>;
  /** Brings files back once the person has said yes in the system's dialog; null when they have not. */
  restore(session: string, checkpoint: number, paths: string[]): Promise<RestoredView | null>;

  details(session: string): Promise<DetailsView>;
  /** The receipt of the `number`th decision; null while it is not written. */
  receipt(session: string, number: number): Promise<ReceiptView | null>;
}

export type {
  ChangesView,
  CheckpointPoint,
  DetailsView,
  FileDiff,
  LogFilter,
  LogFound,
  LogMark,
  LogPage,
  LogRaw,
  RawSource,
  ReceiptView,
  RestoredView,
};
export type { ChangedFile } from './types/ChangedFile';
export type { LogRow } from './types/LogRow';
export type { RecoveryDetail } from './types/RecoveryDetail';
export type { Severity } from './types/Severity';
