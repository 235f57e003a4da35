/** Findings with what became of them. */
import type { CheckpointPoint, FindingView, ReviewView } from '../api/api';

export interface Placed {
  finding: FindingView;
  review: ReviewView;
  /** The number of the checkpoint that was reviewed. */
  checkpoint: number | null;
  /** The round from which on it is not said any more; null while it is open. */
  resolved: number | null;
  /** The round in which it was first said. */
  since: number;
}

/** Every finding once, in its newest words: worst first, what is open before what is resolved. */
export function findings(reviews: readonly ReviewView[], points: readonly CheckpointPoint[] = []): Placed[] {
  const numbers = new Map(points.map((point) => [point.digest, point.number]));
  const byKey = new Map<string, Placed>();
  for (const review of reviews) {
    for (const finding of review.findings) {
      const key = [review.reviewer, review.subject, finding.file ?? '', finding.title].join('\n');
      const checkpoint = review.checkpoint === null ? null : (numbers.get(review.checkpoint) ?? null);
      byKey.set(key, { finding, review, checkpoint, resolved: null, since: byKey.get(key)?.since ?? review.round });
    }
  }
  const all = [...byKey.values()];
  for (const placed of all) {
    // Only a verdict that looked at it again can say that it is gone.
    const later = reviews.find(
      (review) =>
        review.reviewer === placed.review.reviewer &&
        review.subject === placed.review.subject &&
        review.round > placed.review.round &&
        review.verdict !== null &&
        review.verdict !== 'inconclusive',
    );
    placed.resolved = later?.round ?? null;
  }
  const weight = (placed: Placed) => ['blocker', 'concern', 'note'].indexOf(placed.finding.severity) + (placed.resolved === null ? 0 : 10);
  return all.sort((a, b) => weight(a) - weight(b));
}

/** Those of one file. */
export function inFile(all: readonly Placed[], path: string): Placed[] {
  return all.filter((placed) => placed.finding.file?.replace(/^\.\//, '') === path);
}
