/** The story of one session as far as this window has read it. */
import { asRefusal, type Api, type Refusal, type SessionNews, type TimelineEntry } from '../api/api';
import type { Kept } from './rows';

const PAGE = 500;
/** Older entries than these are let go; the journal has them. */
const MAX_KEPT = 10_000;

export class Story {
  kept = $state.raw<readonly Kept[]>([]);
  /** Entries that were read and let go again. */
  dropped = $state(0);
  loaded = $state(false);
  problem = $state<Refusal | null>(null);

  #last = 0;
  #ids = 0;
  #reading = false;
  #behind = false;

  constructor(
    private readonly api: Api,
    private readonly session: string,
  ) {}

  /** Reads on from the last entry to the newest. */
  async read(): Promise<void> {
    this.#behind = true;
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (this.#behind) {
        this.#behind = false;
        const page = await this.api.timeline(this.session, this.#last, PAGE);
        this.#add(page);
        if (page.length === PAGE) this.#behind = true;
      }
      this.loaded = true;
      this.problem = null;
    } catch (thrown) {
      this.problem = asRefusal(thrown);
    } finally {
      this.#reading = false;
    }
  }

  /** Takes news in. While it reads, they come with the next page. */
  hear(news: SessionNews): void {
    if (this.#reading || !this.loaded || news.gap) void this.read();
    else this.#add(news.entries);
  }

  #add(entries: readonly TimelineEntry[]): void {
    const seen = this.#last;
    const fresh = entries.filter((entry) => entry.seq > seen).map((entry) => ({ id: ++this.#ids, entry }));
    if (fresh.length === 0) return;
    this.#last = fresh.at(-1)!.entry.seq;
    const all = [...this.kept, ...fresh];
    const over = Math.max(0, all.length - MAX_KEPT);
    this.dropped += over;
    this.kept = over === 0 ? all : all.slice(over);
  }
}
