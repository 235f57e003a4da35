/** What the window knows: the sessions, the chosen one, and the state of the connection. */
import { SvelteMap } from 'svelte/reactivity';
import { tick } from 'svelte';

import { asRefusal, type Api, type Attached, type Batch, type ChoiceForm, type Refusal, type RuleOffer, type SessionView, type ShowNeed, type StartForm } from '../api/api';
import { label } from '../text/clean';
import { GROUPS, groupOf, type Group } from '../text/words';
import { Draft } from './draft.svelte';
import { Resources } from './resources.svelte';
import { isActive } from './stand';
import { Story } from './story.svelte';

/** What is shown while no session is. */
export type Place = 'home' | 'new' | 'doctor' | 'settings';

/** How long a window that paints nothing (minimised) holds the next batch back, in milliseconds. */
const UNPAINTED = 1000;

/** What the header of a session can be asked to begin. */
export type Wish = 'message' | 'review';

export class Desk {
  /** The most bytes of a goal, and of what is said to a session. */
  longestGoal = Infinity;
  sessions = $state.raw<readonly SessionView[]>([]);
  chosen = $state<string | null>(null);
  /** Whether the form for a new session is asked for. */
  composing = $state(false);
  /** The question or blocker that is to be seen first: one that the person chose, or was called for. */
  wanted = $state<string | null>(null);
  place = $state<Place>('home');
  /** The folder that the form for a new session begins with. */
  folder = $state<string | null>(null);
  /** What is filled in for a new session, until it is started or cancelled. */
  draft = $state.raw(new Draft());
  /** The part of the settings that is shown. */
  part = $state('general');
  /** What was last done, for who does not see it. */
  told = $state('');
  /** What was refused to the person where no button of its own can say it. */
  refused = $state<Refusal | null>(null);
  ready = $state(false);
  /** Why there is no engine. */
  failure = $state<Refusal | null>(null);
  /** What keeps the engine from going on, for as long as it does. */
  trouble = $state<Refusal | null>(null);
  home = $state<string | null>(null);
  /** The process that runs the sessions, where it is another one that this window only watches. */
  elsewhere = $state<number | null>(null);
  /** Since when one of the two stands, by the person's clock. */
  since = $state<number | null>(null);
  /** The time of the person's clock, moved on each second while something runs. */
  now = $state(Date.now());

  /** Why nothing can be asked of the engine now. */
  held = $derived.by(() => {
    const refusal = this.failure ?? this.trouble;
    return refusal === null ? null : label(refusal.message);
  });
  session = $derived(this.sessions.find((one) => one.id === this.chosen) ?? null);
  active = $derived(this.sessions.some(isActive));
  /** Whether a time that the person sees goes on: a session's, that of a lost engine, or a question's that is to expire. */
  ticks = $derived(this.active || this.since !== null || (this.session?.approvals.some((one) => one.state === 'open' && one.expires_at !== null) ?? false));
  groups = $derived.by(() => {
    const groups: { name: Group; sessions: SessionView[] }[] = GROUPS.map((name) => ({ name, sessions: [] }));
    for (const one of this.sessions) groups[GROUPS.indexOf(groupOf(one))]!.sessions.push(one);
    return groups.filter((group) => group.sessions.length > 0);
  });

  /** What the workers take of the machine. */
  readonly resources = new Resources();

  #stories = new SvelteMap<string, Story>();
  #epoch = 0;
  #early: Batch[] = [];

  constructor(readonly api: Api) {}

  /** Attaches to the shell; answers how to detach. */
  async attach(): Promise<() => void> {
    const stops: (() => void)[] = [];
    try {
      const hear = [this.api.listen((batch) => this.#hear(batch)), this.api.listenShow((show) => void this.#open(show))];
      stops.push(...(await Promise.all(hear)));
      this.#begin(await this.api.attach());
    } catch (thrown) {
      this.failure = asRefusal(thrown);
      this.#lost();
    }
    return () => stops.forEach((stop) => stop());
  }

  /** Does something; a refusal is said above the page. */
  async attempt(work: () => Promise<void>): Promise<void> {
    this.refused = null;
    try {
      await work();
    } catch (thrown) {
      this.refused = asRefusal(thrown);
    }
  }

  choose(id: string): void {
    this.refused = null;
    this.chosen = id;
    void this.story(id).read(this.session?.seq ?? 0);
  }

  /** Shows the form for a new session, perhaps with its folder. */
  compose(folder: string | null = null): void {
    this.folder = folder;
    this.show('new');
  }

  /** Leaves the form for a new session and empties it. */
  cancel(): void {
    this.draft = new Draft();
    this.show('home');
  }

  show(place: Place): void {
    this.refused = null;
    this.chosen = null;
    this.place = place;
  }

  /** Attaches anew, after the engine was lost. */
  async retry(): Promise<void> {
    try {
      this.#begin(await this.api.attach());
      this.failure = null;
      this.#lost();
    } catch (thrown) {
      this.failure = asRefusal(thrown);
    }
  }

  /** The story of a session; it is read when the session is chosen. */
  story(id: string): Story {
    let story = this.#stories.get(id);
    if (story === undefined) {
      story = new Story(this.api, id);
      this.#stories.set(id, story);
    }
    return story;
  }

  async start(form: StartForm): Promise<void> {
    const { draft } = this;
    const id = await this.api.start(form);
    // One that was begun meanwhile stays.
    if (this.draft === draft) this.draft = new Draft();
    await this.#show(id);
  }

  async startDemo(): Promise<void> {
    await this.#show(await this.api.startDemo());
  }

  /** What the person asked the open session for from elsewhere than its header; shown there once. */
  wish = $state<Wish | null>(null);

  async stop(id: string): Promise<void> {
    await this.api.stop(id);
  }

  async resume(id: string, message: string | null): Promise<void> {
    await this.api.resume(id, message);
  }

  /** Deletes a session that does not run; it goes from the list at once. */
  async remove(id: string): Promise<void> {
    const goal = this.sessions.find((one) => one.id === id)?.goal ?? id;
    await this.api.remove(id);
    this.sessions = this.sessions.filter((one) => one.id !== id);
    this.#stories.delete(id);
    if (this.chosen === id) this.show('home');
    this.told = `Deleted: ${goal}`;
  }

  async answer(id: string, approval: string, choice: ChoiceForm): Promise<void> {
    await this.api.answer(id, approval, choice);
  }

  /** The rule that a question can become; nothing is written. */
  ruleFor(id: string, approval: string): Promise<RuleOffer> {
    return this.api.ruleFor(id, approval);
  }

  async revoke(id: string, grant: string): Promise<void> {
    await this.api.revoke(id, grant);
  }

  async resolve(id: string, blocker: string): Promise<void> {
    await this.api.resolve(id, blocker);
  }

  /** Brings a question or a blocker of the open session before the person, also one that was before. */
  async call(need: string): Promise<void> {
    this.wanted = null;
    await tick();
    this.wanted = need;
  }

  /** Opens a session with the card that waits in it. */
  async answerTo(id: string, need: string | null): Promise<void> {
    this.choose(id);
    if (need !== null) await this.call(need);
  }

  /** Opens the card that the desktop asks for. */
  async #open(show: ShowNeed): Promise<void> {
    await this.#show(show.session);
    this.wanted = show.need;
  }

  /** Shows a session that was just started, whether or not news of it have come yet. */
  async #show(id: string): Promise<void> {
    if (!this.sessions.some((one) => one.id === id)) await this.#refresh();
    this.choose(id);
  }

  async #refresh(): Promise<void> {
    const status = await this.api.status();
    for (const view of status.sessions.toReversed()) this.#put(view);
  }

  #begin(attached: Attached): void {
    this.#epoch = attached.epoch;
    this.home = attached.home;
    this.elsewhere = attached.elsewhere;
    this.longestGoal = attached.longest_goal;
    this.sessions = attached.status.sessions;
    if (!this.ready && attached.first && this.sessions.length === 0) this.place = 'doctor';
    this.ready = true;
    for (const batch of this.#early.splice(0)) this.#hear(batch);
  }

  #hear(batch: Batch): void {
    if (this.#epoch === 0) {
      this.#early.push(batch);
      return;
    }
    if (batch.epoch !== this.#epoch) return;
    for (const news of batch.sessions) {
      this.#put(news.view);
      this.#stories.get(news.view.id)?.hear(news);
    }
    this.resources.hear(batch.resources);
    if (batch.resources.length > 0) this.now = Date.now();
    const moved = this.elsewhere !== null && this.trouble !== null && batch.trouble === null;
    this.trouble = batch.trouble;
    if (batch.ended) {
      this.failure = {
        code: 'engine_ended',
        message: 'The engine has ended.',
        hint: 'What is shown is kept on disk. Close the window and open the app again.',
      };
    }
    this.#lost();
    void painted().then(() => this.api.ack(batch.epoch, batch.number));
    // Who ran the sessions went away: another one does now, perhaps this process.
    if (moved) void this.retry();
  }

  /** Notes since when the engine does not answer. */
  #lost(): void {
    if (this.failure === null && this.trouble === null) this.since = null;
    else this.since ??= Date.now();
  }

  /** Takes a view in; an older one than we have is let go. New sessions come first. */
  #put(view: SessionView): void {
    const at = this.sessions.findIndex((one) => one.id === view.id);
    if (at < 0) this.sessions = [view, ...this.sessions];
    else if (this.sessions[at]!.seq <= view.seq) this.sessions = this.sessions.with(at, view);
  }
}

/** When the page has shown what it was told. */
async function painted(): Promise<void> {
  await tick();
  await new Promise<void>((shown) => {
    const late = setTimeout(shown, UNPAINTED);
    requestAnimationFrame(() => {
      clearTimeout(late);
      shown();
    });
  });
}
