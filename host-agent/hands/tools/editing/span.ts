/** A stretch of a text: positions of UTF-16 units, `end` not included. */
export interface Span {
  start: number;
  end: number;
}
