/** The log of one session as this window looks at it: pages of rows by number, never all of them. */
import { asRefusal, type Api, type LogFilter, type LogMark, type LogPage, type LogRow, type Refusal } from '../api/api';

/** Rows of one page. */
const PAGE = 100;
/** So many pages are kept; those that were looked at longest ago go first. */
const KEPT = 30;
/** In so many parts the scroll bar's marks are asked for. */
const PARTS = 240;
/** They are counted over all rows: while more come, not sooner than after so many milliseconds. */
const MARKED = 1_000;

export const NO_FILTER: LogFilter = { raw: null, worker: null, kind: null, severity: null, text: '' };

export function isFiltered(filter: LogFilter): boolean {
  return filter.raw !== null || filter.worker !== null || filter.kind !== null || filter.severity !== null || filter.text !== '';
}

export class Log {
  filter = $state.raw<LogFilter>(NO_FILTER);
  /** How many rows match, and how many there are. */
  total = $state(0);
  all = $state(0);
  /** Whether everything was looked at, and else how much of it in percent. */
  whole = $state(false);
  percent = $state(0);
  malformed = $state(0);
  unrecognised = $state(0);
  kinds = $state.raw<readonly string[]>([]);
  sources = $state.raw<LogPage['sources']>([]);
  marks = $state.raw<readonly LogMark[]>([]);
  problem = $state<Refusal | null>(null);
  loaded = $state(false);
  /** Moved on with each page that came. */
  version = $state(0);

  #pages = new Map<number, readonly LogRow[]>();
  /** What is looked at, to be asked for once the page under way is there. */
  #wanted: number[] = [0];
  #asking = false;
  #again = false;
  #marking = false;
  /** Answers to an older filter are let go. */
  #epoch = 0;

  constructor(
    private readonly api: Api,
    private readonly session: string,
  ) {}

  setFilter(filter: LogFilter): void {
    this.#epoch += 1;
    this.filter = filter;
    this.#pages.clear();
    this.total = 0;
    this.whole = false;
    this.percent = 0;
    this.loaded = false;
    this.marks = [];
    this.version += 1;
    void this.look(0, PAGE);
  }

  /** The row of that number; undefined while it is on its way. */
  at(row: number): LogRow | undefined {
    return this.#pages.get(Math.floor(row / PAGE))?.[row % PAGE];
  }

  /** These rows are looked at. */
  look(from: number, to: number): Promise<void> {
    const [first, last] = [Math.floor(Math.max(0, from) / PAGE), Math.floor(Math.max(0, to - 1) / PAGE)];
    this.#wanted = [];
    for (let page = first; page <= last; page++) if (!this.#isThere(page)) this.#wanted.push(page);
    return this.#ask();
  }

  /** There is something new. */
  news(): void {
    this.#again = true;
    void this.#ask();
  }

  #isThere(page: number): boolean {
    const rows = this.#pages.get(page);
    return rows !== undefined && (rows.length === PAGE || page * PAGE + rows.length >= this.total);
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const epoch = this.#epoch;
    try {
      while (this.#wanted.length > 0 || this.#again || !this.whole) {
        if (epoch !== this.#epoch) break;
        const newest = this.#again ? Math.max(0, Math.floor((this.total - 1) / PAGE)) : null;
        this.#again = false;
        // With nothing to be read, it looks on through what was not looked at yet.
        const page = this.#wanted.shift() ?? newest;
        const answer = await this.api.log(this.session, this.filter, (page ?? 0) * PAGE, page === null ? 0 : PAGE);
        if (epoch !== this.#epoch) break;
        this.#take(page, answer);
        void this.#mark();
      }
      this.problem = null;
    } catch (thrown) {
      if (epoch === this.#epoch) this.#fail(thrown);
    } finally {
      this.#asking = false;
    }
    if (epoch !== this.#epoch) await this.#ask();
  }

  #fail(thrown: unknown): void {
    this.problem = asRefusal(thrown);
    this.whole = true;
    this.#wanted = [];
    this.#again = false;
  }

  /** Keeps the marks true, beside the rows: who looks at those does not wait for them. */
  async #mark(): Promise<void> {
    if (this.#marking) return;
    this.#marking = true;
    try {
      let marked = '';
      for (;;) {
        const [epoch, now] = [this.#epoch, `${this.#epoch} ${this.total}`];
        if (!this.whole || now === marked) return;
        marked = now;
        try {
          const marks = await this.api.logMarks(this.session, this.filter, PARTS);
          if (epoch === this.#epoch) this.marks = marks;
        } catch (thrown) {
          if (epoch === this.#epoch) return this.#fail(thrown);
        }
        await new Promise((later) => setTimeout(later, MARKED));
      }
    } finally {
      this.#marking = false;
    }
  }

  /** Takes what was answered; without a page it brought no rows. */
  #take(page: number | null, answer: LogPage): void {
    if (page !== null) this.#keep(page, answer.rows);
    this.total = answer.total;
    this.all = answer.all;
    this.whole = answer.whole;
    this.percent = answer.percent;
    this.malformed = answer.malformed;
    this.unrecognised = answer.unrecognised;
    if (answer.kinds.length > 0) this.kinds = answer.kinds;
    this.sources = answer.sources;
    this.loaded = true;
    this.version += 1;
  }

  #keep(page: number, rows: readonly LogRow[]): void {
    this.#pages.delete(page);
    this.#pages.set(page, rows);
    for (const old of this.#pages.keys()) {
      if (this.#pages.size <= KEPT) break;
      this.#pages.delete(old);
    }
  }
}
