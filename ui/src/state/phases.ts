/** The steps of a session as a row: what is done, where it stands, what is to come. */
import type { SessionView } from '../api/api';
import { sessionLook, type Look } from '../text/words';
import { isActive } from './stand';

export interface Step {
  name: string;
  stand: 'done' | 'now' | 'to-come';
  /** How the current step looks: running, paused, blocked… */
  look: Look | null;
}

const PLAN = ['Architecture', 'Review'];
const WORK = ['Implementation', 'Review', 'Decision', 'Done'];

export function steps(session: SessionView): Step[] {
  const planned = session.workers.some((worker) => worker.role === 'architect');
  const names = planned ? [...PLAN, ...WORK] : WORK;
  const now = current(session, planned);
  return names.map((name, index) => {
    if (index < now) return { name, stand: 'done', look: null };
    if (index > now) return { name, stand: 'to-come', look: null };
    return { name, stand: 'now', look: sessionLook(session) };
  });
}

/** The index of the step in which the session stands; behind the last when all are done. */
function current(session: SessionView, planned: boolean): number {
  const before = planned ? 2 : 0;
  if (session.state === 'finished') return before + WORK.length;
  switch (session.phase) {
    case 'prepare':
    case 'architecture':
      return 0;
    case 'plan_review':
      return planned ? 1 : 0;
    case 'implementation':
      return before;
    case 'review':
      return before + (decided(session) ? 2 : 1);
    default:
      // Done, but not finished: the decision is what ended it.
      return before + 2;
  }
}

/** The last decision is that of the phase in which the session has come to rest. */
function decided(session: SessionView): boolean {
  return !isActive(session) && session.decisions.at(-1)?.phase === session.phase;
}
