/** The story of one session as far as this window has read it. */
import { asRefusal, type Api, type Refusal, type SessionNews, type TimelineEntry } from '../api/api';
import type { Kept } from './rows';

const PAGE = 500;
/** The entries of so many of the newest events are read; older ones when they are wished for. */
const NEAR = 2_000;
/** Older entries than these are let go, and can be read again. */
const MAX_KEPT = 10_000;

export class Story {
  kept = $state.raw<readonly Kept[]>([]);
  /** The entries of the events up to this one are not in `kept`; 0 when all are. */
  before = $state(0);
  loaded = $state(false);
  problem = $state<Refusal | null>(null);

  #last = 0;
  #ids = 0;
  #most = MAX_KEPT;
  #reading = false;
  #behind = false;

  constructor(
    private readonly api: Api,
    private readonly session: string,
  ) {}

  /** Reads on from the last entry to that of the `newest` event; from near it where that is far away. */
  async read(newest: number): Promise<void> {
    if (newest - this.#last > 2 * NEAR) {
      this.#last = this.before = newest - NEAR;
      this.kept = [];
    }
    this.#behind = true;
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (this.#behind) {
        this.#behind = false;
        this.#add(await this.#pages(this.#last));
      }
      this.loaded = true;
      this.problem = null;
    } catch (thrown) {
      this.problem = asRefusal(thrown);
    } finally {
      this.#reading = false;
    }
  }

  /** Reads what is next before the entries that are here. */
  async earlier(): Promise<void> {
    const end = this.before;
    try {
      const found = await this.#pages(Math.max(0, end - NEAR), end);
      // What was let go meanwhile is not at their edge any more.
      if (this.before !== end) return;
      this.#most += found.length;
      this.before = Math.max(0, end - NEAR);
      this.kept = [...this.#numbered(found), ...this.kept];
      this.problem = null;
    } catch (thrown) {
      this.problem = asRefusal(thrown);
    }
  }

  /** Takes news in. While it reads, they come with the next page. */
  hear(news: SessionNews): void {
    if (this.#reading || !this.loaded || news.gap) void this.read(news.view.seq);
    else this.#add(news.entries);
  }

  #add(entries: readonly TimelineEntry[]): void {
    const seen = this.#last;
    const fresh = this.#numbered(entries.filter((entry) => entry.seq > seen));
    if (fresh.length === 0) return;
    this.#last = fresh.at(-1)!.entry.seq;
    const all = [...this.kept, ...fresh];
    const over = Math.max(0, all.length - this.#most);
    if (over > 0) this.before = all[over - 1]!.entry.seq;
    this.kept = over === 0 ? all : all.slice(over);
  }

  /** The entries of the events after one and up to another, all at once: each time they are shown costs a frame. */
  async #pages(since: number, end = Infinity): Promise<TimelineEntry[]> {
    const found: TimelineEntry[] = [];
    for (;;) {
      const page = await this.api.timeline(this.session, found.at(-1)?.seq ?? since, PAGE);
      const mine = page.filter((entry) => entry.seq <= end);
      found.push(...mine);
      if (mine.length < PAGE) return found;
    }
  }

  #numbered(entries: readonly TimelineEntry[]): Kept[] {
    return entries.map((entry) => ({ id: ++this.#ids, entry }));
  }
}
