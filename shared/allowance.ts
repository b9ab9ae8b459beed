/** So much of something in a second, and as much at once. */
export interface Allowance {
  /** Below zero where more was taken than there was: whole things are not cut. */
  left: number;
  atMs: number;
}

export const fullAllowance = (perSecond: number, nowMs: number): Allowance => ({ left: perSecond, atMs: nowMs });

/** The same now. A clock that was set back gives nothing and takes nothing. */
export const allowedAt = ({ left, atMs }: Allowance, perSecond: number, nowMs: number): Allowance => ({
  left: Math.min(perSecond, left + (Math.max(0, nowMs - atMs) * perSecond) / 1000),
  atMs: nowMs,
});

/** How long until there is something left of one that has been brought up to now. */
export const allowedInMs = ({ left }: Allowance, perSecond: number): number =>
  left > 0 ? 0 : Math.ceil(((1 - left) * 1000) / perSecond);
