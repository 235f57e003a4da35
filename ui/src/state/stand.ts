/** Where a session stands. */
import type { ReviewView, SessionView } from '../api/api';

/** A session in which something runs. */
export function isActive(session: SessionView): boolean {
  return session.state === 'preparing' || session.state === 'running';
}

/** A session that is over, and does not wait for anything. */
export function hasEnded(session: SessionView): boolean {
  return ['finished', 'stopped', 'failed', 'crashed'].includes(session.state);
}

/** The newest review of each pair of reviewer and subject: those that a decision counts. */
export function standing(reviews: readonly ReviewView[]): ReviewView[] {
  const newest = new Map<string, ReviewView>();
  for (const review of reviews) {
    const pair = `${review.reviewer}\n${review.subject}`;
    const before = newest.get(pair);
    if (before === undefined || review.round >= before.round) newest.set(pair, review);
  }
  return [...newest.values()];
}
