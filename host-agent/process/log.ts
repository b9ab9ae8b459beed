import { type Clock, systemClock } from '../../shared/clock.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Record<string, unknown>;

/**
 * One JSON line per call: `{at, level, event, …fields}`. `event` is a stable dotted name; people's text goes into
 * `text`.
 */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** The same log with fields added to every line, such as a mission. */
  with(fields: LogFields): Log;
}

export interface LogOptions {
  level?: LogLevel;
  clock?: Clock;
  /** Applied to the finished line, so that no field can carry a secret past it. */
  redact?: (line: string) => string;
  write?: (line: string) => void;
}

const rank: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** A log that writes JSON lines to stderr, unless `write` takes them. */
export const createLog = (options: LogOptions = {}, fixed: LogFields = {}): Log => {
  const { level: least = 'info', clock = systemClock, redact = (line) => line } = options;
  const write = options.write ?? ((line: string) => process.stderr.write(line));
  const at =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}) => {
      if (rank[level] < rank[least]) return;
      write(`${redact(line({ at: clock.now(), level, event, ...fixed, ...fields }))}\n`);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => createLog(options, { ...fixed, ...fields }),
  };
};

/**
 * Replaces every known secret by `[secret]`. `secrets` is asked each time, because keys may be added while running.
 * Values are searched as they look inside JSON; very short ones would hit ordinary words and are left alone.
 */
export const redactSecrets =
  (secrets: () => Iterable<string>) =>
  (line: string): string => {
    let clean = line;
    for (const secret of secrets()) {
      if (secret.length >= minSecretLength) clean = clean.replaceAll(JSON.stringify(secret).slice(1, -1), '[secret]');
    }
    return clean;
  };

/** Shorter values are no secrets worth the name and would mangle every line. */
const minSecretLength = 8;

const line = (fields: LogFields): string =>
  JSON.stringify(fields, (_key, value: unknown) => {
    if (value instanceof Error) return value.cause ? { error: value.message, cause: value.cause } : value.message;
    return typeof value === 'bigint' ? value.toString() : value;
  });
