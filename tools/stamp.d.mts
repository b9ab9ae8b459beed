/** See stamp.mjs. */
export function stampOf(root: string): string;
export function isStamped(root: string, stamp: string): boolean;
export function keepStamp(root: string, stamp: string): void;
