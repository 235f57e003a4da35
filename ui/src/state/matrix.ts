/** Reviews as a matrix: a row for each reviewer, a column for each subject and round. */
import type { DecisionView, ReviewView, WorkerView } from '../api/api';

export interface Column {
  subject: string;
  round: number;
  /** Digest of the checkpoint that was reviewed. */
  checkpoint: string | null;
  decision: DecisionView | null;
}

export interface Matrix {
  reviewers: string[];
  columns: Column[];
  /** Subjects with how many columns each has. */
  subjects: { subject: string; rounds: number }[];
}

export function matrix(reviews: readonly ReviewView[], decisions: readonly DecisionView[], workers: readonly WorkerView[]): Matrix {
  const order = (name: string) => workers.findIndex((worker) => worker.name === name);
  const reviewers = [...new Set(reviews.map((review) => review.reviewer))].sort((a, b) => order(a) - order(b));
  const columns: Column[] = [];
  for (const review of reviews) {
    if (columns.some((column) => column.subject === review.subject && column.round === review.round)) continue;
    const phase = workers.find((worker) => worker.name === review.subject)?.role === 'architect' ? 'plan_review' : 'review';
    const decision = decisions.findLast((one) => one.phase === phase && one.round === review.round) ?? null;
    columns.push({ subject: review.subject, round: review.round, checkpoint: review.checkpoint, decision });
  }
  const subjects: Matrix['subjects'] = [];
  columns.sort((a, b) => order(a.subject) - order(b.subject) || a.round - b.round);
  for (const column of columns) {
    const last = subjects.at(-1);
    if (last?.subject === column.subject) last.rounds += 1;
    else subjects.push({ subject: column.subject, rounds: 1 });
  }
  return { reviewers, columns, subjects };
}

/** The newest review of a pair in a round. */
export function cell(reviews: readonly ReviewView[], reviewer: string, column: Column): ReviewView | null {
  return reviews.findLast((one) => one.reviewer === reviewer && one.subject === column.subject && one.round === column.round) ?? null;
}

/** Whether the reviewer has this subject at all. */
export function isPair(reviews: readonly ReviewView[], reviewer: string, subject: string): boolean {
  return reviews.some((one) => one.reviewer === reviewer && one.subject === subject);
}

/** The verdicts that a decision counted: the newest of each pair up to its round. */
export function counted(reviews: readonly ReviewView[], decision: DecisionView, workers: readonly WorkerView[]): ReviewView[] {
  const ofPlan = (review: ReviewView) => workers.find((worker) => worker.name === review.subject)?.role === 'architect';
  const newest = new Map<string, ReviewView>();
  for (const review of reviews) {
    if (decision.phase === 'plan_review' && !ofPlan(review)) continue;
    if (!ofPlan(review) && review.round > decision.round) continue;
    newest.set(`${review.reviewer}\n${review.subject}`, review);
  }
  return [...newest.values()];
}

/** The verdicts that a line of the rule looks at; null for a line that looks at none. */
const LOOKS: Record<string, string> = {
  any_blocker: 'blocker',
  two_concerns: 'concern',
  inconclusive: 'inconclusive',
  one_concern: 'concern',
  all_approved: 'approved',
};

export function verdictOf(fired: string): string | null {
  return LOOKS[fired] ?? null;
}
