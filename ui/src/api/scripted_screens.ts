/** The scripted transport's part for the screens of a session: answers from memory what a test gives it. */
import type {
  ChangesView,
  CheckpointPoint,
  DetailsView,
  FileDiff,
  LogFilter,
  LogFound,
  LogMark,
  LogPage,
  LogRaw,
  LogRow,
  RawSource,
  ReceiptView,
  RestoredView,
  ScreensApi,
} from './screens';

export class ScriptedScreens implements ScreensApi {
  /** What was asked, in order: the name and its arguments. */
  asked: unknown[][] = [];
  /** The log's rows; `row` makes them where there are many. */
  rows = 0;
  row: (index: number) => LogRow = (index) => aLogRow(index + 1);
  raws = new Map<number, LogRaw>();
  points: CheckpointPoint[] = [];
  changedFiles: ChangesView['files'] = [];
  diffs = new Map<string, string>();
  restored: RestoredView | null = null;
  detailsView: DetailsView = { guarantees: [], agents: [], recoveries: [], places: [], version: '0.1.0' };
  receipts = new Map<number, ReceiptView>();
  /** What every control answers, instead of doing it. */
  controlRefusal: unknown = null;

  #control(...asked: unknown[]): Promise<void> {
    this.asked.push(asked);
    return this.controlRefusal === null ? Promise.resolve() : Promise.reject(this.controlRefusal);
  }

  pause(session: string): Promise<void> {
    return this.#control('pause', session);
  }

  reviewNow(session: string, focus: string | null): Promise<void> {
    return this.#control('reviewNow', session, focus);
  }

  message(session: string, worker: string, text: string): Promise<void> {
    return this.#control('message', session, worker, text);
  }

  /** The numbers of the rows that match, of at most ten thousand rows where something is left out. */
  #matching(filter: LogFilter): number[] {
    const severe = ['info', 'warning', 'error'];
    return Array.from({ length: Math.min(this.rows, 10_000) }, (_, index) => index).filter((index) => {
      const row = this.row(index);
      return (
        (filter.worker === null || (row.worker ?? '') === filter.worker) &&
        (filter.kind === null || row.kind === filter.kind) &&
        (filter.severity === null || severe.indexOf(row.severity) >= severe.indexOf(filter.severity)) &&
        row.text.toLowerCase().includes(filter.text.toLowerCase())
      );
    });
  }

  async log(_session: string, filter: LogFilter, from: number, limit: number): Promise<LogPage> {
    this.asked.push(['log', filter, from, limit]);
    const plain = filter.worker === null && filter.kind === null && filter.severity === null && filter.text === '';
    const hits = plain ? null : this.#matching(filter);
    const total = hits?.length ?? this.rows;
    const indexes = Array.from({ length: Math.max(0, Math.min(limit, total - from)) }, (_, n) => hits?.[from + n] ?? from + n);
    const rows = indexes.map((index) => this.row(index));
    const few = Array.from({ length: Math.min(this.rows, 200) }, (_, index) => this.row(index));
    return {
      from,
      rows,
      total,
      all: this.rows,
      whole: true,
      percent: 100,
      malformed: few.filter((row) => row.kind === 'malformed').length,
      unrecognised: few.filter((row) => row.kind === 'unrecognized').length,
      kinds: [...new Set(few.map((row) => row.kind))],
      sources: [],
    };
  }

  async findInLog(_session: string, filter: LogFilter, needle: string, from: number | null, backwards: boolean): Promise<LogFound> {
    const shown = this.#matching(filter);
    const hits = shown.flatMap((index, row) => (this.row(index).text.toLowerCase().includes(needle.toLowerCase()) ? [row] : []));
    const next = backwards ? hits.findLast((row) => row < (from ?? Infinity)) : hits.find((row) => row > (from ?? -1));
    const row = next ?? (backwards ? hits.at(-1) : hits[0]) ?? null;
    return { row, nth: row === null ? 0 : hits.indexOf(row) + 1, count: hits.length, whole: true };
  }

  async logMarks(_session: string, filter: LogFilter, parts: number): Promise<LogMark[]> {
    const shown = this.#matching(filter);
    const marks = new Map<number, LogMark>();
    shown.forEach((index, row) => {
      const part = Math.floor((row * parts) / shown.length);
      const severity = this.row(index).severity;
      if (severity !== 'info') marks.set(part, { part, severity });
    });
    return [...marks.values()];
  }

  async logRaw(_session: string, _source: RawSource | null, seq: number): Promise<LogRaw | null> {
    return this.raws.get(seq) ?? { text: JSON.stringify({ seq }), bytes: 12, place: `event ${seq}`, wrong: null };
  }

  async exportLog(_session: string, filter: LogFilter): Promise<number | null> {
    this.asked.push(['exportLog', filter]);
    return this.rows;
  }

  async checkpoints(): Promise<CheckpointPoint[]> {
    return this.points;
  }

  async changes(_session: string, from: number, to: number): Promise<ChangesView> {
    this.asked.push(['changes', from, to]);
    return { from, to, files: this.changedFiles, count: this.changedFiles.length };
  }

  async fileDiff(_session: string, from: number, to: number, path: string): Promise<FileDiff> {
    this.asked.push(['fileDiff', from, to, path]);
    return { text: this.diffs.get(path) ?? '', cut: false };
  }

  async restore(session: string, checkpoint: number, paths: string[]): Promise<RestoredView | null> {
    await this.#control('restore', session, checkpoint, paths);
    return this.restored;
  }

  async details(): Promise<DetailsView> {
    return this.detailsView;
  }

  async receipt(_session: string, number: number): Promise<ReceiptView | null> {
    return this.receipts.get(number) ?? null;
  }
}

export function aLogRow(seq: number, some: Partial<LogRow> = {}): LogRow {
  return {
    seq,
    at: new Date(Date.UTC(2026, 10, 22, 10, 41) + seq * 137).toISOString(),
    worker: 'claude-implementer',
    kind: 'message',
    severity: 'info',
    text: `row ${seq}`,
    ...some,
  };
}
