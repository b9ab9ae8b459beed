import { isHighSurrogate } from '../../shared/text.ts';

/** What stands for a secret in everything that leaves this server (invariant 8). */
export const redacted = '[secret]';
/** Shorter values are no secrets worth the name, and would mangle ordinary words. */
const minSecretChars = 8;

/** Replaces text that comes in pieces, as if it had come whole. */
export interface StreamRedactor {
  /** The next piece. Out: what is decided now; a tail that may still become a secret, or half a character, waits. */
  push(piece: string): string;
  /** The end. Out: the rest. */
  end(): string;
}

export interface Redactor {
  text(text: string): string;
  /** Every string inside a JSON value, keys too. */
  deep(value: unknown): unknown;
  stream(): StreamRedactor;
}

/** A redactor for these values: leftmost match first, the longest where several begin. */
export const createRedactor = (secrets: Iterable<string>): Redactor => {
  const known = [...new Set(secrets)].filter((secret) => secret.length >= minSecretChars);
  known.sort((a, b) => b.length - a.length);
  const pattern = known.length === 0 ? null : new RegExp(known.map(escaped).join('|'), 'g');
  // Longest first makes the alternation take the longest.
  const text = (whole: string): string => (pattern ? whole.replace(pattern, redacted) : whole);
  const deep = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map(deep);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [text(key), deep(inner)]));
  };
  return { text, deep, stream: () => streamRedactor(known) };
};

/** The redactor of the secrets that there are now, made anew only when they have changed. */
export const redactorOf = (secrets: () => readonly string[]): (() => Redactor) => {
  let known = secrets();
  let redactor = createRedactor(known);
  return () => {
    const now = secrets();
    if (now !== known) redactor = createRedactor(now);
    known = now;
    return redactor;
  };
};

const escaped = (secret: string): string => secret.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const streamRedactor = (secrets: readonly string[]): StreamRedactor => {
  const firsts = new Set(secrets.map((secret) => secret[0]));
  let rest = '';

  const take = (isEnd: boolean): string => {
    let out = '';
    let from = 0;
    let at = 0;
    while (at < rest.length) {
      if (!firsts.has(rest[at])) {
        at++;
        continue;
      }
      const left = rest.length - at;
      const unsure = !isEnd && secrets.some((secret) => secret.length > left && secret.startsWith(rest.slice(at)));
      if (unsure) break;
      const found = secrets.find((secret) => rest.startsWith(secret, at));
      if (!found) {
        at++;
        continue;
      }
      out += rest.slice(from, at) + redacted;
      at += found.length;
      from = at;
    }
    // Not between the halves of a character: no cut, whether by us or by JSON, may fall there.
    if (!isEnd && at > from && isHighSurrogate(rest.charCodeAt(at - 1))) at--;
    out += rest.slice(from, at);
    rest = rest.slice(at);
    return out;
  };
  return {
    push: (piece) => {
      rest += piece;
      return take(false);
    },
    end: () => take(true),
  };
};
