/** What changed in one session between two checkpoints, as this window looks at it. */
import { asRefusal, type Api, type ChangesView, type CheckpointPoint, type FileDiff, type Refusal } from '../api/api';
import { diffRows, type DiffRow } from '../text/diff';

export interface Shown {
  path: string;
  rows: DiffRow[];
  cut: boolean;
}

export class Changes {
  points = $state.raw<readonly CheckpointPoint[]>([]);
  from = $state<number | null>(null);
  to = $state<number | null>(null);
  view = $state.raw<ChangesView | null>(null);
  chosen = $state<string | null>(null);
  shown = $state.raw<Shown | null>(null);
  problem = $state<Refusal | null>(null);
  loaded = $state(false);

  /** The person chose a side; until then the newest is followed. */
  #fixed = false;
  #asked = 0;

  constructor(
    private readonly api: Api,
    private readonly session: string,
    /** Which of the files is looked at first. */
    private readonly prefer: (paths: readonly string[]) => string | undefined = () => undefined,
  ) {}

  /** Reads the checkpoints, and what changed up to the newest unless another was chosen. */
  async read(): Promise<void> {
    try {
      this.points = await this.api.checkpoints(this.session);
      this.problem = null;
      const [first, last] = [this.points[0], this.points.at(-1)];
      if (first === undefined || last === undefined) {
        this.loaded = true;
        return;
      }
      if (!this.#fixed || this.from === null || this.to === null) {
        const before = this.to;
        [this.from, this.to] = [this.from ?? first.number, last.number];
        if (before === this.to && this.view !== null) return;
      } else if (this.view !== null) {
        return;
      }
      await this.#compare();
    } catch (thrown) {
      this.problem = asRefusal(thrown);
      this.loaded = true;
    }
  }

  compare(from: number, to: number): void {
    this.#fixed = to !== this.points.at(-1)?.number;
    [this.from, this.to] = [from, to];
    void this.#compare();
  }

  async #compare(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const view = await this.api.changes(this.session, this.from!, this.to!);
      if (asked !== this.#asked) return;
      this.view = view;
      this.loaded = true;
      this.problem = null;
      const files = view.files.filter((file) => !file.folder);
      const same = files.find((file) => file.path === this.chosen);
      await this.choose(same?.path ?? this.prefer(files.map((file) => file.path)) ?? files[0]?.path ?? null);
    } catch (thrown) {
      if (asked === this.#asked) this.problem = asRefusal(thrown);
      this.loaded = true;
    }
  }

  async choose(path: string | null): Promise<void> {
    this.chosen = path;
    if (path === null) {
      this.shown = null;
      return;
    }
    const [from, to] = [this.from!, this.to!];
    try {
      const diff: FileDiff = await this.api.fileDiff(this.session, from, to, path);
      if (this.chosen !== path || this.from !== from || this.to !== to) return;
      this.shown = { path, rows: diffRows(diff.text), cut: diff.cut };
    } catch (thrown) {
      this.problem = asRefusal(thrown);
    }
  }
}
