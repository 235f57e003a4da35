/** Which rows of a very long list are seen, and where. A page paints nothing past 2^24 px, so what scrolls is never
 * higher than `MOST`; above that its height stands for the list's in proportion. */

/** Well below what is painted. */
export const MOST = 15_000_000;

export class Window {
  /** Height of the list itself, of the element that scrolls, and of what is seen of it, in px. */
  constructor(
    readonly rows: number,
    readonly rowHeight: number,
    readonly seen: number,
    /** A row that is opened, and how much higher it is by that. */
    readonly opened: number | null = null,
    readonly extra: number = 0,
  ) {}

  get height(): number {
    return this.rows * this.rowHeight + (this.opened === null ? 0 : this.extra);
  }

  /** How high the element that scrolls is made. */
  get scrolled(): number {
    return Math.min(this.height, Math.max(MOST, this.seen));
  }

  /** The furthest place that the top can have. */
  get end(): number {
    return Math.max(0, this.height - this.seen);
  }

  /** Whether the height stands for the list's in proportion. */
  get packed(): boolean {
    return this.height > this.scrolled;
  }

  /** The place in the list that the scroll position stands for. */
  placeOf(scrollTop: number): number {
    if (!this.packed) return Math.min(Math.max(0, scrollTop), this.end);
    const way = this.scrolled - this.seen;
    return (Math.min(Math.max(0, scrollTop), way) / way) * this.end;
  }

  /** The scroll position that stands for a place. */
  scrollTopOf(place: number): number {
    if (!this.packed) return place;
    return (place / this.end) * (this.scrolled - this.seen);
  }

  /** Where a row begins. */
  topOf(row: number): number {
    return row * this.rowHeight + (this.opened !== null && row > this.opened ? this.extra : 0);
  }

  /** The row at a place. */
  rowAt(place: number): number {
    const plain = Math.floor(place / this.rowHeight);
    if (this.opened === null || plain <= this.opened) return this.clamp(plain);
    return this.clamp(Math.max(this.opened, Math.floor((place - this.extra) / this.rowHeight)));
  }

  private clamp(row: number): number {
    return Math.max(0, Math.min(row, this.rows - 1));
  }

  /** The place at which a row is seen, as near as possible to where the list stands. */
  bringIn(row: number, place: number): number {
    const top = this.topOf(row);
    const bottom = top + this.rowHeight + (row === this.opened ? this.extra : 0);
    if (top < place) return top;
    return bottom > place + this.seen ? Math.min(top, bottom - this.seen) : place;
  }
}
