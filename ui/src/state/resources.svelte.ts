/** What the workers of each session took of the machine, as far back as the plots show. */
import { SvelteMap } from 'svelte/reactivity';

import type { DiskRoom, ResourceSample, SessionResources, SessionView } from '../api/api';
import { isActive } from './stand';

/** The newest samples of a worker that are kept. */
const MOST = 600;

/** A worker without a sample for so long has no process any more, in ms. */
const OVER = 15_000;

export interface Taken {
  samples: readonly ResourceSample[];
}

export class Resources {
  #workers = new SvelteMap<string, readonly ResourceSample[]>();
  #disks = new SvelteMap<string, readonly DiskRoom[]>();

  hear(news: readonly SessionResources[]): void {
    for (const { session, samples, disks } of news) {
      const fresh = new Map<string, ResourceSample[]>();
      for (const sample of samples) {
        const key = `${session}\n${sample.worker}`;
        const list = fresh.get(key);
        if (list === undefined) fresh.set(key, [sample]);
        else list.push(sample);
      }
      for (const [key, list] of fresh) this.#workers.set(key, [...(this.#workers.get(key) ?? []), ...list].slice(-MOST));
      this.#disks.set(session, disks);
    }
  }

  /** A worker's samples, oldest first. */
  of(session: string, worker: string): readonly ResourceSample[] {
    return this.#workers.get(`${session}\n${worker}`) ?? [];
  }

  /** What a worker takes now; nothing where it has no process. In a session at rest none has one. */
  now(session: SessionView, worker: string, now: number): ResourceSample | null {
    const last = this.of(session.id, worker).at(-1);
    return last !== undefined && isActive(session) && now - Date.parse(last.at) < OVER ? last : null;
  }

  disks(session: string): readonly DiskRoom[] {
    return this.#disks.get(session) ?? [];
  }
}
